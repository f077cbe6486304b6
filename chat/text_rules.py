"""What a text holds that a room may not want: links, blocked words. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

# Written out, or a name with one of the top-level domains that spam uses most (a bare `yes.no` is no link).
_LINK: Final = re.compile(
    r"[a-z][a-z0-9+.-]{0,20}://\S|\bwww\.\S"
    r"|[a-z0-9-]\.(?:com|net|org|info|biz|io|ai|app|dev|co|me|gg|tv|xyz|top|site|online|shop|club|link|live|kr|jp|cn|us|"
    r"uk|de|ru|to|ly)\b",
    re.IGNORECASE,
)
# Drawn as nothing: with them in it a word looks the same and reads otherwise.
_INVISIBLE: Final = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0]"
)


def has_link(text: str) -> bool:
    """An address that somebody could follow, written out or not."""
    return _LINK.search(plain(text)) is not None


def plain(text: str) -> str:
    """One form for what looks alike: compatibility characters, case, invisible ones."""
    return _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).casefold()


class Words:
    """Blocked words. One in letters that stand between spaces counts as a whole word; one in a script that joins
    endings to its words (Korean, Japanese, Chinese) wherever it stands.
    """

    def __init__(self, words: Iterable[str]) -> None:
        self._words = [word for word in map(plain, words) if word]

    def found_in(self, text: str) -> bool:
        text = plain(text) if self._words else ""
        # Most words are in no text, which a plain search finds out a hundred times sooner than a pattern of all.
        return any(word in text and _stands_in(word, text) for word in self._words)


def _stands_in(word: str, text: str) -> bool:
    return not word.isascii() or re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text) is not None
