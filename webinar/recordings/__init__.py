"""Recordings: one row an event, whatever happened on the way; downloads by range."""
