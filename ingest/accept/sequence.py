"""Numbers on the wire that wrap, made into numbers that grow."""

from __future__ import annotations


class Unwrapper:
    """Extends `bits`-wide counters (RTP sequence numbers: 16, timestamps: 32) to integers that do not wrap.

    A value is taken as the one nearest to the highest seen, so reordering across the wrap is right and anything up to
    half the range ahead counts as progress (RFC 3550, appendix A.1).
    """

    def __init__(self, bits: int) -> None:
        self._range = 1 << bits
        self._highest: int | None = None

    @property
    def highest(self) -> int | None:
        return self._highest

    def unwrap(self, value: int) -> int:
        """The extended value; remembers it when it is the highest."""
        extended = self.peek(value)
        if self._highest is None or extended > self._highest:
            self._highest = extended
        return extended

    def peek(self, value: int) -> int:
        """The extended value, without remembering it."""
        if self._highest is None:
            return value
        ahead = (value - self._highest) % self._range
        return self._highest + ahead - (self._range if ahead >= self._range // 2 else 0)
