"""LL-HLS over HTTP: `/hls/{prefix}/…` as a bare ASGI application, since every viewer asks two or three times a second.

Blocking reload and preload hints as in rfc8216bis section 6.2.5.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol
from urllib.parse import parse_qsl

from prometheus_client import Counter, Gauge
from starlette.types import Receive, Scope, Send

from ingest.contract import Key
from webinar.base.errors import NotFound, Unavailable, WebinarError
from webinar.base.hangup import hung_up
from webinar.base.storage import Storage
from webinar.delivery import part as parts
from webinar.delivery import playlist
from webinar.delivery.archive import Archive
from webinar.delivery.rewind import Rewind
from webinar.delivery.session import LiveSession
from webinar.delivery.window import Window

_PLAYLIST: Final = b"application/vnd.apple.mpegurl"
_MP4: Final = b"video/mp4"
_INTERRUPTED: Final = "The live stream is interrupted."
_FOREVER: Final = b"public, max-age=31536000, immutable"
# Of an event that is over: a cache on the way asks again, since the host may close the replay.
_AFTERWARDS: Final = b"public, max-age=31536000, s-maxage=10, immutable"
_NO_STORE: Final = b"no-store"

_PATH: Final = re.compile(
    r"/(?P<prefix>[A-Za-z0-9_-]{16,64})"
    r"(?:/(?P<rendition>[a-z0-9]{1,16}))?"
    r"/(?:(?P<playlist>index|full)\.m3u8|(?P<init>init)\.mp4|(?P<msn>\d{1,9})(?:\.(?P<part>\d{1,4}))?\.m4s)"
)

REQUESTS: Final = Counter("webinar_hls_requests_total", "Requests for LL-HLS", ["kind", "status"])
SENT_BYTES: Final = Counter("webinar_hls_sent_bytes_total", "Bytes of LL-HLS bodies", ["kind"])
HELD: Final = Gauge("webinar_hls_held_requests", "Requests that wait for a part that is not there yet")

_COMMON: Final = [
    (b"access-control-allow-origin", b"*"),
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"cross-origin"),
]


# Of a part, as `HlsApp` sends them; for `webinar.delivery.express`.
PART_HEADERS: Final = b"".join(
    b"%b: %b\r\n" % header for header in (*_COMMON, (b"content-type", _MP4), (b"cache-control", _FOREVER))
)


class Sessions(Protocol):
    """Where the live sessions of this process are found."""

    def by_prefix(self, prefix: str) -> LiveSession | None: ...


class Gate(Protocol):
    """What is decided elsewhere about sessions that are not live in this process."""

    async def refused(self, prefix: str) -> WebinarError | None:
        """Why nobody gets this session now, None when it may be played. Never raises."""
        ...


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer, whole."""

    kind: str
    status: int
    body: bytes = b""
    type: bytes = b"text/plain; charset=utf-8"
    cache: bytes = _NO_STORE
    gzipped: bool = False
    retry_after_s: int | None = None


def _error(kind: str, status: int, text: str, *, retry_after_s: int | None = None) -> Reply:
    return Reply(kind, status, text.encode() + b"\n", retry_after_s=retry_after_s)


class HlsApp:
    """Mounted at `/hls`."""

    def __init__(self, sessions: Sessions, storage: Storage | None) -> None:
        self._sessions = sessions
        self._storage = storage
        self._rewind = None if storage is None else Rewind(Archive(storage))
        self._gate: Gate | None = None

    def guard(self, gate: Gate) -> None:
        """Sessions that are not live here are answered only as `gate` says; those that are never wait for it."""
        self._gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        method = scope["method"]
        if method == "OPTIONS":
            reply = Reply("options", 204)
        elif method not in ("GET", "HEAD"):
            reply = _error("other", 405, "Only GET and HEAD.")
        else:
            reply = await self._answer(scope, receive)
        REQUESTS.labels(reply.kind, reply.status).inc()
        SENT_BYTES.labels(reply.kind).inc(len(reply.body))
        headers = [
            *_COMMON,
            (b"content-type", reply.type),
            (b"content-length", str(len(reply.body)).encode()),
            (b"cache-control", reply.cache),
        ]
        if reply.type == _PLAYLIST:
            headers.append((b"vary", b"accept-encoding"))
        if reply.gzipped:
            headers.append((b"content-encoding", b"gzip"))
        if reply.retry_after_s is not None:
            headers.append((b"retry-after", str(reply.retry_after_s).encode()))
        if reply.status == 405:
            headers.append((b"allow", b"GET, HEAD, OPTIONS"))
        if method == "OPTIONS":
            headers += [(b"access-control-allow-methods", b"GET, HEAD"), (b"access-control-max-age", b"86400")]
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if method == "HEAD" else reply.body})

    async def _answer(self, scope: Scope, receive: Receive) -> Reply:
        path = scope["path"].removeprefix(scope.get("root_path", "")).removeprefix("/hls")
        match = _PATH.fullmatch(path)
        if match is None:
            return _error("other", 404, "There is nothing here.")
        session = self._sessions.by_prefix(match["prefix"])
        if match["playlist"] == "full":
            whole = await self._whole(match["prefix"], match["rendition"], session, scope)
            return whole if session is not None else await self._guarded(match["prefix"], whole)
        if session is None:
            return await self._guarded(match["prefix"], await self._stored(match, _AFTERWARDS))
        if match["rendition"] is None:
            if match["playlist"] is None:
                return _error("other", 404, "There is nothing here.")
            return self._multivariant(session)
        if match["rendition"] not in session.windows:
            return _error("other", 404, "There is no such rendition.")
        if match["playlist"] is not None:
            return await self._media_playlist(session, match["rendition"], scope, receive)
        if match["init"] is not None:
            return Reply("init", 200, session.windows[match["rendition"]].init.payload, _MP4, _FOREVER)
        part = None if match["part"] is None else int(match["part"])
        return await self._media(session, match, part, receive)

    def _multivariant(self, session: LiveSession) -> Reply:
        if not session.playable:
            return _error("multivariant", 503, "The programme is about to start.", retry_after_s=1)
        text = playlist.multivariant(playlist.qualities(session.windows)).encode()
        return Reply("multivariant", 200, text, _PLAYLIST, b"public, max-age=1")

    async def _media_playlist(self, session: LiveSession, rendition: str, scope: Scope, receive: Receive) -> Reply:
        query = dict(parse_qsl(scope["query_string"].decode("latin-1")))
        window = session.windows[rendition]
        try:
            msn, part = _position(query)
        except ValueError as error:
            return _error("playlist", 400, str(error))
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
                    return _error("playlist", 503, _INTERRUPTED, retry_after_s=1)
                return _error("playlist", 400, "This part of the programme is too far in the future.")
            if not await _wait(receive, session, rendition, (msn, part), 3.0 * target):
                return _error("playlist", 503, _INTERRUPTED, retry_after_s=1)
        if session.windows[rendition].last_position is None:
            return _error("playlist", 503, "The programme is about to start.", retry_after_s=1)
        plain, gzipped = session.media_playlist(rendition, skip=query.get("_HLS_skip") in ("YES", "v2"))
        if _accepts_gzip(scope):
            return Reply("playlist", 200, gzipped, _PLAYLIST, cache, gzipped=True)
        return Reply("playlist", 200, plain, _PLAYLIST, cache)

    async def _whole(self, prefix: str, rendition: str | None, session: LiveSession | None, scope: Scope) -> Reply:
        """The playlists of the whole event, by media type EVENT while it is live and VOD afterwards."""
        if self._rewind is None:
            return _error("full", 404, "There is no such live stream.")
        if session is not None and not session.playable:
            return _error("full", 503, "The programme is about to start.", retry_after_s=1)
        if session is not None and rendition is not None and rendition not in session.windows:
            return _error("full", 404, "There is no such rendition.")
        try:
            wanted = parts.wanted(dict(parse_qsl(scope["query_string"].decode("latin-1"))))
        except ValueError as error:
            return _error("full", 400, str(error))
        try:
            if rendition is None:
                found = await self._rewind.multivariant(prefix, session)
            else:
                skip = b"_HLS_skip=" in scope["query_string"]
                found = await self._rewind.media(prefix, rendition, session, skip=skip)
        except NotFound:
            return _error("full", 404, "There is no such live stream.")
        except Unavailable as error:
            return _error("full", 503, error.message, retry_after_s=error.retry_after_s or 2)
        cache = b"public, max-age=300, s-maxage=10" if found.final else b"public, max-age=0, s-maxage=1"
        if wanted is not None and (session is None or session.ended):
            cut = parts.of_multivariant if rendition is None else parts.of_media
            return Reply("full", 200, cut(found.plain.decode(), wanted).encode(), _PLAYLIST, cache)
        if found.gzipped and _accepts_gzip(scope):
            return Reply("full", 200, found.gzipped, _PLAYLIST, cache, gzipped=True)
        return Reply("full", 200, found.plain, _PLAYLIST, cache)

    async def _media(self, session: LiveSession, match: re.Match[str], part: int | None, receive: Receive) -> Reply:
        rendition, msn = match["rendition"], int(match["msn"])
        window = session.windows[rendition]
        segment = window.segment(msn)
        if part is None:
            if segment is not None and segment.complete:
                return Reply("segment", 200, segment.payload, _MP4, _FOREVER)
            if (msn, 0) >= window.next_position and _behind(session, rendition):
                return _error("segment", 503, _INTERRUPTED, retry_after_s=1)
            return await self._stored(match)
        if (msn, part) == window.next_position and not window.ended:
            # The hinted part: held until it is there, then sent whole (section 4.4.5.3).
            await _wait(receive, session, rendition, (msn, part), 3 * window.init.part_target)
            window = session.windows[rendition]
            segment = window.segment(msn)
        if segment is None or part >= len(segment.parts):
            if (msn, part) >= window.next_position and _behind(session, rendition):
                return _error("part", 503, _INTERRUPTED, retry_after_s=1)
            return _error("part", 404, "There is no such part.")
        return Reply("part", 200, segment.parts[part].payload, _MP4, _FOREVER)

    async def _guarded(self, prefix: str, reply: Reply) -> Reply:
        """What was found, where the gate lets it out. Asked last: prefixes that do not exist cost no query."""
        refused = None if self._gate is None or reply.status != 200 else await self._gate.refused(prefix)
        if refused is None:
            return reply
        retry_after_s = refused.retry_after_s or 2 if isinstance(refused, Unavailable) else None
        return _error(reply.kind, refused.status, refused.message, retry_after_s=retry_after_s)

    async def _stored(self, match: re.Match[str], cache: bytes = _FOREVER) -> Reply:
        """A segment of the past, or of an ended session: from the object store."""
        wanted = match["init"] is not None or (match["msn"] is not None and match["part"] is None)
        if self._storage is None or match["rendition"] is None or not wanted:
            return _error("other", 404, "There is no such live stream.")
        prefix, rendition = match["prefix"], match["rendition"]
        init = match["init"] is not None
        key = Key.init(prefix, rendition) if init else Key.segment(prefix, rendition, int(match["msn"]))
        try:
            data = await self._storage.get_bytes(key)
        except NotFound:
            return _error("stored", 404, "There is no such segment.")
        except Unavailable as error:
            return _error("stored", 503, error.message, retry_after_s=2)
        return Reply("stored", 200, data, _MP4, cache)


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


def _accepts_gzip(scope: Scope) -> bool:
    return any(name == b"accept-encoding" and b"gzip" in value for name, value in scope["headers"])
