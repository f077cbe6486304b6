"""A log in which nothing can be changed, left out or put elsewhere unseen: each entry's hash is over the one before.

The hash of an entry is SHA-256 over the hash before it (64 lower-case hexadecimal digits, in ASCII) and the canonical
JSON of `{at, body, seq, type}`; the first one's hash before is 64 zeros. Canonical here: keys sorted, no spaces,
UTF-8 as it is, no floats that are not finite; as in RFC 8785 but for numbers, of which only whole ones and short
decimals are used.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final

GENESIS: Final = "0" * 64


def canonical(value: Any) -> bytes:
    """The one way to write a value as JSON. Raises `ValueError` for NaN and infinities, `TypeError` for other types."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.encode()


def link(prev: str, *, seq: int, at: str, type_: str, body: Any) -> str:
    """The hash of an entry that follows the one with the hash `prev`; `at` as it is written in the log."""
    entry = canonical({"seq": seq, "at": at, "type": type_, "body": body})
    return hashlib.sha256(prev.encode("ascii") + entry).hexdigest()
