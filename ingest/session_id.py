"""Ids of live sessions."""

from __future__ import annotations

import re
import secrets
import time
from typing import Final

_ID: Final = re.compile(r"(\d{13})-[0-9a-f]+", re.ASCII)


def new_id(after: str = "") -> str:
    """An id that sorts by time, and behind `after`, which another machine's clock may have given.

    The halves of an interrupted event are joined in this order, and of two sessions the later one has the event.
    """
    before = _ID.fullmatch(after)
    at_ms = max(time.time_ns() // 1_000_000, 0 if before is None else int(before[1]) + 1)
    return f"{at_ms:013d}-{secrets.token_hex(6)}"
