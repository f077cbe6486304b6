"""Whatever colour a host chooses, everybody can read what is written with it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webinar.events import colours
from webinar.events.colours import Rgb, contrast, palette, parse, stylesheet

TOKENS = (Path(__file__).resolve().parents[3] / "webinar/static/css/tokens.css").read_text("utf-8")


def _token(selector: str, name: str) -> Rgb:
    start = TOKENS.index(selector)
    found = re.search(rf"--{name}:\s*(#[0-9a-f]{{6}})", TOKENS[start:])
    assert found is not None
    colour = parse(found[1])
    assert colour is not None
    return colour


GROUNDS = {
    "light": [_token(":root {", name) for name in ("ground", "surface", "raised")],
    "dark": [_token(':root[data-theme="dark"]', name) for name in ("ground", "surface", "raised")],
}


@given(st.tuples(*[st.integers(0, 255)] * 3))
@settings(max_examples=150, deadline=None)
def test_text_in_any_colour_has_a_contrast_of_at_least_4_5(wanted: tuple[int, int, int]) -> None:
    found = palette(Rgb(*wanted).hex)
    for theme, made in (("light", found.light), ("dark", found.dark)):
        accent, strong, ink, soft = (
            parse(text) or colours.BLACK for text in (made.accent, made.strong, made.ink, made.soft)
        )
        for ground in GROUNDS[theme]:
            assert contrast(accent, ground) >= 4.5
        assert contrast(strong, soft) >= 4.5
        assert contrast(strong, GROUNDS[theme][1]) >= 4.5
        assert contrast(ink, accent) >= 4.5
        assert contrast(ink, strong) >= 4.5


@pytest.mark.parametrize("colour", ["#0f766e", "#b4236b", "#1d4ed8", "#7a1f1f"])
def test_a_colour_that_can_be_read_is_kept_as_it_is(colour: str) -> None:
    found = palette(colour)
    assert found.kept
    assert found.light.accent == colour


def test_a_colour_that_is_too_bright_is_darkened_and_keeps_its_hue() -> None:
    found = palette("#ffd400")
    assert not found.kept
    made = parse(found.light.accent)
    assert made is not None
    assert made.red > made.green > made.blue == 0


@pytest.mark.parametrize("text", ["", "red", "#fff", "#12345", "#1234567", "#gggggg", "}*{color:red"])
def test_what_is_no_colour_is_refused(text: str) -> None:
    assert parse(text) is None
    with pytest.raises(ValueError, match="no colour"):
        palette(text)


def test_the_stylesheet_stands_where_the_tokens_stand() -> None:
    sheet = stylesheet(palette("#b4236b"))
    for selector in (":root{", ':root:not([data-theme="light"])', ':root[data-theme="dark"],.theatre'):
        assert selector in sheet
    tokens = ["accent", "accent-strong", "accent-ink", "accent-soft"]
    # That of paper, which is bright by night, too, stands once.
    assert re.findall(r"--([\w-]+):", sheet) == [*tokens, "paper-accent", *tokens, *tokens]
    assert f"--paper-accent:{palette('#b4236b').light.accent}" in sheet
