"""Keeps a program within what its machine can do: gives each rung the pictures that it can be made of.

Sound has no part in this: its encoders need some per cent of a core, and nothing of it is ever left out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from prometheus_client import Counter

from ingest.encode.overload import LOOK_EVERY, Governor, Look
from ingest.encode.pace import Pace
from ingest.encode.worker import Worker
from ingest.outlet import VideoOutlet
from ingest.program.clock import Clock
from ingest.program.raw import Picture
from webinar.base import log

_log = log.get(__name__)

LOWERED: Final = Counter("webinar_ingest_ladder_steps_total", "Times the ladder was lowered or raised", ["direction"])

_SHORTEST_S: Final = 0.25  # a program that catches up makes half a second of pictures in no time: that is no measure


class Balance:
    """One a program, in the program's thread but for `step`. Workers and outlets are those of the rungs, top first.

    `decoded_s()`: what the decoder of the presenter's pictures has spent on them so far, in seconds.
    """

    def __init__(
        self,
        workers: Sequence[Worker[Picture]],
        outlets: Sequence[VideoOutlet],
        decoded_s: Callable[[], float],
        clock: Clock,
    ) -> None:
        self._workers = workers
        self._outlets = outlets
        self._clock = clock
        self._paces = [Pace() for _ in workers]
        self._governor = Governor(len(workers), clock.now())
        self._looked_s = clock.now()
        self._spent_s = [0.0 for _ in workers]
        self._decoded_s = decoded_s
        self._decoded_before_s = decoded_s()
        self._dropped = 0
        self._late_s = 0.0

    @property
    def step(self) -> int:
        """By how many steps the ladder is lowered now."""
        return self._governor.step

    def offer(self, picture: Picture, late_s: float) -> None:
        """The next picture to every rung that takes it; `late_s`: how late the program made it."""
        for pace, worker in zip(self._paces, self._workers, strict=True):
            taken = pace.take(picture)
            if taken is not None:
                worker.offer(taken)
        self._late_s = max(self._late_s, late_s)
        if (picture.number + 1) % LOOK_EVERY == 0:
            self._look()

    def _look(self) -> None:
        now_s = self._clock.now()
        elapsed_s = now_s - self._looked_s
        if elapsed_s < _SHORTEST_S:
            return
        spent_s = [worker.spent_s for worker in self._workers]
        dropped = sum(worker.dropped for worker in self._workers)
        shares = [(now - was) / elapsed_s for now, was in zip(spent_s, self._spent_s, strict=True)]
        decoded_s = self._decoded_s()
        decoding = (decoded_s - self._decoded_before_s) / elapsed_s
        look = Look(shares, dropped - self._dropped, self._late_s, decoding)
        self._decoded_before_s = decoded_s
        self._looked_s, self._spent_s, self._dropped, self._late_s = now_s, spent_s, dropped, 0.0
        before = self._governor.step
        if self._governor.look(now_s, look):
            self._apply(before, look)

    def _apply(self, before: int, look: Look) -> None:
        step, efforts = self._governor.step, self._governor.efforts
        for pace, outlet, effort in zip(self._paces, self._outlets, efforts, strict=True):
            pace.effort = effort
            outlet.work(effort)
        LOWERED.labels("down" if step > before else "up").inc()
        rungs = {outlet.name: effort.frame_rate for outlet, effort in zip(self._outlets, efforts, strict=True)}
        say = _log.warning if step > before else _log.info
        say(
            "ladder lowered: the machine cannot keep up" if step > before else "ladder raised",
            step=step,
            frame_rates=rungs,
            shares=[round(share, 2) for share in look.shares],
            decoding=round(look.decoding, 2),
            dropped=look.dropped,
            late_s=round(look.late_s, 3),
        )
