"""The audience over time as one SVG, to be read without colour: marks have shapes and letters, breaks a pattern.

Pure. Whatever it shows stands in a table beside it, too. No style attributes: the page's policy forbids them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from markupsafe import Markup

from webinar.programme import Happening, Kind

WIDTH: Final = 960
_LEFT, _RIGHT, _TOP, _PLOT = 44, 12, 30, 190
_AGENDA_ROW: Final = 24
_APART: Final = 13  # px between two marks of one row; nearer ones are one with a count
_TICKS_S: Final = (60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400)
_LETTERS: Final = {Kind.QUESTION: "Q", Kind.POLL: "P", Kind.CHAPTER: "★"}


@dataclass(frozen=True, slots=True)
class Axis:
    """The time shown."""

    start: datetime
    end: datetime

    def x(self, moment: datetime) -> float:
        whole = max((self.end - self.start).total_seconds(), 1.0)
        share = (moment - self.start).total_seconds() / whole
        return _LEFT + min(max(share, 0.0), 1.0) * (WIDTH - _LEFT - _RIGHT)


def chart(
    audience: Sequence[tuple[datetime, int]],
    happenings: Sequence[Happening],
    axis: Axis,
    clock: Callable[[datetime], str],
    label: str,
) -> Markup:
    """`clock` writes a moment of the axis; `label` says in a sentence what is drawn."""
    agenda = [one for one in happenings if one.kind is Kind.AGENDA]
    rows = len(_rows(agenda, axis)) if agenda else 0
    bottom = _TOP + _PLOT
    height = bottom + 26 + rows * _AGENDA_ROW + (6 if rows else 0)
    top = _nice(max((count for _, count in audience), default=0))
    parts = [
        Markup('<defs><pattern id="break" width="6" height="6" patternUnits="userSpaceOnUse" ')
        + Markup('patternTransform="rotate(45)"><path d="M0 0V6" class="chart__hatch"/></pattern></defs>'),
        *_breaks(happenings, axis, bottom),
        *_levels(top, bottom),
        _curve(audience, axis, top, bottom),
        *_times(axis, bottom, clock),
        *_marks(happenings, axis, bottom),
        *_agenda(agenda, axis, bottom + 26),
    ]
    return Markup('<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        WIDTH, height, label, Markup("").join(parts)
    )


def _nice(top: int) -> int:
    """The top of the scale: four even steps of whole people."""
    steps = (round(base * 10**n) for n in range(7) for base in (1, 2, 2.5, 5) if base * 10**n % 1 == 0)
    return next((4 * step for step in steps if 4 * step >= top), top)


def _levels(top: int, bottom: int) -> list[Markup]:
    parts = []
    for n in range(5):
        y = bottom - _PLOT * n / 4
        parts.append(Markup('<path class="chart__level" d="M{} {:.1f}H{}"/>').format(_LEFT, y, WIDTH - _RIGHT))
        parts.append(
            Markup('<text class="chart__figure" x="{}" y="{:.1f}" text-anchor="end">{}</text>').format(
                _LEFT - 8, y + 4, int(top * n / 4)
            )
        )
    return parts


def _curve(audience: Sequence[tuple[datetime, int]], axis: Axis, top: int, bottom: int) -> Markup:
    """Steps: the count of a moment holds until the next."""
    if not audience:
        return Markup("")
    points: list[str] = []
    for n, (at, count) in enumerate(audience):
        y = bottom - _PLOT * count / top
        until = audience[n + 1][0] if n + 1 < len(audience) else axis.end
        points.append(f"{'M' if not n else 'L'}{axis.x(at):.1f} {y:.1f}H{axis.x(until):.1f}")
    line = "".join(points)
    area = f"{line}V{bottom}H{axis.x(audience[0][0]):.1f}Z"
    return Markup('<path class="chart__area" d="{}"/><path class="chart__line" d="{}"/>').format(area, line)


def _times(axis: Axis, bottom: int, clock: Callable[[datetime], str]) -> list[Markup]:
    whole = max((axis.end - axis.start).total_seconds(), 1.0)
    step = next((s for s in _TICKS_S if whole / s <= 8), _TICKS_S[-1])
    first = math.ceil(axis.start.timestamp() / step) * step
    parts = [Markup('<path class="chart__axis" d="M{} {}H{}"/>').format(_LEFT, bottom, WIDTH - _RIGHT)]
    moment = float(first)
    while moment <= axis.end.timestamp():
        at = datetime.fromtimestamp(moment, axis.start.tzinfo)
        x = axis.x(at)
        anchor = "end" if x > WIDTH - 50 else "start" if x < _LEFT + 20 else "middle"
        parts.append(Markup('<path class="chart__axis" d="M{:.1f} {}v5"/>').format(x, bottom))
        parts.append(
            Markup('<text class="chart__figure" x="{:.1f}" y="{}" text-anchor="{}">{}</text>').format(
                x, bottom + 19, anchor, clock(at)
            )
        )
        moment += step
    return parts


def _breaks(happenings: Sequence[Happening], axis: Axis, bottom: int) -> list[Markup]:
    return [
        Markup('<rect class="chart__break" fill="url(#break)" x="{:.1f}" y="{}" width="{:.1f}" height="{}"/>').format(
            axis.x(one.at), _TOP, max(axis.x(one.until) - axis.x(one.at), 2.0), bottom - _TOP
        )
        for one in happenings
        if one.kind is Kind.PAUSE and one.until is not None
    ]


def _marks(happenings: Sequence[Happening], axis: Axis, bottom: int) -> list[Markup]:
    """Questions, polls and chapters as letters above a line; slides as ticks on the axis."""
    parts = []
    groups: list[tuple[float, str, int]] = []
    for one in sorted(happenings, key=lambda one: one.at):
        x = axis.x(one.at)
        if one.kind is Kind.SLIDE:
            parts.append(Markup('<path class="chart__slide" d="M{:.1f} {}l-4 8h8z"/>').format(x, bottom - 8))
        elif letter := _LETTERS.get(one.kind):
            if groups and x - groups[-1][0] < _APART:
                at, letters, count = groups.pop()
                groups.append((at, letters if letter in letters else letters + letter, count + 1))
            else:
                groups.append((x, letter, 1))
    for x, letters, count in groups:
        text = letters[0] if count == 1 else str(count)
        parts.append(
            Markup(
                '<g class="chart__mark"><path d="M{:.1f} {}V{}"/><circle cx="{:.1f}" cy="{}" r="9"/>'
                '<text x="{:.1f}" y="{}" text-anchor="middle">{}</text></g>'
            ).format(x, _TOP - 5, bottom, x, _TOP - 14, x, _TOP - 10, text)
        )
    return parts


def _rows(agenda: Sequence[Happening], axis: Axis) -> list[list[Happening]]:
    """Items that overlap stand below one another, in at most four rows."""
    rows: list[list[Happening]] = []
    for one in sorted(agenda, key=lambda one: one.at):
        for row in rows:
            if (row[-1].until or row[-1].at) <= one.at:
                row.append(one)
                break
        else:
            if len(rows) < 4:
                rows.append([one])
    return rows


def _agenda(agenda: Sequence[Happening], axis: Axis, top: int) -> list[Markup]:
    parts = []
    for n, row in enumerate(_rows(agenda, axis)):
        y = top + n * _AGENDA_ROW
        for one in row:
            x, end = axis.x(one.at), axis.x(one.until or one.at)
            room = int((end - x - 12) / 7)
            title = one.title if len(one.title) <= room else one.title[: max(room - 1, 0)].rstrip() + "…"
            parts.append(
                Markup('<rect class="chart__item" x="{:.1f}" y="{}" width="{:.1f}" height="20" rx="4"/>').format(
                    x + 1, y, max(end - x - 2, 3)
                )
            )
            if room >= 3:
                parts.append(
                    Markup('<text class="chart__title" x="{:.1f}" y="{}">{}</text>').format(x + 7, y + 14, title)
                )
    return parts


def bar(spans: Sequence[tuple[datetime, datetime]], axis: Axis, label: str) -> Markup:
    """One person's times on the same axis."""
    whole = max((axis.end - axis.start).total_seconds(), 1.0)
    rects = Markup("")
    for start, end in spans:
        first, last = max(start, axis.start), min(end, axis.end)
        if first < last:
            x = 200 * (first - axis.start).total_seconds() / whole
            width = max(200 * (last - first).total_seconds() / whole, 0.8)
            rects += Markup('<rect x="{:.2f}" y="0" width="{:.2f}" height="10"/>').format(min(x, 200 - width), width)
    return Markup(
        '<svg class="spans" viewBox="0 0 200 10" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>'
    ).format(label, rects)


def days(counts: Sequence[tuple[str, int]], label: str) -> Markup:
    """Columns, one a day; the highest says its number."""
    if not counts:
        return Markup("")
    top = max(count for _, count in counts)
    each = min(40.0, (WIDTH - 2) / len(counts))
    parts = []
    for n, (name, count) in enumerate(counts):
        height = 70 * count / top if top else 0
        parts.append(
            Markup('<rect class="chart__day" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}">').format(
                n * each + 1, 90 - height, max(each - 2, 1), height
            )
            + Markup("<title>{}: {}</title></rect>").format(name, count)
        )
        if each >= 18 and count:
            parts.append(
                Markup('<text class="chart__figure" x="{:.1f}" y="{:.1f}" text-anchor="middle">{}</text>').format(
                    n * each + each / 2, 86 - height, count
                )
            )
    edge = f"{counts[0][0]}" if len(counts) == 1 else f"{counts[0][0]} – {counts[-1][0]}"
    parts.append(Markup('<text class="chart__figure" x="1" y="108">{}</text>').format(edge))
    wide = max(each * len(counts) + 2, 240)
    return Markup('<svg class="chart chart--days" viewBox="0 0 {:.0f} 114" role="img" aria-label="{}">{}</svg>').format(
        wide, label, Markup("").join(parts)
    )
