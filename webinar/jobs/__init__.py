"""Work that nobody waits for: finishing recordings, keeping live events on an ingest."""
