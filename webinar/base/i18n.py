"""Texts in two languages. A msgid is the English text itself; other languages are gettext catalogues (`.po`).

The `.po` files are read as they are, so that nothing has to be compiled and a translator's file is what runs.
A language may have several files (`host.po`, `room.po`, …): they are merged in the order of their names, and of two
different translations the first counts (a test finds them: `contradictions`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final, Literal

from babel.messages.catalog import Message
from babel.messages.pofile import read_po

Language = Literal["ko", "en"]
LANGUAGES: Final[tuple[Language, ...]] = ("ko", "en")
SOURCE: Final[Language] = "en"
NAMES: Final[Mapping[Language, str]] = {"ko": "한국어", "en": "English"}
LOCALE_DIR: Final = Path(__file__).resolve().parent.parent / "locale"

# A header longer than this is not a browser's.
_MAX_HEADER: Final = 500
_Q: Final = re.compile(r"^q=([01](?:\.\d{0,3})?)$")


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The texts of one language. A text that is missing is shown in English."""

    language: Language
    singular: Mapping[str, str] = field(default_factory=dict)
    plural: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def gettext(self, message: str) -> str:
        return self.singular.get(message, message)

    def ngettext(self, one: str, many: str, n: int) -> str:
        forms = self.plural.get(one)
        if forms is None:
            return one if n == 1 else many
        return forms[0 if len(forms) == 1 or n == 1 else 1]

    def __contains__(self, message: object) -> bool:
        return self.language == SOURCE or message in self.singular or message in self.plural


@cache
def load(language: Language, folder: Path = LOCALE_DIR) -> Catalogue:
    """All catalogues of a language in `folder/<language>/LC_MESSAGES`, merged. Read once a process."""
    singular: dict[str, str] = {}
    plural: dict[str, tuple[str, ...]] = {}
    for path in _files(language, folder):
        for message in _read(path, language):
            if isinstance(message.id, str) and isinstance(message.string, str):
                singular.setdefault(message.id, message.string)
            elif isinstance(message.id, tuple | list) and isinstance(message.string, tuple):
                plural.setdefault(message.id[0], message.string)
    return Catalogue(language, singular, plural)


def contradictions(language: Language, folder: Path = LOCALE_DIR) -> list[str]:
    """Texts that two files translate differently, with both translations."""
    seen: dict[str, tuple[object, str]] = {}
    found = []
    for path in _files(language, folder):
        for message in _read(path, language):
            known, where = seen.setdefault(str(message.id), (message.string, path.name))
            if known != message.string:
                found.append(f"{message.id!r}: {known!r} in {where}, {message.string!r} in {path.name}")
    return found


def _files(language: Language, folder: Path) -> list[Path]:
    return sorted((folder / language / "LC_MESSAGES").glob("*.po"))


def _read(path: Path, language: Language) -> list[Message]:
    """The finished messages of a file."""
    with path.open("rb") as file:
        return [m for m in read_po(file, locale=language) if m.id and m.string and not m.fuzzy]


def load_all(folder: Path = LOCALE_DIR) -> dict[Language, Catalogue]:
    return {language: load(language, folder) for language in LANGUAGES}


def known(value: str | None) -> Language | None:
    """`value` as a language of ours; `ko-KR` is `ko`."""
    short = (value or "").strip().lower().replace("_", "-").split("-")[0]
    return short if short in LANGUAGES else None


def accepted(header: str) -> Language | None:
    """The best language of ours in an Accept-Language header (RFC 9110, section 12.5.4)."""
    best: tuple[float, Language] | None = None
    for entry in header[:_MAX_HEADER].split(","):
        tag, *parameters = [part.strip() for part in entry.split(";")]
        language = known(tag)
        if language is None:
            continue
        match = _Q.match(parameters[0]) if parameters else None
        quality = float(match.group(1)) if match else 1.0
        if quality > 0 and (best is None or quality > best[0]):
            best = (quality, language)
    return best[1] if best else None


def choose(candidates: Iterable[str | None], header: str, fallback: str | None) -> Language:
    """The first known language of explicit `candidates` (query, cookie), else the browser's, else the event's."""
    for candidate in candidates:
        language = known(candidate)
        if language is not None:
            return language
    return accepted(header) or known(fallback) or "ko"
