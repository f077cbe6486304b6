"""Texts on their way to a browser, as small as it can read them (RFC 9110, section 12.5.3)."""

from __future__ import annotations

import gzip
from typing import Final, Literal

import brotli

Coding = Literal["br", "gzip"]

# What is made for one reader is made small at once; what is sent to all is made smaller, once. Not with brotli's 11: a
# tenth less for twenty times the work, which the first to watch over HLS or to show slides would wait seconds for.
_NOW: Final[dict[Coding, int]] = {"br": 5, "gzip": 6}
_ONCE: Final[dict[Coding, int]] = {"br": 9, "gzip": 9}


def coding(accepted: str) -> Coding | None:
    """The best that an Accept-Encoding header takes; browsers take `br` where nobody in between can read along."""
    taken = {}
    for entry in accepted[:200].split(","):
        name, _, weight = entry.partition(";")
        taken[name.strip().lower()] = weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return "br" if taken.get("br") else "gzip" if taken.get("gzip") else None


def smaller(data: bytes, how: Coding, *, kept: bool = False) -> bytes:
    """`data` compressed; `kept`: it takes three times as long and is made once."""
    level = (_ONCE if kept else _NOW)[how]
    if how == "br":
        return bytes(brotli.compress(data, mode=brotli.MODE_TEXT, quality=level))
    return gzip.compress(data, compresslevel=level, mtime=0)
