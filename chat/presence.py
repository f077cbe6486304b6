"""Who is in a room and which moderator looks at what, told to the other processes and to those who are here."""

from __future__ import annotations

import asyncio
import contextlib
import json
import uuid
from collections.abc import AsyncIterator, Awaitable
from typing import Final, Protocol

from chat import wire
from chat.locks import Locks
from chat.roster import Person, Roster
from webinar.base.bus import Bus

COUNT_S: Final = 3.0
_WHOLE_S: Final = 1.0  # the whole list is told at most this often, however many ask


class Tell(Protocol):
    """`LiveRoom.tell`."""

    def __call__(self, frame: wire.Frame, *, staff: bool | None = None) -> Awaitable[None]: ...


class Presence:
    def __init__(self, event_id: uuid.UUID, bus: Bus, process: str, tell: Tell) -> None:
        self.roster = Roster(process)
        self.locks = Locks()
        self._event_id, self._bus, self._tell = event_id, bus, tell
        self._told = -1  # the count members know
        self._whole_at = float("-inf")

    @property
    def online(self) -> int:
        return self.roster.online

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Hears the other processes."""
        said = {"here": self._on_here, "who": self._on_who, "locks": self._on_locks}
        subscriptions = []
        try:
            for kind, handler in said.items():
                subscriptions.append(await self._bus.subscribe(self._subject(kind), handler))
            yield
        finally:
            for subscription in subscriptions:
                await self._bus.unsubscribe(subscription)

    async def run(self) -> None:
        """Says who is here, every few seconds, and tells members the count when it changed."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(COUNT_S)
            self.roster.forget_silent(loop.time())
            await self._say("here", self.roster.news())
            if self.locks.expire(loop.time()):
                await self.tell_locks()
            online = self.online
            if online != self._told:
                self._told = online
                await self._tell(wire.Frame.of(wire.encode("count", online=online)))

    # Locks

    def locks_frame(self) -> wire.Frame:
        return wire.Frame.of(wire.encode("locks", locks=self.locks.list()))

    async def tell_locks(self) -> None:
        await self._tell(self.locks_frame(), staff=True)

    async def lock(self, op: str, target: int, person: str, name: str) -> None:
        """`lock` or `unlock` by somebody here."""
        await self._say("locks", {"process": self.roster.process, "op": op, "target": target, "by": [person, name]})
        await self._change_lock(op, target, person, name)

    async def release(self, person: str) -> None:
        """Their last socket here was closed."""
        for target in self.locks.leave(person):
            by = [person, ""]
            await self._say("locks", {"process": self.roster.process, "op": "unlock", "target": target, "by": by})
            await self.tell_locks()

    async def _change_lock(self, op: str, target: int, person: str, name: str) -> None:
        now = asyncio.get_running_loop().time()
        changed = self.locks.lock(target, person, name, now) if op == "lock" else self.locks.unlock(target, person)
        if changed:
            await self.tell_locks()

    # The bus

    def _subject(self, kind: str) -> str:
        return f"chat.{self._event_id}.{kind}"

    async def _say(self, kind: str, said: dict[str, object]) -> None:
        await self._bus.publish_json(self._subject(kind), said)

    async def _on_here(self, payload: bytes) -> None:
        said = json.loads(payload)
        if said["process"] == self.roster.process:
            return
        if not self.roster.take(said, asyncio.get_running_loop().time()):
            await self._say("who", {"process": said["process"]})

    async def _on_who(self, payload: bytes) -> None:
        now = asyncio.get_running_loop().time()
        if json.loads(payload)["process"] == self.roster.process and now - self._whole_at >= _WHOLE_S:
            self._whole_at = now
            for said in self.roster.whole():
                await self._say("here", said)

    async def _on_locks(self, payload: bytes) -> None:
        said = json.loads(payload)
        if said["process"] != self.roster.process:
            await self._change_lock(str(said["op"]), int(said["target"]), *map(str, said["by"]))


__all__ = ["Person", "Presence"]
