"""The chat service: a log in PostgreSQL, fanned out over WebSockets."""
