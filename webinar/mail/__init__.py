"""Mail: what is to go out, its words, and sending it."""
