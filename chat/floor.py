"""Who asks for the floor in a room: limits on questions, votes and hands, everybody's own hand, muted askers."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Final

from chat import wire
from chat.askers import Askers
from chat.entry import Draft, Entry
from chat.gathering import Refusal
from chat.hands import Absences
from chat.limits import Window
from chat.live_room import LiveRoom
from webinar.base.bus import Bus

QUESTIONS: Final = (5, 60.0)  # of one person over all their tabs, in so many seconds
BALLOTS: Final = (30, 10.0)  # votes and answers to polls
HANDS: Final = (6, 30.0)  # up or down
_LOOK_S: Final = 5.0


class Floor:
    """A feature of a `LiveRoom`."""

    def __init__(self, room: LiveRoom, bus: Bus) -> None:
        self._room, self._bus = room, bus
        self.questions, self.ballots, self.hands = Window(*QUESTIONS), Window(*BALLOTS), Window(*HANDS)
        self.askers = Askers()
        self._absences = Absences()
        self._muting = asyncio.Event()  # somebody who asked here

    async def run(self) -> None:
        subscription = await self._bus.subscribe(self._subject, self._on_muted)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._look_after(), name=f"chat hands {self._room.event_id}")
                tasks.create_task(self._tell_muted(), name=f"chat muted askers {self._room.event_id}")
        finally:
            await self._bus.unsubscribe(subscription)

    def took(self, entry: Entry) -> None:
        if entry.type == "hand" and "of" not in entry.content:
            # The event does not say whose hand it is: their other tabs learn it so.
            self._room.tell_you(entry.person)
        elif entry.type == "mute_asker":
            person = self.askers.of(int(entry.content["target"]))
            if person is not None:
                self.askers.mute(person, dt.datetime.fromisoformat(entry.content["until"]))
                self._muting.set()

    def you(self, person: str) -> Mapping[str, object]:
        return {"hand": self._room.state.hands.of(person)}

    def greeting(self, staff: bool) -> Sequence[wire.Frame]:
        return ()

    async def settle(self) -> None:
        """Nothing of it is stored."""

    # What runs

    async def _look_after(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_S)
            now = asyncio.get_running_loop().time()
            for window in (self.questions, self.ballots, self.hands):
                window.forget_idle(now)
            await self.lower(now)
            self._muting.set()  # for processes that came since

    async def lower(self, now: float) -> None:
        """Takes down the hands of those who left (`now`: seconds of the loop). Each process does so, and it happens
        once: by a `cid` of the hand's own, whoever is first.
        """
        roster, state = self._room.presence.roster, self._room.state
        raised = state.hands.owners()
        if state.settings.ended or not roster.complete:
            return
        for person in self._absences.over(now, raised, lambda one: roster.find(one) is not None):
            hand = raised[person]
            cid = str(uuid.uuid5(self._room.event_id, f"away {hand.seq}"))
            who = {key: hand.content[key] for key in ("name", "role") if key in hand.content}
            try:
                await self._room.submit(Draft("hand", cid, person, {**who, "up": False, "of": hand.seq}))
            except Refusal:
                return  # the next look tries again

    # Muted askers

    @property
    def _subject(self) -> str:
        return f"chat.{self._room.event_id}.askers"

    async def _tell_muted(self) -> None:
        while True:
            await self._muting.wait()
            self._muting.clear()
            muted = self.askers.muted(dt.datetime.now(dt.UTC))
            if muted:
                told = {"muted": [[person, until.isoformat()] for person, until in muted]}
                await self._bus.publish_json(self._subject, told)

    async def _on_muted(self, payload: bytes) -> None:
        now = dt.datetime.now(dt.UTC)
        for person, moment in json.loads(payload)["muted"]:
            until = dt.datetime.fromisoformat(moment)
            known = self.askers.muted_until(person, now)
            if known is None or known < until:
                self.askers.mute(person, until)
