"""Encoded samples to CMAF bytes: H.264 byte streams, ISO boxes, parts and segments. Pure: no av, no loop, no clock."""
