"""A cover for every event, drawn from its slug: flowing lines on a colour of the tokens. Pure, no pictures to load."""

from __future__ import annotations

import hashlib
import math
from itertools import pairwise
from typing import Final

from markupsafe import Markup

WIDTH: Final = 1200
HEIGHT: Final = 400
KINDS: Final = 6
_LINES: Final = 14
_STEPS: Final = 24


def cover(slug: str, kind: int | None = None) -> Markup:
    """An SVG that fills its box. Colours come from `.cover--0` … `.cover--5` in parts.css; without a `kind` the
    colour too follows from the slug.
    """
    seed = hashlib.sha256(slug.encode()).digest()
    kind = seed[0] % KINDS if kind is None else kind
    phase, bend, tilt = seed[1] / 255 * math.tau, 1.1 + seed[2] / 255 * 1.2, (seed[3] / 255 - 0.5) * 120
    lines = Markup("").join(
        Markup('<path d="{}"/>').format(_line(n / (_LINES - 1), phase, bend, tilt)) for n in range(_LINES)
    )
    return Markup(
        '<svg class="cover cover--{}" viewBox="0 0 {} {}" preserveAspectRatio="xMidYMid slice" aria-hidden="true">'
        '<rect class="cover__ground" width="{}" height="{}"/><g class="cover__lines">{}</g></svg>'
    ).format(kind, WIDTH, HEIGHT, WIDTH, HEIGHT, lines)


def _line(place: float, phase: float, bend: float, tilt: float) -> str:
    """One of the lines, `place` 0..1 from the first to the last: they fan out from a knot and meet again."""
    points = []
    for step in range(_STEPS + 1):
        x = step / _STEPS
        spread = 40 + 170 * math.sin(math.pi * (x * bend + phase / math.tau)) ** 2
        wave = 70 * math.sin(x * math.tau * bend + phase + place * 0.9)
        points.append((x * WIDTH, HEIGHT * 0.52 + wave + (place - 0.5) * 2 * spread + tilt * (x - 0.5)))
    middles = [((a[0] + b[0]) / 2, (a[1] + b[1]) / 2) for a, b in pairwise(points)]
    path = f"M{points[0][0]:.0f} {points[0][1]:.1f}L{middles[0][0]:.0f} {middles[0][1]:.1f}"
    path += "".join(
        f"Q{p[0]:.0f} {p[1]:.1f} {m[0]:.0f} {m[1]:.1f}" for p, m in zip(points[1:-1], middles[1:], strict=True)
    )
    return path + f"L{points[-1][0]:.0f} {points[-1][1]:.1f}"
