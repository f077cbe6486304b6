"""An event's colour, made readable: the accent tokens of the stylesheet for bright and dark pages. Pure.

Contrast is that of WCAG 2.2, section 1.4.3: at least 4.5:1 for text. A colour is kept as it is where it can be read
and mixed with black or white, its hue kept, only as far as it cannot.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, NamedTuple

# Changes with the rules below: stylesheets are cached under it.
VERSION: Final = 2
# The platform's own; `tokens.css` has it for bright pages.
OWN: Final = "#0f766e"
READABLE: Final = 4.5
_HEX: Final = re.compile(r"^#?([0-9a-f]{6})$", re.IGNORECASE)
_STEPS: Final = 200


class Rgb(NamedTuple):
    """sRGB, 0..255 each."""

    red: int
    green: int
    blue: int

    @property
    def hex(self) -> str:
        return f"#{self.red:02x}{self.green:02x}{self.blue:02x}"


BLACK: Final = Rgb(0, 0, 0)
WHITE: Final = Rgb(255, 255, 255)
_INK: Final = Rgb(0x04, 0x20, 0x1C)
# What an accent stands on: `--ground` and `--surface` of tokens.css, of which the harder one is named.
_BRIGHT: Final = Rgb(0xF4, 0xF6, 0xF5)
_BRIGHT_CARD: Final = WHITE
_DARK: Final = Rgb(0x1D, 0x26, 0x23)
_DARK_CARD: Final = Rgb(0x15, 0x1C, 0x1A)


@dataclass(frozen=True, slots=True)
class Accent:
    """The accent tokens of one theme, as `#rrggbb`."""

    accent: str
    strong: str
    ink: str  # on accent
    soft: str


@dataclass(frozen=True, slots=True)
class Palette:
    """A colour on bright and on dark pages."""

    wanted: str
    light: Accent
    dark: Accent
    contrast: float  # of the wanted colour on a bright page, before anything was changed

    @property
    def kept(self) -> bool:
        """Whether bright pages show the very colour that was wanted."""
        return self.light.accent == self.wanted


def parse(text: str) -> Rgb | None:
    """`#0f766e` or `0F766E`; None for anything else."""
    found = _HEX.match(text.strip())
    return None if found is None else Rgb(*bytes.fromhex(found[1]))


def luminance(colour: Rgb) -> float:
    """Relative, 0..1 (WCAG 2.2)."""

    def linear(value: int) -> float:
        part = value / 255
        return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)

    return 0.2126 * linear(colour.red) + 0.7152 * linear(colour.green) + 0.0722 * linear(colour.blue)


def contrast(one: Rgb, other: Rgb) -> float:
    """1..21."""
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def mixed(colour: Rgb, other: Rgb, share: float) -> Rgb:
    """`share` 0..1 of `other`."""
    return Rgb(*(round(a + (b - a) * share) for a, b in zip(colour, other, strict=True)))


def _readable(colour: Rgb, ground: Rgb, towards: Rgb, least: float = READABLE) -> Rgb:
    """`colour` itself, or as little nearer to `towards` as makes it readable on `ground`."""
    for step in range(_STEPS + 1):
        tried = mixed(colour, towards, step / _STEPS)
        if contrast(tried, ground) >= least:
            return tried
    return towards


def palette(wanted: str) -> Palette:
    """Raises `ValueError` for what is no colour."""
    colour = parse(wanted)
    if colour is None:
        raise ValueError(f"no colour: {wanted!r}")
    return Palette(
        colour.hex,
        _theme(colour, _BRIGHT, _BRIGHT_CARD, BLACK, 0.13),
        _theme(colour, _DARK, _DARK_CARD, WHITE, 0.2),
        contrast(colour, _BRIGHT),
    )


def _theme(colour: Rgb, ground: Rgb, card: Rgb, towards: Rgb, tint: float) -> Accent:
    accent = _readable(colour, ground, towards)
    soft = mixed(card, accent, tint)
    # Stronger than the accent, for what is touched; and text on the soft ground.
    strong = _readable(mixed(accent, towards, 0.18), soft, towards)
    ink = max((WHITE, _INK), key=lambda on: contrast(on, accent))
    return Accent(accent.hex, strong.hex, ink.hex, soft.hex)


def stylesheet(found: Palette) -> str:
    """The tokens for a page, to stand behind `tokens.css`: the same selectors, so that the reader's theme decides."""
    light, dark = _tokens(found.light), _tokens(found.dark)
    return (
        f":root{{{light};--paper-accent:{found.light.accent}}}\n"
        f'@media (prefers-color-scheme:dark){{:root:not([data-theme="light"]){{{dark}}}}}\n'
        f':root[data-theme="dark"],.theatre{{{dark}}}\n'
    )


def _tokens(accent: Accent) -> str:
    return (
        f"--accent:{accent.accent};--accent-strong:{accent.strong};"
        f"--accent-ink:{accent.ink};--accent-soft:{accent.soft}"
    )
