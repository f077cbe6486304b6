from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from babel.messages.extract import extract
from babel.messages.pofile import read_po

from webinar.base import i18n
from webinar.base.i18n import Catalogue, accepted, choose, contradictions, load, load_all

ROOT = Path(__file__).resolve().parents[3]
SUBJECTS = ("people", "events", "registration", "recordings", "mail")
PLACE = re.compile(r"%\((\w+)\)s|\{(\w+)\}")


def template_texts() -> dict[str, str]:
    """Every text of the templates and where it stands; of a plural its singular."""
    found: dict[str, str] = {}
    for path in sorted((ROOT / "templates").rglob("*.html")):
        with path.open("rb") as file:
            options = {"extensions": "jinja2.ext.i18n", "trimmed": "true", "silent": "false"}
            keywords = {"t": None, "gettext": None, "ngettext": (1, 2)}
            for line, message, _, _ in extract("jinja2.ext:babel_extract", file, keywords, options=options):
                text = message if isinstance(message, str) else message[0]
                found.setdefault(text, f"{path.relative_to(ROOT)}:{line}")
    return found


def code_texts() -> dict[str, str]:
    """Texts that the code of pages and letters marks with `_()` or translates with `t()`."""
    found: dict[str, str] = {}
    for path in sorted((*(ROOT / "webinar/pages").glob("*.py"), *(ROOT / "webinar/mail").glob("*.py"))):
        with path.open("rb") as file:
            for line, message, _, _ in extract("python", file, {"_": None, "t": None}):
                found.setdefault(str(message), f"{path.relative_to(ROOT)}:{line}")
    return found


def error_texts() -> dict[str, str]:
    """What the subjects say to people: messages of errors and of fields."""
    found: dict[str, str] = {}
    for subject in SUBJECTS:
        for path in sorted((ROOT / "webinar" / subject).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
                    name = node.func.id
                    place = node.args[-1] if name == "FieldProblem" else node.args[0]
                    kinds = ("Invalid", "Conflict", "Forbidden", "Gone", "NotFound", "Unauthenticated", "FieldProblem")
                    if name in (*kinds, "TooManyRequests", "BadRequest", "Unavailable") and _text(place):
                        found.setdefault(_text(place), f"{path.relative_to(ROOT)}:{node.lineno}")
    return found


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


@pytest.fixture(scope="module")
def ko() -> Catalogue:
    return load("ko")


def test_every_text_of_the_templates_is_in_korean(ko: Catalogue) -> None:
    assert {text: where for text, where in template_texts().items() if text not in ko} == {}


def test_every_text_of_the_pages_code_is_in_korean(ko: Catalogue) -> None:
    assert {text: where for text, where in code_texts().items() if text not in ko} == {}


def test_every_message_of_the_subjects_is_in_korean(ko: Catalogue) -> None:
    assert {text: where for text, where in error_texts().items() if text not in ko} == {}


def test_a_translation_fills_in_what_the_text_fills_in(ko: Catalogue) -> None:
    wrong = {
        text: translated
        for text, translated in ko.singular.items()
        if set(PLACE.findall(text)) != set(PLACE.findall(translated))
    }
    assert wrong == {}


def test_every_entry_of_the_catalogues_is_translated_and_none_is_in_doubt() -> None:
    files = sorted(i18n.LOCALE_DIR.glob("*/LC_MESSAGES/*.po"))
    assert {path.parts[-3] for path in files} == set(i18n.LANGUAGES) - {i18n.SOURCE}
    unfinished = []
    for path in files:
        with path.open("rb") as file:
            for message in read_po(file, locale=path.parts[-3]):
                forms = message.string if isinstance(message.string, tuple | list) else (message.string,)
                if message.id and (message.fuzzy or not all(forms)):
                    unfinished.append(f"{path.name}: {message.id!r}")
    assert unfinished == []


def test_no_text_has_two_translations() -> None:
    assert contradictions("ko") == []


def test_a_contradiction_between_two_files_is_found_and_the_first_file_counts(tmp_path: Path) -> None:
    folder = tmp_path / "ko" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "a.po").write_text('msgid "Open"\nmsgstr "열기"\n', "utf-8")
    (folder / "b.po").write_text('msgid "Open"\nmsgstr "공개"\n', "utf-8")
    assert load("ko", tmp_path).gettext("Open") == "열기"
    assert len(contradictions("ko", tmp_path)) == 1


def test_an_unfinished_translation_is_shown_in_english(tmp_path: Path) -> None:
    folder = tmp_path / "ko" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "a.po").write_text('#, fuzzy\nmsgid "Open"\nmsgstr "열기"\n\nmsgid "Close"\nmsgstr ""\n', "utf-8")
    catalogue = load("ko", tmp_path)
    assert (catalogue.gettext("Open"), catalogue.gettext("Close")) == ("Open", "Close")


def test_english_needs_no_catalogue() -> None:
    english = load_all()["en"]
    assert english.gettext("Register") == "Register"
    assert english.ngettext("%(count)s seat left", "%(count)s seats left", 1) == "%(count)s seat left"
    assert english.ngettext("%(count)s seat left", "%(count)s seats left", 2) == "%(count)s seats left"


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("ko-KR,ko;q=0.9,en-US;q=0.8,en;q=0.7", "ko"),
        ("en-GB,en;q=0.9", "en"),
        ("de-DE,de;q=0.9,en;q=0.3,ko;q=0.4", "ko"),
        ("ko;q=0, en", "en"),
        ("de-DE", None),
        ("", None),
        ("ko;q=nonsense", "ko"),
        (";;;,,,=", None),
    ],
)
def test_accept_language_is_weighed(header: str, language: str | None) -> None:
    assert accepted(header) == language


def test_a_wish_comes_before_the_browser_and_the_browser_before_the_event() -> None:
    assert choose(("en", "ko"), "ko", "ko") == "en"
    assert choose((None, "fr"), "ko", "en") == "ko"
    assert choose((None, None), "de", "en") == "en"
    assert choose((None, None), "", None) == "ko"
    assert i18n.known("KO_kr") == "ko"
