"""Packet indexes of SRTP: guessing the rollover counter, refusing replays (RFC 3711 sections 3.3.1, 3.3.2). Pure."""

from __future__ import annotations

from typing import Final

_WRAP: Final = 1 << 16
_HALF: Final = 1 << 15


class RolloverCounter:
    """The 48-bit index of RTP packets of one SSRC, from their 16-bit sequence numbers."""

    __slots__ = ("_highest",)

    def __init__(self) -> None:
        self._highest: int | None = None

    def index(self, sequence: int) -> int:
        """The index nearest to the highest one so far; the first packet starts at rollover 0."""
        if self._highest is None:
            return sequence
        rollover, last = divmod(self._highest, _WRAP)
        if last < _HALF:
            if sequence - last > _HALF and rollover:
                rollover -= 1
        elif last - _HALF > sequence:
            rollover += 1
        return rollover * _WRAP + sequence

    def update(self, index: int) -> None:
        """Call once the packet with this index is authentic."""
        if self._highest is None or index > self._highest:
            self._highest = index


class ReplayWindow:
    """Which of the last `SIZE` indexes were seen."""

    __slots__ = ("_highest", "_seen")
    SIZE: Final = 1024

    def __init__(self) -> None:
        self._highest = -1
        self._seen = 0  # bit n: index highest - n was seen

    def fresh(self, index: int) -> bool:
        """False for an index that was seen or is older than the window."""
        age = self._highest - index
        return age < 0 or (age < self.SIZE and not self._seen >> age & 1)

    def add(self, index: int) -> None:
        """Remember an index that `fresh` has allowed."""
        age = self._highest - index
        if age < 0:
            self._seen = (self._seen << min(-age, self.SIZE) | 1) & ((1 << self.SIZE) - 1)
            self._highest = index
        else:
            self._seen |= 1 << age
