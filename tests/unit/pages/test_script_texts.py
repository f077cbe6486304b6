"""What the scripts of the pages say comes from the tables their pages give them, which are in every language."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from types import ModuleType

import pytest

from webinar.pages import moderate, room, studio

SCRIPTS = Path(__file__).resolve().parents[3] / "webinar/static/js"


def given(page: ModuleType) -> set[str]:
    """The keys of the tables that the page names in `"texts": translated(…, TABLE, TABLE)`."""
    call = re.search(r'"texts": translated\(.+?((?:, [A-Z]+)+)\)', inspect.getsource(page))
    assert call is not None, page.__name__
    return {key for table in re.findall(r"[A-Z]+", call[1]) for key in getattr(page, table)}


# By a page's first script.
PAGES = {f"{page.__name__.rsplit('.', 1)[1]}/main.js": given(page) for page in (room, studio, moderate)}
IMPORT = re.compile(r"""(?:from|import)\s*\(?\s*["'](\.[^"']+)["']""")
COMPARED = re.compile(r"""[!=]==\s*"[^"]*"|"[^"]*"\s*[!=]==""")
# Words that a script would put into the page by itself: letters of any language, at least two of them together.
WRITTEN = re.compile(
    r"""(?:(?:textContent|innerText|title|placeholder|ariaLabel|alt)\s*=\s*"""
    r"""|setAttribute\(\s*"(?:aria-label|title|placeholder|alt)"\s*,\s*|\b(?:toast|alert|confirm)\(\s*)"""
    r"""["'`]([^"'`$]*[^\W\d_]{2}[^"'`]*)["'`]"""
)


def modules(first: str) -> list[Path]:
    """A script and all that it imports, directly or not."""
    found: list[Path] = []
    todo = [SCRIPTS / first]
    while todo:
        path = todo.pop()
        if path in found or "vendor" in path.parts:
            continue
        found.append(path)
        todo += [(path.parent / name).resolve() for name in IMPORT.findall(path.read_text("utf-8"))]
    return found


def said(source: str) -> list[str]:
    """What stands between the brackets of each `texts.say(`, up to the values."""
    found = []
    for match in re.finditer(r"texts\.say\(", source):
        depth, at = 1, match.end()
        while depth and not (depth == 1 and source[at] == ","):
            depth += {"(": 1, "{": 1, "[": 1, ")": -1, "}": -1, "]": -1}.get(source[at], 0)
            at += 1
        found.append(COMPARED.sub("", source[match.end() : at].removesuffix(")")))
    return found


def unknown(path: Path, keys: set[str]) -> set[str]:
    """What a script says by name, or by a name with this beginning, that is not among the keys."""
    missing = set()
    for argument in said(path.read_text("utf-8")):
        missing |= set(re.findall(r'"([^"]*)"', argument)) - keys
        begun = re.findall(r"`(\w+)\$\{", argument)
        missing |= {prefix for prefix in begun if not any(key.startswith(prefix) for key in keys)}
    return missing


@pytest.mark.parametrize("first", PAGES)
def test_whatever_a_page_s_own_scripts_say_is_in_its_texts(first: str) -> None:
    own = [path for path in modules(first) if path.parent == (SCRIPTS / first).parent]
    assert {path.name: unknown(path, PAGES[first]) for path in own if unknown(path, PAGES[first])} == {}


def test_whatever_a_shared_script_says_is_in_the_texts_of_a_page_that_loads_it() -> None:
    shared: dict[Path, list[set[str]]] = {}
    for first in PAGES:
        for path in modules(first):
            shared.setdefault(path, []).append(PAGES[first])
    lost = {
        path.relative_to(SCRIPTS).as_posix(): min((unknown(path, keys) for keys in pages), key=len)
        for path, pages in shared.items()
    }
    assert {name: keys for name, keys in lost.items() if keys} == {}


@pytest.mark.parametrize("first", PAGES)
def test_a_page_gives_its_scripts_no_text_that_none_of_them_names(first: str) -> None:
    sources = "".join(path.read_text("utf-8") for path in modules(first))
    named = set(re.findall(r"""["'`](\w+)["'`]|\b(\w+):""", sources))
    words = {word for pair in named for word in pair}
    begun = tuple(set(re.findall(r"`(\w+)\$\{", sources)))
    unused = {key for key in PAGES[first] if key not in words and not key.startswith(begun)}
    # Or its first word stands there, and the second comes from elsewhere: `${kind}_${code}`.
    put_together = re.search(r"`\$\{\w+\}_\$\{", sources) is not None
    assert {key for key in unused if not (put_together and key.split("_", 1)[0] in words)} == set()


def test_no_script_writes_words_of_its_own_into_a_page() -> None:
    found = {
        f"{path.relative_to(SCRIPTS)}: {match[0]}"
        for path in sorted(SCRIPTS.rglob("*.js"))
        for match in WRITTEN.finditer(path.read_text("utf-8"))
    }
    assert found == set()


def test_no_script_holds_korean() -> None:
    assert [p.name for p in sorted(SCRIPTS.rglob("*.js")) if re.search("[가-힣]", p.read_text("utf-8"))] == []
