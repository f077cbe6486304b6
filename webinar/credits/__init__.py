"""Certificates, and reports that can be checked offline."""
