"""Live media out: what ingest puts on the bus, as LL-HLS over HTTP and WHEP over UDP."""
