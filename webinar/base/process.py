"""Child processes that end with us, even when we are killed, and whose output is ours to show."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

_PR_SET_PDEATHSIG: Final = 1  # prctl(2)
_LINE_LIMIT: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Command:
    """What to run, as whom, and how it wants to be stopped."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    cwd: Path | None = None
    user: int | None = None  # uid and gid to run as; only root may set them
    group: int | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    stop_grace_s: float = 10.0
    pass_fds: Sequence[int] = ()
    on_line: Callable[[str], None] | None = None  # each line of output; None: it writes to our standard error itself


class Process:
    """One run of a command. A new run is a new instance."""

    def __init__(self, command: Command, process: asyncio.subprocess.Process) -> None:
        self.command = command
        self._process = process
        self._pump: asyncio.Task[None] | None = None
        if command.on_line is not None and process.stdout is not None:
            self._pump = asyncio.create_task(_pump(process.stdout, command.on_line), name=f"output of {command.name}")

    @classmethod
    async def start(cls, command: Command, *, pass_fds: Sequence[int] = ()) -> Process:
        """Runs it in a session of its own, so that Ctrl-C in the terminal reaches only us and we stop it in order."""
        piped = command.on_line is not None
        # Only where they are asked for: uvloop, on which services run, does not know them.
        as_whom: dict[str, Any] = {}
        if command.user is not None:
            as_whom = {"user": command.user, "group": command.group, "extra_groups": []}
        process = await asyncio.create_subprocess_exec(
            *command.argv,
            env=dict(command.env),
            cwd=command.cwd,
            **as_whom,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE if piped else None,
            stderr=asyncio.subprocess.STDOUT if piped else None,
            start_new_session=True,
            pass_fds=(*command.pass_fds, *pass_fds),
            preexec_fn=_die_with_parent(command.stop_signal),
            limit=_LINE_LIMIT,
        )
        return cls(command, process)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.returncode

    async def wait(self) -> int:
        """The exit status, negative for a signal."""
        code = await self._process.wait()
        if self._pump is not None:
            await self._pump
        return code

    async def stop(self) -> int:
        """Asks it to stop, kills it after its grace, returns the exit status."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(self.command.stop_signal)
            try:
                async with asyncio.timeout(self.command.stop_grace_s):
                    return await self.wait()
            except TimeoutError:
                self.kill()
        return await self.wait()

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()


async def _pump(stream: asyncio.StreamReader, on_line: Callable[[str], None]) -> None:
    while True:
        try:
            line = await stream.readline()
        except ValueError:
            continue  # a line over the limit was dropped by the reader
        if not line:
            return
        on_line(line.decode(errors="replace").rstrip("\n"))


def _die_with_parent(number: signal.Signals) -> Callable[[], None] | None:
    """For the child, between fork and exec: the kernel sends it `number` when we end, however we end (Linux)."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def set_death_signal() -> None:
        prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if os.getppid() != parent:  # we were gone before the call above
            os._exit(1)

    return set_death_signal
