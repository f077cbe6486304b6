"""Which renditions of an event viewers can be on just now, top first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from ingest.contract import Unit
from webinar.delivery.whep.layers import AUDIO_ONLY
from webinar.delivery.whep.rung import height

RUNG_GONE_S: Final = 2.0


class Ladder:
    """Told of every unit of a picture that came; `relist` makes `names` of that."""

    def __init__(self) -> None:
        self.names: tuple[str, ...] = ()
        self._order: dict[str, int] = {}
        self._heard: dict[str, float] = {}  # rendition → when its last unit came
        self._resumed_s = 0.0  # when units came again after a pause
        self._resting: set[str] = set()  # of which an overloaded ingest makes few pictures: no choice for viewers

    def describe(self, names: Sequence[str]) -> None:
        """The session's renditions, top first: the order in which viewers step down."""
        self._order = {name: n for n, name in enumerate(names)}

    def heard(self, unit: Unit, now_s: float) -> None:
        if self._heard and now_s - max(self._heard.values()) > RUNG_GONE_S / 2:
            self._resumed_s = now_s
        self._heard[unit.rendition] = now_s
        (self._resting.add if unit.resting else self._resting.discard)(unit.rendition)

    def relist(self, rungs: Iterable[str]) -> bool:
        """Of these, those heard of within 2 s of the newest unit, sent or dropped, that do not rest. Whether `names`
        changed.

        Right after a pause it stays as it was: the rungs begin again one after the other.
        """
        newest_s = max(self._heard.values(), default=0.0)
        if self.names and newest_s - self._resumed_s < RUNG_GONE_S / 2:
            return False
        alive = [name for name in rungs if newest_s - self._heard.get(name, 0.0) <= RUNG_GONE_S]
        alive = [name for name in alive if name not in self._resting] or alive
        before = self.names
        self.names = tuple(sorted(alive, key=lambda name: (self._order.get(name, len(self._order)), -height(name))))
        return self.names != before

    def choices(self) -> Sequence[str]:
        """What a player may pin: the session's renditions, also those left out just now, and no picture at all."""
        return [*dict.fromkeys(n for n in (*self._order, *self.names) if n != AUDIO_ONLY), AUDIO_ONLY]
