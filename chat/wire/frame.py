"""Text frames as they go onto the wire."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Frame:
    """One unfragmented, unmasked text frame (RFC 6455, section 5.2): the bytes are the same for every receiver."""

    payload: bytes
    wire: bytes

    @classmethod
    def of(cls, payload: bytes) -> Frame:
        size = len(payload)
        if size < 126:
            head = bytes((0x81, size))
        elif size < 65536:
            head = b"\x81\x7e" + size.to_bytes(2, "big")
        else:
            head = b"\x81\x7f" + size.to_bytes(8, "big")
        return cls(payload, head + payload)
