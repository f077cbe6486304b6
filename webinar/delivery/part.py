"""A part of a playlist of a whole event: what a host left of a recording is all that its replay shows. Pure.

The server decides which part that is. That an address names it, too, keeps caches from giving out an earlier one.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Final

# A moment this near to the edge of a segment is meant to be it: durations are rounded to five places each.
_SLACK_S: Final = 0.05


@dataclass(frozen=True, slots=True)
class Part:
    """[from_s, to_s) of the whole."""

    from_s: float
    to_s: float = math.inf

    @property
    def query(self) -> str:
        """The part as addresses name it."""
        return f"?from={self.from_s:.3f}" + ("" if self.to_s == math.inf else f"&to={self.to_s:.3f}")

    def touches(self, start_s: float, end_s: float) -> bool:
        """Whether something of [start_s, end_s) is in it."""
        return end_s > self.from_s + _SLACK_S and start_s < self.to_s - _SLACK_S


def of_multivariant(text: str, part: Part) -> str:
    """The same playlists, of that part each."""
    lines = []
    for line in text.split("\n"):
        if line and not line.startswith("#"):
            line += part.query
        elif line.startswith("#EXT-X-MEDIA:"):
            line = re.sub(r'URI="([^"]+)"', rf'URI="\1{part.query}"', line)
        lines.append(line)
    return "\n".join(lines)


def of_media(text: str, part: Part) -> str:
    """The segments of a complete media playlist that touch the part, each whole."""
    head: list[str] = []
    kept: list[str] = []
    before: list[str] = []  # lines of the segment that comes
    mapped = ""  # the init segment that holds for it, where it was named before the part began
    at_s = duration_s = 0.0
    begun = False
    for line in text.splitlines():
        if line.startswith("#EXTINF:"):
            duration_s = float(line[8:].partition(",")[0])
            before.append(line)
        elif line.startswith(("#EXT-X-MAP:", "#EXT-X-DISCONTINUITY", "#EXT-X-PROGRAM-DATE-TIME", "#EXT-X-GAP")):
            begun = True
            if line.startswith("#EXT-X-MAP:"):
                mapped = line
            before.append(line)
        elif line and not line.startswith("#"):
            if part.touches(at_s, at_s + duration_s):
                if not kept:
                    before = [mapped, *(b for b in before if not b.startswith(("#EXT-X-MAP:", "#EXT-X-DISCONTINUITY")))]
                kept += [*before, line]
            at_s += duration_s
            before = []
        elif not begun:
            head.append(line)
    return "\n".join([*head, *kept, "#EXT-X-ENDLIST", ""])
