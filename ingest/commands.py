"""What the bus may ask of one live session: `ingest.<event>.<verb>`, as docs/architecture.md lists them."""

from __future__ import annotations

import functools
import json
from collections.abc import Awaitable, Callable

from ingest.accept.whip import WhipServer
from ingest.contract import SessionState
from ingest.session import LiveSession
from webinar.base.bus import Json
from webinar.base.errors import BadRequest, Unavailable


class Commands:
    """One a process. Bodies come from the bus as they are: each verb takes what it knows and says what is missing."""

    def __init__(self, whip: WhipServer, may_start: Callable[[], bool], stopped: Callable[[LiveSession], None]) -> None:
        """`may_start`: whether one more event may go live here; `stopped` is called with a session that was ended."""
        self._whip = whip
        self._may_start = may_start
        self._stopped = stopped

    def of(self, session: LiveSession) -> dict[str, Callable[[Json], Awaitable[Json]]]:
        """By verb, what serves it for this session. They raise `WebinarError`, which the bus gives to who asked."""
        verbs = {
            "whip": self._whip_offer,
            "whip_patch": self._whip_patch,
            "whip_delete": self._whip_delete,
            "start": self._start,
            "pause": self._pause,
            "holding": self._holding,
            "end": self._end,
            "keyframe": self._keyframe,
            "snapshot": self._snapshot,
            "status": self._status,
        }
        return {verb: functools.partial(serve, session) for verb, serve in verbs.items()}

    async def _whip_offer(self, session: LiveSession, body: Json) -> Json:
        session.check_open()
        answer = await self._whip.offer(
            session.event_id,
            str(body.get("sdp", "")),
            sink=session.presenter,
            take_over=body.get("take_over") is True,
            resume=str(body.get("resume", "")),
        )
        return {"sdp": answer.sdp, "resource": answer.resource, "etag": answer.etag}

    async def _whip_patch(self, session: LiveSession, body: Json) -> Json:
        resource, fragment, if_match = (str(body.get(name, "")) for name in ("resource", "fragment", "if_match"))
        answer = self._whip.patch(resource, fragment, if_match)
        return {} if answer is None else {"fragment": answer.fragment, "etag": answer.etag}

    async def _whip_delete(self, session: LiveSession, body: Json) -> Json:
        await self._whip.delete(str(body.get("resource", "")))
        return {}

    async def _start(self, session: LiveSession, body: Json) -> Json:
        if session.state is SessionState.REHEARSAL and not self._may_start():
            raise Unavailable("This server is at its limit of live events.", code="no_room", retry_after_s=30)
        return dict(await session.start(paused=body.get("paused") is True))

    async def _pause(self, session: LiveSession, body: Json) -> Json:
        paused = body.get("paused")
        if not isinstance(paused, bool):
            raise BadRequest("paused: true or false is missing.")
        await session.pause(paused)
        return {"paused": paused}

    async def _holding(self, session: LiveSession, body: Json) -> Json:
        await session.hold(str(body.get("holding", "")))
        return {}

    async def _end(self, session: LiveSession, body: Json) -> Json:
        stopped = await session.end()
        self._stopped(session)
        return {"duration_s": stopped.duration_s}

    async def _keyframe(self, session: LiveSession, body: Json) -> Json:
        session.request_keyframe()
        return {}

    async def _snapshot(self, session: LiveSession, body: Json) -> Json:
        subject = body.get("to")
        if not isinstance(subject, str) or not subject:
            raise BadRequest("to: the subject to publish to is missing.")
        return {"messages": await session.snapshot(subject)}

    async def _status(self, session: LiveSession, body: Json) -> Json:
        return dict(json.loads(session.status().to_json()))
