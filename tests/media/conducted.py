"""A clock that goes on when everybody is done: programs in threads, exact and as fast as the machine allows.

On a busy machine real time proves nothing about timing. Here time stands still until what was due has been decoded,
made and encoded; then it goes to the next moment that somebody waits for.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence


class ConductedClock:
    """`sleep` is for threads, `reach` for coroutines, `conduct` is the task that moves it."""

    def __init__(self) -> None:
        self._now = 1000.0
        self._wake = threading.Condition()
        self._members: set[threading.Thread] = set()
        self._sleeping: dict[threading.Thread, float] = {}
        self._waiting: list[tuple[float, asyncio.Future[None]]] = []

    def now(self) -> float:
        return self._now

    def sleep(self, seconds: float) -> None:
        with self._wake:
            self._members.add(threading.current_thread())
            self._sleep(seconds)

    def work(self, seconds: float) -> None:
        """Sleeps in the place of work that takes so long: for threads that are `busy()` meanwhile."""
        with self._wake:
            self._sleep(seconds)

    def _sleep(self, seconds: float) -> None:
        until = self._now + seconds
        self._sleeping[threading.current_thread()] = until
        while self._now < until:
            self._wake.wait()

    async def reach(self, moment: float) -> None:
        """Waits until it is `moment`."""
        if moment > self._now:
            future = asyncio.get_running_loop().create_future()
            self._waiting.append((moment, future))
            await future

    async def conduct(self, busy: Callable[[], Sequence[threading.Thread]]) -> None:
        """For ever: when all threads sleep and those that are `busy()` do so too, on to the next moment."""
        while True:
            for _ in range(3):
                await asyncio.sleep(0)  # coroutines whose moment it is act now
            while not (self._all_asleep() and self._asleep(busy())):  # noqa: ASYNC110 - threads set no event
                await asyncio.sleep(0.0005)
            self._go_on()
            if not self._waiting and not self._sleeping:
                await asyncio.sleep(0.001)

    def _all_asleep(self) -> bool:
        with self._wake:
            return all(thread in self._sleeping or not thread.is_alive() for thread in self._members)

    def _asleep(self, threads: Sequence[threading.Thread]) -> bool:
        with self._wake:
            return all(thread in self._sleeping for thread in threads)

    def _go_on(self) -> None:
        with self._wake:
            moments = [*self._sleeping.values(), *(moment for moment, _ in self._waiting)]
            self._now = max(self._now, min(moments, default=self._now))
            # Who is woken counts as awake at once, or time would run ahead of it.
            for thread in [t for t, until in self._sleeping.items() if until <= self._now]:
                del self._sleeping[thread]
            self._wake.notify_all()
        due = [future for moment, future in self._waiting if moment <= self._now]
        self._waiting = [(m, f) for m, f in self._waiting if m > self._now]
        for future in due:
            if not future.done():
                future.set_result(None)
