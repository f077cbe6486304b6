"""What is to be drawn (`paper.py`): apart from it, for what draws takes half a second to import."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from webinar.credits.certificate import Certificate

_ACCENT: Final = (15, 118, 110)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What is the event's own: a logo (PNG or JPEG) and a colour that can be read on white."""

    logo: bytes | None = None
    accent: tuple[int, int, int] = _ACCENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One certificate to draw. `check_url` is where it can be checked; `sample` marks one that is not issued."""

    certificate: Certificate
    name: str
    check_url: str
    sample: bool = False
