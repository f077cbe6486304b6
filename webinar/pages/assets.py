"""Our own CSS, modules and icons. Addressed below a digest of the whole tree, they may be cached for ever: a file
travels with what it imports, so one changed file gives all of them a new address. Texts travel compressed.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from pathlib import Path
from typing import Final

import rjsmin
from markupsafe import Markup
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from webinar.pages.modules import Modules
from webinar.pages.smaller import Coding, coding, smaller

STATIC_DIR: Final = Path(__file__).resolve().parent.parent / "static"
_TEXTS: Final = (".js", ".css", ".svg")
_FORM: Final = b"2"  # of what is made of the files on their way: another makes other addresses
_VENDOR: Final = "vendor/"
_SPRITE: Final = "icons/sprite.svg"
_SYMBOL: Final = re.compile(r'<symbol id="i-([a-z-]+)"')


class Assets(StaticFiles):
    """`/static/…` as it lies there, revalidated by ETag; `/static/~<digest>/…` as it travels best, immutable."""

    def __init__(self, folder: Path = STATIC_DIR) -> None:
        super().__init__(directory=folder)
        self._folder = folder
        self._digest = _digest(folder)
        self.modules = Modules(folder, self.url)
        # By path and coding: as many as there are texts in the folder, three times.
        self._made: dict[tuple[str, Coding | None], bytes] = {}
        sprite = (folder / _SPRITE).read_text("utf-8")
        self.sprite = Markup(sprite)  # noqa: S704 - our own file
        self.icons = frozenset(_SYMBOL.findall(sprite))

    def url(self, path: str) -> str:
        return f"/static/~{self._digest}/{path}"

    async def get_response(self, path: str, scope: Scope) -> Response:
        version, _, rest = path.partition("/")
        if version != f"~{self._digest}":
            # Another digest is an older page's: it gets today's file, but must not keep it under that name.
            response = await super().get_response(rest if version.startswith("~") else path, scope)
            response.headers["Cache-Control"] = "no-cache"
            return response
        response = await super().get_response(rest, scope)
        if response.status_code in (200, 304):
            response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        if response.status_code == 200 and rest.endswith(_TEXTS):
            return await self._text(rest, response, scope)
        return response

    async def _text(self, path: str, response: Response, scope: Scope) -> Response:
        """The same answer in its form for travelling; each file is made once for each coding."""
        response.headers["Vary"] = "Accept-Encoding"
        how = coding(Headers(scope=scope).get("accept-encoding", ""))
        body = self._made.get((path, how))
        if body is None:
            body = self._made[path, how] = await asyncio.to_thread(self.sent, path, how)
        kept = ("cache-control", "content-type", "last-modified", "vary")
        headers = {name: value for name, value in response.headers.items() if name in kept}
        return Response(body, headers=headers if how is None else {**headers, "Content-Encoding": how})

    def sent(self, path: str, how: Coding | None) -> bytes:
        """The file at `path` as it travels: our modules with all that they import and without comments and indentation,
        two fifths of what is written; others' as they are made.
        """
        if path.endswith(".js") and not path.startswith(_VENDOR):
            data = shortened(self.modules.joined(path)).encode()
        else:
            data = (self._folder / path).read_bytes()
        return data if how is None else smaller(data, how, kept=True)


def shortened(script: str) -> str:
    """The same program in fewer letters; line ends that mean something stay.

    A text in backquotes within another's `${…}` would lose its blanks: a test compares every script of ours.
    """
    return str(rjsmin.jsmin(script))


def _digest(folder: Path) -> str:
    total = hashlib.sha256(_FORM)
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        total.update(str(path.relative_to(folder)).encode() + b"\0")
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()[:12]
