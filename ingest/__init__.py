"""One live session, from RTP to parts: accept, program, encode, package, record."""
