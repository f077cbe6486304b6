"""The design system, by arithmetic: contrast, one place for colours, the two dark sets the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

CSS = Path(__file__).resolve().parents[3] / "webinar/static/css"
TOKENS = (CSS / "tokens.css").read_text("utf-8")
COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}\b|\b(?:rgb|hsl|oklch|lab)a?\(")


def block(selector: str) -> dict[str, str]:
    """The custom properties of the rule with this selector."""
    start = TOKENS.index(selector)
    body = TOKENS[TOKENS.index("{", start) + 1 : TOKENS.index("}", start)]
    return {k: v.strip() for k, v in re.findall(r"--([\w-]+):\s*([^;]+);", body)}


LIGHT = block(":root {")
DARK = block(':root[data-theme="dark"]')


def luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance."""
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


TEXT_ON = [
    ("ink", ("ground", "surface", "raised", "sunken", "accent-soft", "warn-soft", "bad-soft", "good-soft")),
    ("muted", ("ground", "surface", "raised", "sunken")),
    ("accent", ("ground", "surface", "raised")),
    ("accent-strong", ("accent-soft", "surface")),
    ("accent-ink", ("accent", "accent-strong")),
    ("good", ("surface", "good-soft")),
    ("warn", ("surface", "warn-soft")),
    ("bad", ("surface", "bad-soft", "raised")),
    ("bad-ink", ("bad", "bad-strong")),
    ("live-ink", ("live",)),
]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_has_a_contrast_of_at_least_4_5(theme: str) -> None:
    colours = LIGHT if theme == "light" else DARK
    weak = {
        f"{text} on {ground}": round(contrast(colours[text], colours[ground]), 2)
        for text, grounds in TEXT_ON
        for ground in grounds
        if contrast(colours[text], colours[ground]) < 4.5
    }
    assert weak == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_borders_of_fields_have_a_contrast_of_at_least_3_against_what_they_lie_on(theme: str) -> None:
    colours = LIGHT if theme == "light" else DARK
    assert contrast(colours["line-strong"], colours["surface"]) >= 3
    assert contrast(colours["accent"], colours["ground"]) >= 3  # the focus ring


def test_the_lines_of_a_cover_are_seen_on_its_ground() -> None:
    for kind in range(6):
        assert contrast(LIGHT[f"cover-{kind}"], LIGHT[f"cover-{kind}-line"]) >= 4.5


def test_the_two_copies_of_the_dark_set_are_the_same() -> None:
    assert block(':root:not([data-theme="light"])') == DARK


def test_the_dark_set_answers_every_colour_of_the_light_one() -> None:
    own = ("cover", "paper")  # the same by day and night
    colours = {name for name, value in LIGHT.items() if COLOUR.search(value) and not name.startswith(own)}
    assert colours == set(DARK)


@pytest.mark.parametrize("name", ["base.css", "parts.css", "host.css", "event.css"])
def test_colours_stand_in_the_tokens_only(name: str) -> None:
    text = re.sub(r"/\*.*?\*/", "", (CSS / name).read_text("utf-8"), flags=re.DOTALL)
    # A soft shadow of the page's own is black at some transparency: no colour of the product.
    shadows = re.sub(r"rgb\(0 0 0 / \d+%\)", "", text)
    assert COLOUR.findall(shadows) == []


def test_every_token_that_is_used_is_defined() -> None:
    known = set(LIGHT)
    for path in sorted(CSS.glob("*.css")):
        text = path.read_text("utf-8")
        own = set(re.findall(r"--([\w-]+):", text))
        # One with a fallback is set by a script, from what it measures.
        assert set(re.findall(r"var\(--([\w-]+)\s*\)", text)) - known - own == set(), path.name


def test_nothing_is_fetched_by_a_style_sheet() -> None:
    for path in CSS.glob("*.css"):
        assert re.findall(r"@import|url\(\s*['\"]?(?!data:)", path.read_text("utf-8")) == [], path.name
