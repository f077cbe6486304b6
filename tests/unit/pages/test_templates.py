"""Rules of every template: no text outside the catalogues, nothing inline, every part of the design system real."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from webinar.pages.assets import Assets

ROOT = Path(__file__).resolve().parents[3]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
# Names that are the same in every language.
SAME_EVERYWHERE = {"Webinar", "LIVE", "REC", "MP", "fps", "Mbit", "s", "WHIP", "OBS"}
TAG = re.compile(r"<[^>]*>", re.DOTALL)
SPOKEN = re.compile(r"""\b(?:aria-label|title|placeholder|alt)=["']([^"']*)["']""")
ATTRIBUTE = re.compile(r"""[\w-]+=(?:"[^"]*"|'[^']*')""")  # made by a macro, outside of the tag it is for
LETTER = re.compile(r"[^\W\d_]")
WORD = re.compile(r"[^\W\d_]+")
ENTITY = re.compile(r"&\w+;")


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: str(p.relative_to(ROOT / "templates")))
def test_a_template_says_nothing_outside_the_catalogues(path: Path) -> None:
    source = re.sub(r"{%-?\s*trans\b.*?{%-?\s*endtrans\s*-?%}", "", path.read_text("utf-8"), flags=re.DOTALL)
    source = re.sub(r"{%-?\s*block \w*_?class\b.*?{%-?\s*endblock\s*-?%}", "", source, flags=re.DOTALL)
    text = _without_expressions(source)
    spoken = [words for words in SPOKEN.findall(text) if LETTER.search(words)]
    said = WORD.findall(ENTITY.sub("", ATTRIBUTE.sub(" ", TAG.sub(" ", text))))
    assert spoken == []
    assert [word for word in said if word not in SAME_EVERYWHERE] == []


def _without_expressions(source: str) -> str:
    """Jinja2 replaced by a character that cannot end a tag, so that tags with expressions stay whole."""
    return re.sub(r"{#.*?#}|{%.*?%}|{{.*?}}", "\ufffc", source, flags=re.DOTALL)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: str(p.relative_to(ROOT / "templates")))
def test_a_template_holds_no_inline_script_or_style(path: Path) -> None:
    text = _without_expressions(path.read_text("utf-8"))
    assert re.findall(r"<style\b", text) == []
    assert re.findall(r"""\sstyle=|\son\w+=["']|javascript:""", text) == []
    scripts = re.findall(r"<script\b[^>]*>", text)
    assert [tag for tag in scripts if "src=" not in tag and "application/json" not in tag] == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: str(p.relative_to(ROOT / "templates")))
def test_nothing_is_loaded_from_elsewhere(path: Path) -> None:
    text = path.read_text("utf-8")
    assert re.findall(r"""(?:src|href|action)=["'](?:https?:)?//""", text) == []


def test_every_icon_a_template_names_is_in_the_sprite() -> None:
    known = Assets().icons
    for path in TEMPLATES:
        named = set(re.findall(r"""\bicon\(\s*["']([\w-]+)["']""", path.read_text("utf-8")))
        assert named <= known, path


def test_every_file_a_template_names_exists() -> None:
    for path in TEMPLATES:
        for name in re.findall(r"""static\(\s*['"]([^'"]+)['"]\s*\)""", path.read_text("utf-8")):
            assert (ROOT / "webinar/static" / name).is_file(), (path, name)


def test_forms_that_post_carry_a_form_token() -> None:
    for path in TEMPLATES:
        for form in re.findall(r"<form\b[^>]*method=\"post\".*?</form>", path.read_text("utf-8"), flags=re.DOTALL):
            assert "csrf_field()" in form, path
