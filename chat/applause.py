"""Reactions of one room at work: shown together once a second, to the members of every process."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections.abc import Mapping, Sequence
from typing import Final

from chat import figures, wire
from chat.ballots import Ballots
from chat.entry import Entry
from chat.live_room import LiveRoom
from chat.reactions import Reactions
from chat.store import NoRoom, StoreDown
from webinar.base import log
from webinar.base.bus import Bus

SHOW_S: Final = 1.0
WRITE_S: Final = 5.0  # what a process that is killed had counted since is lost

_log = log.get(__name__)


class Applause:
    """A feature of a `LiveRoom`."""

    def __init__(self, room: LiveRoom, ballots: Ballots, bus: Bus, process: str) -> None:
        self._room, self._ballots, self._bus, self._process = room, ballots, bus, process
        self._reactions = Reactions()

    def take(self, person: str, kind: str) -> None:
        """One reaction; of too many of one person the rest are dropped."""
        now = asyncio.get_running_loop().time()
        if not self._reactions.take(person, kind, now, dt.datetime.now(dt.UTC)):
            figures.REACTIONS_DROPPED.inc()

    # The feature

    async def run(self) -> None:
        subscription = await self._bus.subscribe(self._subject, self._on_others)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._show(), name=f"chat show reactions {self._room.event_id}")
                tasks.create_task(self._write(), name=f"chat write reactions {self._room.event_id}")
        finally:
            await self._bus.unsubscribe(subscription)

    def took(self, entry: Entry) -> None:
        """Reactions are not in the log."""

    def you(self, person: str) -> Mapping[str, object]:
        return {}

    def greeting(self, staff: bool) -> Sequence[wire.Frame]:
        return ()

    # What runs

    @property
    def _subject(self) -> str:
        return f"chat.{self._room.event_id}.reactions"

    async def _on_others(self, payload: bytes) -> None:
        said = json.loads(payload)
        if said["process"] != self._process:
            self._reactions.hear({str(kind): int(count) for kind, count in said["counts"].items()})

    async def _show(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(SHOW_S)
            self._reactions.forget_idle(loop.time())
            told, counts = self._reactions.to_tell(), self._reactions.to_show()
            if told:
                await self._bus.publish_json(self._subject, {"process": self._process, "counts": told})
            if counts:
                await self._room.tell(wire.Frame.of(wire.encode("reactions", counts=counts)))

    async def _write(self) -> None:
        while True:
            await asyncio.sleep(WRITE_S)
            await self.settle()

    async def settle(self) -> None:
        """Adds what was counted here to the totals."""
        totals = self._reactions.to_write()
        if not totals:
            return
        try:
            await self._ballots.add_reactions(self._room.event_id, totals)
        except StoreDown as error:
            dropped = self._reactions.put_back(totals)
            figures.REACTIONS_DROPPED.inc(dropped)
            _log.warning("reactions cannot be counted", event_id=str(self._room.event_id), error=str(error))
        except NoRoom:
            return  # deleted; the hub finds that out and ends the room
