"""Fonts of certificates: Gothic A1 for Hangul, Latin, Greek, Cyrillic and kana, BIZ UDGothic for Hanja. Both OFL.

They come at build time (`scripts/vendor.json`). Reading a whole one costs half a second a document, so documents are
drawn with the few letters that they need, cut out once for all of a batch.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

from webinar.base.errors import Unavailable

FOLDER: Final = Path(__file__).parent / "fonts"
REGULAR: Final = "GothicA1-Regular.ttf"
BOLD: Final = "GothicA1-Bold.ttf"
HAN: Final = "BIZUDGothic-Regular.ttf"
_NOT_INSTALLED: Final = "The fonts of certificates are not installed: run `make` once more."
_MISSING: Final = "□"  # stands for a letter that none of the fonts has


@dataclass(frozen=True, slots=True)
class Letters:
    """The fonts with the letters of one batch, as files."""

    regular: Path
    bold: Path
    han: Path
    known: frozenset[int]  # code points that can be drawn

    def drawable(self, text: str) -> str:
        """The text as it will be seen: composed, in one line, a box for what none of the fonts has."""
        return "".join(letter if ord(letter) in self.known else _MISSING for letter in _composed(text))


def cut(texts: Iterable[str], folder: Path) -> Letters:
    """Writes fonts for these texts into `folder`; some 0.5 s of CPU, so off the loop.

    Raises `Unavailable` when the fonts were not built in.
    """
    wanted = {ord(letter) for text in texts for letter in unicodedata.normalize("NFC", text)} | {ord(_MISSING), 0x20}
    try:
        regular, known = _part(REGULAR, wanted, folder)
        bold, _ = _part(BOLD, wanted, folder)
        han, more = _part(HAN, wanted - known, folder)
    except FileNotFoundError as error:
        raise Unavailable(_NOT_INSTALLED) from error
    return Letters(regular, bold, han, frozenset(known | more))


def undrawable(names: Iterable[str]) -> list[str]:
    """Of each text the letters that none of the fonts has, each once; 0.1 s for all. Raises `Unavailable`."""
    known: set[int] = set()
    try:
        for file in (REGULAR, HAN):
            with TTFont(FOLDER / file, lazy=True) as font:
                known |= set(font.getBestCmap())
    except FileNotFoundError as error:
        raise Unavailable(_NOT_INSTALLED) from error
    return ["".join(dict.fromkeys(x for x in _composed(name) if ord(x) not in known)) for name in names]


def _composed(text: str) -> str:
    return "".join(x for x in unicodedata.normalize("NFC", " ".join(text.split())) if x.isprintable())


def _part(name: str, wanted: set[int], folder: Path) -> tuple[Path, set[int]]:
    """The file of the font with only these letters, and those of them that it has."""
    options = Options()
    options.hinting, options.layout_features, options.notdef_outline = False, ["kern"], True
    with TTFont(FOLDER / name, lazy=True) as font:
        known = wanted & set(font.getBestCmap())
        subsetter = Subsetter(options)
        subsetter.populate(unicodes=known or {0x20})
        subsetter.subset(font)
        font.save(folder / name)
    return folder / name, known
