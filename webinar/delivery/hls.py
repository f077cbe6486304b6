"""LL-HLS over HTTP: `/hls/{prefix}/…` as a bare ASGI application, since every viewer asks two or three times a second.

Blocking reload and preload hints as in rfc8216bis section 6.2.5.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import Final, Protocol
from urllib.parse import parse_qsl

from prometheus_client import Gauge
from starlette.types import Receive, Scope, Send

from webinar.base.hangup import hung_up
from webinar.base.storage import Storage
from webinar.delivery import playlist
from webinar.delivery.past import Gate, Past
from webinar.delivery.reply import KEPT, MP4, PLAYLIST, Reply, accepts_gzip, error, send_reply
from webinar.delivery.session import LiveSession
from webinar.delivery.window import Window

_INTERRUPTED: Final = "The live stream is interrupted."
_NOT_THERE: Final = "There is no such live stream."

_PATH: Final = re.compile(
    r"/(?P<prefix>[A-Za-z0-9_-]{16,64})"
    r"(?:/(?P<rendition>[a-z0-9]{1,16}))?"
    r"/(?:(?P<playlist>index|full)\.m3u8|(?P<init>init)\.mp4|(?P<msn>\d{1,9})(?:\.(?P<part>\d{1,4}))?\.m4s)"
)

HELD: Final = Gauge("webinar_hls_held_requests", "Requests that wait for a part that is not there yet")


class Sessions(Protocol):
    """Where the live sessions of this process are found."""

    def by_prefix(self, prefix: str) -> LiveSession | None: ...


class HlsApp:
    """Mounted at `/hls`."""

    def __init__(self, sessions: Sessions, storage: Storage | None) -> None:
        self._sessions = sessions
        self._past = Past(storage)

    def guard(self, gate: Gate) -> None:
        """Sessions that are over are answered only as `gate` says; those that are live never wait for it."""
        self._past.guard(gate)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        method = scope["method"]
        if method == "OPTIONS":
            reply = Reply("options", 204)
        elif method not in ("GET", "HEAD"):
            reply = error("other", 405, "Only GET and HEAD.")
        else:
            reply = await self._answer(scope, receive)
        await send_reply(reply, method, send)

    async def _answer(self, scope: Scope, receive: Receive) -> Reply:
        path = scope["path"].removeprefix(scope.get("root_path", "")).removeprefix("/hls")
        match = _PATH.fullmatch(path)
        if match is None:
            return error("other", 404, "There is nothing here.")
        prefix, rendition = match["prefix"], match["rendition"]
        session = self._sessions.by_prefix(prefix)
        if match["playlist"] == "full":
            return await self._past.playlist(prefix, rendition, session, scope)
        if session is None:
            return await self._stored(match)
        if rendition is None:
            if match["playlist"] is None:
                return error("other", 404, "There is nothing here.")
            return self._multivariant(session)
        if rendition not in session.windows:
            return error("other", 404, "There is no such rendition.")
        if match["playlist"] is not None:
            return await self._media_playlist(session, rendition, scope, receive)
        if match["init"] is not None:
            return Reply("init", 200, session.windows[rendition].init.payload, MP4, KEPT)
        msn, part = int(match["msn"]), None if match["part"] is None else int(match["part"])
        found = await self._media(session, rendition, msn, part, receive)
        return await self._past.guarded(found, prefix, rendition, msn, session)

    async def _stored(self, match: re.Match[str]) -> Reply:
        """Of a session that is not in this process."""
        if match["rendition"] is None or match["playlist"] is not None or match["part"] is not None:
            return error("other", 404, _NOT_THERE)
        prefix, rendition = match["prefix"], match["rendition"]
        msn = None if match["init"] is not None else int(match["msn"])
        return await self._past.guarded(await self._past.stored(prefix, rendition, msn), prefix, rendition, msn, None)

    def _multivariant(self, session: LiveSession) -> Reply:
        if not session.playable:
            return error("multivariant", 503, "The programme is about to start.", retry_after_s=1)
        text = playlist.multivariant(playlist.qualities(session.windows)).encode()
        return Reply("multivariant", 200, text, PLAYLIST, b"public, max-age=1")

    async def _media_playlist(self, session: LiveSession, rendition: str, scope: Scope, receive: Receive) -> Reply:
        query = dict(parse_qsl(scope["query_string"].decode("latin-1")))
        window = session.windows[rendition]
        try:
            msn, part = _position(query)
        except ValueError as wrong:
            return error("playlist", 400, str(wrong))
        target = playlist.target_duration(window.init.segment_target)
        cache = b"public, max-age=%d" % (6 * target)
        if msn is None:
            cache = b"public, max-age=1" if window.ended else b"public, max-age=0, s-maxage=1"
            await _first_segment(receive, session, rendition, 1.5 * target)
        elif not window.ended:
            # Section 6.2.5.2: what is too far away is refused at once.
            if _too_far(window, msn, part):
                if _behind(session, rendition):
                    # Far only from what this process has: the player read further, here or elsewhere.
                    return error("playlist", 503, _INTERRUPTED, retry_after_s=1)
                return error("playlist", 400, "This part of the programme is too far in the future.")
            if not await _wait(receive, session, rendition, (msn, part), 3.0 * target):
                return error("playlist", 503, _INTERRUPTED, retry_after_s=1)
        if session.windows[rendition].last_position is None:
            return error("playlist", 503, "The programme is about to start.", retry_after_s=1)
        plain, gzipped = session.media_playlist(rendition, skip=query.get("_HLS_skip") in ("YES", "v2"))
        if accepts_gzip(scope):
            return Reply("playlist", 200, gzipped, PLAYLIST, cache, gzipped=True)
        return Reply("playlist", 200, plain, PLAYLIST, cache)

    async def _media(self, session: LiveSession, rendition: str, msn: int, part: int | None, receive: Receive) -> Reply:
        window = session.windows[rendition]
        segment = window.segment(msn)
        if part is None:
            if segment is not None and segment.complete:
                return Reply("segment", 200, segment.payload, MP4, KEPT)
            if (msn, 0) >= window.next_position and _behind(session, rendition):
                return error("segment", 503, _INTERRUPTED, retry_after_s=1)
            return await self._past.stored(session.hls_prefix, rendition, msn)
        if (msn, part) == window.next_position and not window.ended:
            # The hinted part: held until it is there, then sent whole (section 4.4.5.3).
            await _wait(receive, session, rendition, (msn, part), 3 * window.init.part_target)
            window = session.windows[rendition]
            segment = window.segment(msn)
        if segment is None or part >= len(segment.parts):
            if (msn, part) >= window.next_position and _behind(session, rendition):
                return error("part", 503, _INTERRUPTED, retry_after_s=1)
            return error("part", 404, "There is no such part.")
        return Reply("part", 200, segment.parts[part].payload, MP4, KEPT)


async def _wait(
    receive: Receive, session: LiveSession, rendition: str, position: tuple[int, int | None], timeout_s: float
) -> bool:
    """Until the window has come to (msn, part); false after `timeout_s`, or when the player has hung up.

    Every viewer waits here three times a second and track: one task, for the hang-up, and no more.
    """
    if session.known(rendition, *position):
        return True
    waiting = session.when(rendition, *position)
    gone = asyncio.create_task(hung_up(receive), name="client hangs up")
    gone.add_done_callback(lambda _: _give_up(waiting))
    timer = asyncio.get_running_loop().call_later(timeout_s, _give_up, waiting)
    try:
        with HELD.track_inprogress():
            return await waiting
    finally:
        timer.cancel()
        session.forget(rendition, waiting)
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)


def _give_up(waiting: asyncio.Future[bool]) -> None:
    if not waiting.done():
        waiting.set_result(False)


async def _first_segment(receive: Receive, session: LiveSession, rendition: str, timeout_s: float) -> None:
    """Who comes within the first seconds of a session gets a playlist with a segment, not one of parts alone.

    hls.js takes the latter for broken ("No Segments found in Playlist"). EXT-X-GAP before the first segment would be no
    help: the place to start at would lie in a gap, which hls.js holds against the rendition (FRAG_GAP) and leaves it.
    """
    window = session.windows[rendition]
    position = window.last_position
    if position is not None and not window.has(position[0], None) and window.segment(position[0] - 1) is None:
        await _wait(receive, session, rendition, (position[0], None), timeout_s)


def _position(query: Mapping[str, str]) -> tuple[int | None, int | None]:
    """Segment and part that a request waits for (section 6.2.5.2), None where it names none. Raises `ValueError`."""
    for name in ("_HLS_msn", "_HLS_part"):
        if name in query and not query[name].isdecimal():
            raise ValueError("_HLS_msn and _HLS_part are whole numbers.")
    if "_HLS_part" in query and "_HLS_msn" not in query:
        raise ValueError("_HLS_part needs _HLS_msn.")
    msn = int(query["_HLS_msn"]) - playlist.FIRST_MSN if "_HLS_msn" in query else None
    return msn, int(query["_HLS_part"]) if "_HLS_part" in query else None


def _too_far(window: Window, msn: int, part: int | None) -> bool:
    """More than two segments away, or a part far beyond the next one."""
    next_msn, next_part = window.next_position
    return msn > next_msn + 2 or (msn == next_msn and part is not None and part > next_part + 16)


def _behind(session: LiveSession, rendition: str) -> bool:
    """What this process has says nothing of where the programme is: parts were lost, or none has come yet."""
    window = session.windows[rendition]
    return not window.ended and (session.behind or window.last_position is None)
