"""What has been, over HTTP: `full.m3u8` and segments from the store, for who may have them, and no more of it than is
shown.

An address is all that a player has. So what is decided of a session (its gate, and which part of the event its host
left) holds for every request, whatever the address says; caches on the way ask again within ten seconds.
"""

from __future__ import annotations

import gzip
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final, Protocol

from starlette.types import Scope

from ingest.contract import Key
from webinar.base.errors import Gone, NotFound, Unavailable, WebinarError
from webinar.base.storage import Storage
from webinar.delivery import part as parts
from webinar.delivery.archive import Archive
from webinar.delivery.part import Part
from webinar.delivery.reply import KEPT, MP4, PLAYLIST, Reply, accepts_gzip, error, refusal
from webinar.delivery.rewind import Rendered, Rewind
from webinar.delivery.session import LiveSession

_FINAL: Final = b"public, max-age=300, s-maxage=10"
_CHANGING: Final = b"public, max-age=0, s-maxage=1"
_LEFT_OUT: Final = Gone("The host does not show this part of the recording.", code="replay_cut")
_NOTHING: Final = "There is no such live stream."
_KEPT: Final = 64  # parts of playlists


@dataclass(frozen=True, slots=True)
class Opening:
    """`refused`: why nobody gets a session now. Else `part` is what of its event is shown, None: all of it.

    `deleted`: its event was, with all of it.
    """

    refused: WebinarError | None = None
    part: Part | None = None
    deleted: bool = False


class Gate(Protocol):
    """What is decided elsewhere about sessions that are over."""

    async def look(self, prefix: str) -> Opening:
        """Never raises."""
        ...

    def knows(self, prefix: str) -> bool:
        """Whether it was asked about this session before, and there was one."""
        ...


@dataclass(frozen=True, slots=True)
class _Shown:
    """A part of a rendition's playlist, as rendered of `whole`; `segments` by file name, of the session itself."""

    whole: bytes
    part: Part
    plain: bytes
    gzipped: bytes
    segments: frozenset[str]


class Past:
    """One a web process. `storage` None: nothing that is not in memory can be had."""

    def __init__(self, storage: Storage | None) -> None:
        self._storage = storage
        self._rewind = None if storage is None else Rewind(Archive(storage))
        self._gate: Gate | None = None
        self._shown: OrderedDict[tuple[str, str], _Shown] = OrderedDict()  # by prefix and rendition

    def guard(self, gate: Gate) -> None:
        self._gate = gate

    async def playlist(self, prefix: str, rendition: str | None, session: LiveSession | None, scope: Scope) -> Reply:
        """`full.m3u8` of an event, of media type EVENT while it is live and VOD afterwards."""
        if self._rewind is None:
            return error("full", 404, _NOTHING)
        if session is not None and not session.playable:
            return error("full", 503, "The programme is about to start.", retry_after_s=1)
        if session is not None and rendition is not None and rendition not in session.windows:
            return error("full", 404, "There is no such rendition.")
        skip = b"_HLS_skip=" in scope["query_string"]
        try:
            found = await self._find(self._rewind, prefix, rendition, session, skip=skip)
        except NotFound:
            return await self.guarded(error("full", 404, _NOTHING), prefix, "", None, session)
        except Unavailable as away:
            return refusal("full", away)
        opening = await self._opening(prefix, session)
        if opening.refused is not None:
            return refusal("full", opening.refused)
        plain, gzipped, part = found.plain, found.gzipped, opening.part
        if part is not None and rendition is None:
            plain = parts.of_multivariant(plain.decode(), part).encode()
        elif part is not None and rendition is not None:
            shown = self._of(prefix, rendition, found, part)
            plain, gzipped = shown.plain, shown.gzipped
        # An address that names another part, or none, is of another day: nothing is kept by it.
        named = b"?" + scope["query_string"] == (b"?" if part is None else part.query.encode())
        cache = _FINAL if found.final and named else _CHANGING
        if gzipped and accepts_gzip(scope):
            return Reply("full", 200, gzipped, PLAYLIST, cache, gzipped=True)
        return Reply("full", 200, plain, PLAYLIST, cache)

    async def stored(self, prefix: str, rendition: str, msn: int | None) -> Reply:
        """A segment as it lies in the store, the init segment where `msn` is None: to be `guarded`."""
        if self._storage is None:
            return error("other", 404, _NOTHING)
        key = Key.init(prefix, rendition) if msn is None else Key.segment(prefix, rendition, msn)
        try:
            data = await self._storage.get_bytes(key)
        except NotFound:
            return error("stored", 404, "There is no such segment.")
        except Unavailable as away:
            return refusal("stored", away)
        return Reply("stored", 200, data, MP4, KEPT)

    async def guarded(
        self, reply: Reply, prefix: str, rendition: str, msn: int | None, session: LiveSession | None
    ) -> Reply:
        """What was found, if it is shown. Asked last: prefixes that do not exist cost no query. Of what is not there
        any more it is said why.
        """
        there = reply.status == 200
        lost = reply.status == 404 and self._gate is not None and self._gate.knows(prefix)
        opening = await self._opening(prefix, session) if there or lost else Opening()
        refused = opening.refused
        if there and refused is None and opening.part is not None and msn is not None:
            refused = await self._left_out(prefix, rendition, msn, session, opening.part)
        return reply if refused is None else refusal(reply.kind, refused)

    async def _opening(self, prefix: str, session: LiveSession | None) -> Opening:
        """What is live waits for nobody's decision; what was a moment ago is still seen to its end by who is behind."""
        if self._gate is None or (session is not None and not session.ended):
            return Opening()
        opening = await self._gate.look(prefix)
        return opening if session is None or opening.deleted else Opening(part=opening.part)

    async def _left_out(
        self, prefix: str, rendition: str, msn: int, session: LiveSession | None, part: Part
    ) -> WebinarError | None:
        """Why a segment is not given out where only a part is shown: the playlist of that part has it, or nobody."""
        if self._rewind is None:
            return _LEFT_OUT
        try:
            found = await self._rewind.media(prefix, rendition, session, skip=False)
        except (NotFound, Unavailable) as why:
            return why
        return None if f"{msn}.m4s" in self._of(prefix, rendition, found, part).segments else _LEFT_OUT

    @staticmethod
    async def _find(
        rewind: Rewind, prefix: str, rendition: str | None, session: LiveSession | None, *, skip: bool
    ) -> Rendered:
        """Raises `NotFound` or `Unavailable`."""
        if rendition is None:
            return await rewind.multivariant(prefix, session)
        return await rewind.media(prefix, rendition, session, skip=skip)

    def _of(self, prefix: str, rendition: str, found: Rendered, part: Part) -> _Shown:
        """Cut once for all who ask, until the playlist or the part is another."""
        known = self._shown.get((prefix, rendition))
        if known is None or known.whole != found.plain or known.part != part:
            text = parts.of_media(found.plain.decode(), part)
            listed = frozenset(line for line in text.splitlines() if line and not line.startswith("#"))
            plain = text.encode()
            known = _Shown(found.plain, part, plain, gzip.compress(plain, compresslevel=5, mtime=0), listed)
            self._shown[prefix, rendition] = known
        self._shown.move_to_end((prefix, rendition))
        while len(self._shown) > _KEPT:
            self._shown.popitem(last=False)
        return known
