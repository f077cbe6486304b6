"""Telling other programs what happened: webhooks."""
