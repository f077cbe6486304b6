"""Who watches an event, over all web processes: each tells the others every two seconds what it heard since.

A person is heard by whichever process answers their player, so of each the newest word counts, once. Everything is told
again within the half minute in which players ask: what the bus loses heals by itself, and a process that began just now
knows everybody soon.
"""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

from webinar.api.admission import PRESENT_S, TRANSPORTS, Admission, Heard, Transport
from webinar.base import log
from webinar.base.bus import Bus

SUBJECT: Final = "web.watching"
TELL_EVERY_S: Final = 2.0
SILENT_S: Final = 7.0  # a process that has told nothing for so long sends to nobody any more
COUNT_EVERY_S: Final = 1.0
_AT_ONCE: Final = 2000  # people in one message: 200 KB, a bus takes 1 MB
_MOST_PEOPLE: Final = 20_000
_MOST_PROCESSES: Final = 64
_MOST_EVENTS: Final = 1000

_log = log.get(__name__)


@dataclass(frozen=True, slots=True)
class Sent:
    """What leaves over WHEP of one event."""

    viewers: int = 0  # connected, players of others included
    rungs: Mapping[str, int] = field(default_factory=dict)  # viewers by rendition
    late_s: float = 0.0  # from a unit's arrival to its last packet, smoothed; of several processes the worst

    def plus(self, other: Sent) -> Sent:
        rungs = dict(Counter(self.rungs) + Counter(other.rungs))
        return Sent(self.viewers + other.viewers, rungs, max(self.late_s, other.late_s))


@dataclass(frozen=True, slots=True)
class _Process:
    told_at: float  # monotonic
    sent: Mapping[str, Sent]  # by event


class Crowd:
    """One a web process. `process` is a name no other one has."""

    def __init__(
        self, admission: Admission, sent: Callable[[str | None], Mapping[str, Sent]], process: str = ""
    ) -> None:
        """`sent(event_id)` gives what this process sends, by event: of all of them for None, else of that one."""
        self._admission = admission
        self._sent = sent
        self._process = process or uuid.uuid4().hex
        self._told_at = float("-inf")  # monotonic
        self._elsewhere: OrderedDict[uuid.UUID, Heard] = OrderedDict()  # by person; the oldest word is forgotten first
        self._others: OrderedDict[str, _Process] = OrderedDict()
        # (monotonic, watching) by event; the oldest count is forgotten first
        self._counted: OrderedDict[uuid.UUID, tuple[float, int]] = OrderedDict()

    async def listen(self, bus: Bus) -> None:
        await bus.subscribe(SUBJECT, self._on_told)

    async def keep_telling(self, bus: Bus) -> None:
        """Runs for the life of the process."""
        while True:
            await asyncio.sleep(TELL_EVERY_S)
            for message in self.news(time.monotonic()):
                await bus.publish_json(SUBJECT, message)

    # Figures

    def present(self, event_id: uuid.UUID) -> dict[Transport, int]:
        """People of an event who are there, by transport."""
        counts = dict.fromkeys(TRANSPORTS, 0)
        for heard in self._there(event_id):
            counts[heard.transport] += 1
        return counts

    def viewers(self, event_id: uuid.UUID) -> dict[Transport, int]:
        """The same, with players of other programs: they report nothing, but their media leaves from here."""
        counts = self.present(event_id)
        counts["whep"] = max(counts["whep"], self.sent(event_id).viewers)
        return counts

    def watching(self, event_id: uuid.UUID) -> int:
        """Guests whose player plays, over whatever transport. Who presents, moderates or waits in the lobby is none."""
        counts = self.viewers(event_id)
        return counts["whep"] + counts["hls"]

    def lately_watching(self, event_id: uuid.UUID, now: float) -> int:
        """The same as it was within the last second, for what every guest is told: a count goes over all of them, and
        going live wakes all at once.
        """
        at, watching = self._counted.get(event_id, (float("-inf"), 0))
        if now - at < COUNT_EVERY_S:
            return watching
        watching = self.watching(event_id)
        self._counted.pop(event_id, None)
        self._counted[event_id] = (now, watching)
        if len(self._counted) > _MOST_EVENTS:
            self._counted.popitem(last=False)
        return watching

    def behind(self, event_id: uuid.UUID, transport: Transport) -> list[float]:
        """Seconds behind live that players of one transport reported, the least first."""
        there = self._there(event_id)
        return sorted(h.behind_s for h in there if h.transport == transport and h.behind_s is not None)

    def first_pictures(self, event_id: uuid.UUID) -> list[float]:
        """Seconds to the first picture that players who are there reported, the least first."""
        return sorted(h.first_s for h in self._there(event_id) if h.first_s is not None)

    def sent(self, event_id: uuid.UUID) -> Sent:
        """What all processes send of an event."""
        name, oldest = str(event_id), time.monotonic() - SILENT_S
        total = self._sent(name).get(name, Sent())
        for process in self._others.values():
            if process.told_at >= oldest and name in process.sent:
                total = total.plus(process.sent[name])
        return total

    def _there(self, event_id: uuid.UUID) -> Iterator[Heard]:
        """The newest word of each person."""
        now = time.monotonic()
        here = {heard.person: heard for heard in self._admission.heard_of(event_id)}
        for heard in here.values():
            other = self._elsewhere.get(heard.person)
            yield heard if other is None or other.at <= heard.at else other
        for heard in self._elsewhere.values():
            if heard.event_id == event_id and heard.person not in here and now - heard.at <= PRESENT_S:
                yield heard

    # The bus

    def news(self, now: float) -> list[dict[str, Any]]:
        """What is to be told: of whom something was heard since the last time, and what is being sent."""
        people = self._admission.heard_since(self._told_at)
        self._told_at = now
        events = {event_id: [s.viewers, dict(s.rungs), round(s.late_s, 3)] for event_id, s in self._sent(None).items()}
        said: list[dict[str, Any]] = [{"process": self._process, "events": events}]
        for some in _batches(people, _AT_ONCE):
            rows = [
                [str(h.person), str(h.event_id), h.transport, round(max(now - h.at, 0.0), 2), h.behind_s, h.first_s]
                for h in some
            ]
            said.append({"process": self._process, "heard": rows})
        return said

    async def _on_told(self, payload: bytes) -> None:
        self.take(json.loads(payload), time.monotonic())

    def take(self, said: Mapping[str, Any], now: float) -> None:
        """What another process told. Raises `ValueError`, `TypeError` or `KeyError` for what nobody would tell."""
        process = str(said["process"])
        if process == self._process:
            return
        self._forget(now - PRESENT_S)
        if "events" in said:
            sent = {str(e): Sent(int(n), dict(rungs), float(late)) for e, (n, rungs, late) in said["events"].items()}
            self._others.pop(process, None)
            self._others[process] = _Process(now, sent)
            if len(self._others) > _MOST_PROCESSES:
                self._others.popitem(last=False)
        for person, event_id, transport, age_s, *own in said.get("heard", ()):
            if transport in TRANSPORTS:
                self._note(Heard(uuid.UUID(person), uuid.UUID(event_id), transport, now - float(age_s), *own))

    def _forget(self, before: float) -> None:
        """Who was told of longest ago comes first; one behind a younger word goes with a later look."""
        while self._elsewhere and next(iter(self._elsewhere.values())).at < before:
            self._elsewhere.popitem(last=False)

    def _note(self, heard: Heard) -> None:
        known = self._elsewhere.pop(heard.person, None)
        self._elsewhere[heard.person] = heard if known is None or known.at <= heard.at else known
        if len(self._elsewhere) > _MOST_PEOPLE:
            self._elsewhere.popitem(last=False)


def _batches(people: Iterable[Heard], size: int) -> Iterator[list[Heard]]:
    rest = iter(people)
    while some := list(islice(rest, size)):
        yield some
