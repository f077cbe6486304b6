"""A page's scripts: each entry module travels as one file that carries all that it imports.

Sent one by one, fifty modules cost a slow machine a third of the second in which a page should be usable: each is a
request, a compilation and a dozen tasks of its own. Joined, every module is a function that is run once and whose
exports are kept by its path, so that another file of the page that carries it too (a second entry, one loaded later)
finds the same classes. Order and strictness are those of modules (ECMA-262, section 16.2.1.6); names stay as written.

Our own scripts only, which keep to what can be read line by line: `import { … } from "./…"` above everything, `export`
before a named declaration, no module that needs itself, no `await` outside of functions. Another form is an error.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

from markupsafe import Markup

EVERYWHERE: Final = "js/common/page.js"  # the entry that every page has

_IMPORT: Final = re.compile(r'^import \{([^}]*)\} from "(\.[^"]+)";$', re.MULTILINE)
_EXPORT: Final = re.compile(r"^export (?=(?:(?:async )?function\*? ?|class |const )(\w+))", re.MULTILINE)
_OTHER: Final = re.compile(r"^(?:import\b(?!\()|export\b|await\b|for await\b).*", re.MULTILINE)
_LATER: Final = re.compile(r'\bimport\("(\.[^"]+)"\)')
_HERE: Final = "import.meta.url"


class Modules:
    """What the modules below a folder import, and the file that each travels in."""

    def __init__(self, folder: Path, url: Callable[[str], str]) -> None:
        self._folder = folder.resolve()
        self._url = url

    def script(self, entry: str) -> Markup:
        """The element that runs `entry`."""
        return Markup('<script type="module" src="{}"></script>').format(self._url(entry))

    def imported(self, entry: str) -> tuple[str, ...]:
        """Every module that `entry` needs before it runs, itself left out, in the order in which they run.

        Raises `ValueError` where one needs itself. What it loads later is not among them.
        """
        found: dict[str, None] = {}

        def visit(name: str, way: tuple[str, ...]) -> None:
            if name in way:
                raise ValueError(f"{name} needs itself: {' > '.join(way)}")
            for _, address in _IMPORT.findall(self._text(name)):
                needed = _resolved(name, address)
                if needed not in found:
                    visit(needed, (*way, name))
            found[name] = None

        visit(entry, ())
        del found[entry]
        return tuple(found)

    def joined(self, entry: str) -> str:
        """The program of `entry` with all that it imports; it exports what `entry` does.

        Raises `ValueError` for a form that is not understood (above).
        """
        names, exports = (*self.imported(entry), entry), self._exports(entry)
        parts = ["const modules = (globalThis.webinarModules ??= {});", *(self._kept(name, entry) for name in names)]
        if exports:
            parts.append(f'export const {{{", ".join(exports)}}} = modules["{entry}"];')
        return "\n".join(parts) + "\n"

    def _kept(self, name: str, entry: str) -> str:
        """One module as a function that is run once in a page; its relative addresses as they are seen from `entry`."""
        text = _IMPORT.sub(lambda found: _taken(found[1], _resolved(name, found[2])), self._text(name))
        text = _EXPORT.sub("", text)
        other = _OTHER.search(text)
        if other is not None:
            raise ValueError(f"{name} cannot be joined: {other[0]}")
        text = _LATER.sub(lambda found: f'import("{_relative(entry, _resolved(name, found[1]))}")', text)
        if name != entry:
            text = text.replace(_HERE, f'new URL("{_relative(entry, name)}", {_HERE}).href')
        return f'modules["{name}"] ??= (() => {{\n{text}\nreturn {{{", ".join(self._exports(name))}}};\n}})();'

    def _exports(self, name: str) -> list[str]:
        return _EXPORT.findall(self._text(name))

    def _text(self, name: str) -> str:
        return (self._folder / name).read_text("utf-8")


def _taken(names: str, module: str) -> str:
    """`{ a, b as c }` of an import as what a declaration reads out of the kept exports."""
    return f'const {{{names.replace(" as ", ": ")}}} = modules["{module}"];'


def _resolved(name: str, address: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), address))


def _relative(entry: str, name: str) -> str:
    """The address of `name` as the file of `entry` must write it."""
    way = posixpath.relpath(name, posixpath.dirname(entry))
    return way if way.startswith(".") else f"./{way}"
