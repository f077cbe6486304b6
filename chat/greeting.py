"""What somebody who comes into a room is told before its events: the state, and what concerns them alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import NamedTuple

from chat import wire
from chat.feature import Feature
from chat.presence import Presence
from chat.room import Member
from chat.socket import Outlet
from chat.state import RoomState


class Told(NamedTuple):
    """What one socket has been told that no event tells."""

    ended: bool
    beside: tuple[wire.Frame, ...]


class Greeting:
    """Of one room. `features` gives those it has by then."""

    def __init__(self, state: RoomState, presence: Presence, features: Callable[[], Sequence[Feature]]) -> None:
        self._state, self._presence, self._features = state, presence, features
        self._states: dict[bool, tuple[tuple[int, int], wire.Frame]] = {}  # audience → (version, frame)

    async def write(self, member: Member[Outlet], *, reset: bool) -> Told:
        """To one socket, as fast as its client reads; `reset` when it has to drop what it has."""
        outlet = member.outlet
        if reset:
            outlet.write(wire.Frame.of(wire.encode("reset")))
        ended = self._state.settings.ended
        outlet.write(self.state(member.staff))
        await outlet.drain()
        told = Told(ended, self._beside(member))
        for frame in told.beside:
            outlet.write(frame)
        await outlet.drain()
        return told

    def write_news(self, member: Member[Outlet], told: Told) -> None:
        """What changed since without being an event: those who are not live yet are told nothing."""
        if self._state.settings.ended != told.ended:
            member.outlet.write(self.state(member.staff))
        for frame in self._beside(member):
            if frame not in told.beside:
                member.outlet.write(frame)

    def _beside(self, member: Member[Outlet]) -> tuple[wire.Frame, ...]:
        """What stands beside the state."""
        frames = [self.you_frame(member.person)]
        if member.staff:
            frames.append(self._presence.locks_frame())
        for feature in self._features():
            frames += feature.greeting(member.staff)
        return tuple(frames)

    def state(self, staff: bool) -> wire.Frame:
        """The present state for one audience; encoded once as long as nothing changes."""
        version = (self._state.version, self._presence.roster.staff_version)
        known, frame = self._states.get(staff, (None, None))
        if frame is None or known != version:
            fields = self._state.snapshot(staff)
            # Those who have said nothing yet can be mentioned too.
            here = {person.id: person._asdict() for person in self._presence.roster.staff.values()}
            fields["hosts"] = list({**self._state.messages.hosts, **here}.values())
            frame = wire.Frame.of(wire.encode("state", **fields))
            self._states[staff] = (version, frame)
        return frame

    def you_frame(self, person: str) -> wire.Frame:
        return wire.Frame.of(wire.encode("you", **self.you(person)))

    def you(self, person: str) -> dict[str, object]:
        """What concerns this one person: the fields of `you`."""
        until = self._state.sanctions.muted_until(person, dt.datetime.now(dt.UTC))
        fields: dict[str, object] = {"muted_until": None if until is None else wire.moment(until)}
        for feature in self._features():
            fields.update(feature.you(person))
        return fields
