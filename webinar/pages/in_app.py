"""Browsers inside of other apps play badly and may not use a camera: which one it is, and the way out. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import quote, urlsplit

System = Literal["android", "ios", "other"]

# By what each app says of itself; the first that fits.
_APPS: Final = (
    ("KakaoTalk", re.compile(r"KAKAOTALK", re.IGNORECASE)),
    ("NAVER", re.compile(r"NAVER\(inapp|\bNAVER\b.*inapp", re.IGNORECASE)),
    ("Instagram", re.compile(r"\bInstagram\b")),
    ("LINE", re.compile(r"\bLine/\d")),
    ("Facebook", re.compile(r"\bFBA[NV]/")),
    ("Band", re.compile(r"\bBAND/\d", re.IGNORECASE)),
)
# No browser says more of itself than this.
_LONGEST: Final = 1_000


@dataclass(frozen=True, slots=True)
class InApp:
    """An app whose browser shows the page."""

    name: str
    system: System

    def outside(self, url: str) -> str | None:
        """What opens `url` in the device's own browser; None where no link can, and words must do."""
        if self.name == "KakaoTalk":
            return f"kakaotalk://web/openExternal?url={quote(url, safe='')}"
        if self.name == "LINE":
            # LINE's own parameter, on any address.
            path, mark, fragment = url.partition("#")
            return f"{path}{'&' if '?' in path else '?'}openExternalBrowser=1{mark}{fragment}"
        if self.system == "android":
            # Chrome's intent links: any browser of the device may take it; it has no fragment of its own.
            parts = urlsplit(url)
            rest = url.partition("#")[0].split("://", 1)[1]
            return f"intent://{rest}#Intent;scheme={parts.scheme};action=android.intent.action.VIEW;end"
        return None


def recognised(user_agent: str) -> InApp | None:
    """The app by its `User-Agent`; None for a browser of its own, and for whatever is not known."""
    said = user_agent[:_LONGEST]
    for name, pattern in _APPS:
        if pattern.search(said):
            return InApp(name, _system(said))
    return None


def _system(said: str) -> System:
    if "Android" in said:
        return "android"
    return "ios" if re.search(r"iPhone|iPad|iPod", said) else "other"
