"""The replay of an event: whether somebody may watch it, which part of what was sent, and by which address."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from webinar.attendance.service import AttendanceService
from webinar.base import log
from webinar.base.errors import Forbidden, NotFound
from webinar.delivery.part import Part
from webinar.events.model import Event, EventState
from webinar.links import Links
from webinar.media_gate import closed
from webinar.recordings.cuts import Cut
from webinar.recordings.editing import Editing, cut_file
from webinar.recordings.gate import Gate, Refused, Who, refusal
from webinar.recordings.model import Download, Recording, film
from webinar.recordings.service import RecordingService
from webinar.registration.model import Attendee, Status

_log = log.get(__name__)
_STORE_PATIENCE_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Replay:
    """`refused` None: `url` is to be played: a playlist, or once the segments were removed the film itself. The part is
    in s of the recording.
    """

    gate: Gate
    refused: Refused | None
    url: str | None
    begins_s: float
    ends_s: float | None
    recording: Recording | None
    file: Download | None  # for guests, where the host gives it out


class ReplayDoor:
    """One a web process."""

    def __init__(
        self,
        recordings: RecordingService,
        editing: Editing,
        attendance: AttendanceService,
        links: Links,
        prefix: Callable[[str], Awaitable[str | None]] | None,
    ) -> None:
        """`prefix(event_id)`: where the segments of an ended event lie; None in a process that serves no media."""
        self._recordings = recordings
        self._editing = editing
        self._attendance = attendance
        self._links = links
        self._prefix = prefix

    async def look(self, event: Event, attendee: Attendee | None = None) -> Replay:
        """For somebody with a personal link, or (None) anybody. Never raises for what is not there yet."""
        gate = await self._editing.gate(event.id)
        seated = attendee is not None and attendee.event_id == event.id and attendee.status is Status.APPROVED
        attended = False
        if gate.who is Who.ATTENDED and seated and attendee is not None:
            (person,) = await self._attendance.people(event.id, [attendee.id])
            attended = person.came
        refused = refusal(gate, datetime.now(UTC), seated=seated, attended=attended)
        if event.state is not EventState.ENDED and refused in (None, Refused.NOT_ATTENDED):
            refused = Refused.NOT_READY
        if refused is not None:
            return Replay(gate, refused, None, 0.0, None, None, None)
        found = await self._recordings.of_event(event.id)
        recording = found[0] if found else None
        cut = None if recording is None else await self._editing.cut(recording)
        prefix, answered = await self._where(event)
        url, begins_s, ends_s = self._shown(prefix, recording, cut)
        file = _file(recording, cut)
        if url is None and answered and recording is not None and file is not None:
            url = self._links.film(recording, file)
        given = file if gate.download else None
        return Replay(gate, None if url else Refused.NOT_READY, url, begins_s, ends_s, recording, given)

    async def film(self, recording: Recording, *, save: bool = False) -> Download:
        """The file that guests watch, or `save`, while the gate lets anybody; without what its host left out by then.

        Raises `Gone`, `Forbidden` where it is not given out, and `NotFound` while it is made.
        """
        gate = await self._editing.gate(recording.event_id)
        refused = closed(gate, datetime.now(UTC))
        if refused is not None:
            raise refused
        if save and not gate.download:
            raise Forbidden("The host does not give out this recording as a file.", code="replay_no_file")
        file = _file(recording, await self._editing.cut(recording))
        if file is None:
            raise NotFound("This part of the recording is not ready yet.", code="not_ready")
        return file

    async def cut(self, recording: Recording) -> Cut | None:
        """The one that leaves something out, which is for nobody but hosts; None where all of it is given out."""
        cut = await self._editing.cut(recording)
        return cut if cut is not None and cut.trims else None

    def _shown(
        self, prefix: str | None, recording: Recording | None, cut: Cut | None
    ) -> tuple[str | None, float, float | None]:
        """The playlist, and what of the recording it shows. It is `MediaGate` that keeps to it, not the address."""
        length_s = None if recording is None else recording.duration_s
        url = None if prefix is None else self._links.absolute(f"/hls/{prefix}/full.m3u8")
        if cut is None or not cut.trims or length_s is None:
            return url, 0.0, length_s
        # What is to be left out is left out at once, also while the file is still being made.
        return url and url + Part(*cut.part()).query, *cut.part(length_s)

    async def _where(self, event: Event) -> tuple[str | None, bool]:
        """The prefix of its segments, and whether the store answered: while it does not, no film comes of it either.

        That the event is over must not wait for a slow store: whoever asks next looks again.
        """
        if self._prefix is None:
            return None, False
        try:
            async with asyncio.timeout(_STORE_PATIENCE_S):
                return await self._prefix(str(event.id)), True
        except TimeoutError:
            _log.warning("the store is slow to say where a replay is", event_id=str(event.id))
            return None, False


def _file(recording: Recording | None, cut: Cut | None) -> Download | None:
    """What a host left of the recording, as a file; None while it is made."""
    if recording is None:
        return None
    return film(recording) if cut is None or not cut.trims else cut_file(recording, cut)
