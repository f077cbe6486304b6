"""One service under the supervisor: started, known to be ready, started again when it dies, stopped."""

from __future__ import annotations

import asyncio
import contextlib
import enum
import os
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Final

from webinar.base import log
from webinar.base.errors import CannotStart
from webinar.base.process import Command, Process

_log = log.get(__name__)

_FIRST_PAUSE_S: Final = 0.25
_MAX_PAUSE_S: Final = 10.0
_HEALTHY_S: Final = 20.0  # after so long a run the next pause is the first again
_READY_WITHIN_S: Final = 60.0
_COULD_NOT_RUN: Final = 127  # as a shell says it


class State(enum.StrEnum):
    STARTING = "starting"
    READY = "ready"
    PAUSING = "pausing"  # it ended by itself and waits to be started again
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Spec:
    """One child: what to run, and how it is known to be ready."""

    name: str
    command: Callable[[], Command]
    wait_ready: Callable[[], Awaitable[None]] | None  # None: it writes to its ready descriptor


class Child:
    """Keeps one command running until told to stop."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.state = State.STOPPED
        self.restarts = 0
        self.first_ready = asyncio.Event()
        self._process: Process | None = None
        self._task: asyncio.Task[None] | None = None
        self._stopping = False

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def start(self) -> None:
        """Returns once it serves. Raises `CannotStart` when its first run ends or is not ready in time."""
        self._task = asyncio.create_task(self._keep(), name=f"keep {self.spec.name}")
        first = asyncio.create_task(self.first_ready.wait(), name=f"first ready of {self.spec.name}")
        try:
            await asyncio.wait({self._task, first}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            first.cancel()
        if self._task.done():
            await self._task

    async def stop(self) -> None:
        self._stopping = True
        if self._process is not None:
            await self._process.stop()
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError, CannotStart):
                await self._task
        self._set(State.STOPPED)

    def _set(self, state: State) -> None:
        if state is not self.state:
            self.state = state
            _log.debug("state", child=self.spec.name, state=str(state))

    async def _keep(self) -> None:
        loop = asyncio.get_running_loop()
        pause = _FIRST_PAUSE_S
        while not self._stopping:
            started = loop.time()
            code = await self._run_once()
            if self._stopping:
                return
            if not self.first_ready.is_set():
                raise CannotStart(f"{self.spec.name} did not start (exit status {code}); its line above says why.")
            if loop.time() - started > _HEALTHY_S:
                pause = _FIRST_PAUSE_S
            self.restarts += 1
            self._set(State.PAUSING)
            _log.warning(
                "ended by itself, starting it again", child=self.spec.name, status=code, pause_s=round(pause, 2)
            )
            await asyncio.sleep(pause * random.uniform(0.8, 1.2))  # noqa: S311 - spreads restarts, guards nothing
            pause = min(pause * 2, _MAX_PAUSE_S)

    async def _run_once(self) -> int:
        self._set(State.STARTING)
        read_end, write_end = os.pipe()
        try:
            command = self.spec.command()
            if self.spec.wait_ready is None:
                command = replace(command, env={**command.env, "WEBINAR_READY_FD": str(write_end)})
            self._process = process = await Process.start(command, pass_fds=(write_end,))
        except OSError as error:  # out of memory, processes or descriptors: that may pass
            os.close(read_end)
            _log.error("cannot be run", child=self.spec.name, error=str(error))
            return _COULD_NOT_RUN
        finally:
            os.close(write_end)
        exited = asyncio.create_task(process.wait(), name=f"exit of {self.spec.name}")
        ready = asyncio.create_task(self._ready(read_end), name=f"ready {self.spec.name}")
        try:
            await asyncio.wait({exited, ready}, return_when=asyncio.FIRST_COMPLETED)
            if ready.done() and not exited.done():
                if await ready:
                    self._set(State.READY)
                    self.first_ready.set()
                elif not self._stopping:
                    _log.error("not ready in time, ending it", child=self.spec.name)
                    process.kill()
            return await asyncio.shield(exited)
        finally:
            ready.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await ready
            os.close(read_end)

    async def _ready(self, read_end: int) -> bool:
        try:
            async with asyncio.timeout(_READY_WITHIN_S):
                if self.spec.wait_ready is not None:
                    await self.spec.wait_ready()
                    return True
                return await _line_arrives(read_end)
        except TimeoutError:
            return False
        except Exception as error:  # noqa: BLE001 - whatever the look meets, the child is not ready and must be tried again
            _log.error("readiness cannot be seen", child=self.spec.name, error=str(error))
            return False


async def _line_arrives(read_end: int) -> bool:
    """True when something is written to the pipe, False when its last writer closes it without a word."""
    loop = asyncio.get_running_loop()
    readable = asyncio.Event()
    os.set_blocking(read_end, False)
    loop.add_reader(read_end, readable.set)
    try:
        await readable.wait()
        return bool(os.read(read_end, 64))
    finally:
        loop.remove_reader(read_end)
