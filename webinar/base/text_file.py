"""Text of files that people have: in UTF-8, as Windows' programs write UTF-16, or as Korean ones write CP949."""

from __future__ import annotations

from typing import Final

_LOOKED_AT: Final = 1000


def text_of(data: bytes) -> str | None:
    """Without a byte order mark; None for what is no text in any of these."""
    try:
        return data.decode(_encoding(data))
    except UnicodeDecodeError:
        return None


def _encoding(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    start = data[:_LOOKED_AT]
    if b"\x00" in start:  # the same without its mark
        return "utf-16-le" if start[1::2].count(0) > start[::2].count(0) else "utf-16-be"
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return "cp949"  # a superset of EUC-KR
    return "utf-8-sig"
