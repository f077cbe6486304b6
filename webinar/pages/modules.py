"""A page's scripts: each entry module, and beside it everything that it imports, fetched in parallel.

Without the hints a browser learns of a module only when it has read the one that imports it: a round trip for each
step of the way. (HTML, "modulepreload".)
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

from markupsafe import Markup

EVERYWHERE: Final = "js/common/page.js"  # the entry that every page has

_IMPORT: Final = re.compile(r'^(?:import|export)\s(?:[^"();=]*\sfrom\s)?"(\.[^"]+)"', re.MULTILINE)


class Modules:
    """What the modules below a folder import; read once."""

    def __init__(self, folder: Path, url: Callable[[str], str]) -> None:
        self._folder = folder.resolve()
        self._url = url
        self._made: dict[str, Markup] = {}  # by entry: as many as templates name

    def imported(self, entry: str) -> tuple[str, ...]:
        """Every module that `entry` needs before it runs, itself left out, nearest first; not what it loads later."""
        found: dict[str, None] = {}
        left = [entry]
        for name in left:
            module = self._folder / name
            for address in _IMPORT.findall(module.read_text("utf-8")):
                path = (module.parent / address).resolve().relative_to(self._folder).as_posix()
                if path not in found and path != entry:
                    found[path] = None
                    left.append(path)
        return tuple(found)

    def script(self, entry: str) -> Markup:
        """The element that runs `entry`, behind hints for what it needs and `EVERYWHERE` has not asked for."""
        if entry not in self._made:
            known = () if entry == EVERYWHERE else (EVERYWHERE, *self.imported(EVERYWHERE))
            hints = [
                Markup('<link rel="modulepreload" href="{}">\n').format(self._url(name))
                for name in self.imported(entry)
                if name not in known
            ]
            run = Markup('<script type="module" src="{}"></script>').format(self._url(entry))
            self._made[entry] = Markup().join([*hints, run])
        return self._made[entry]
