"""Chapters of a recording: a moment and a title each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Chapter:
    """From `at_s` on, seconds of the recording, up to the next one."""

    at_s: float
    title: str


def within(chapters: Iterable[Chapter], begins_s: float, ends_s: float) -> list[Chapter]:
    """The chapters of a part of a recording, on the clock of that part; the one it begins in begins with it."""
    inside: list[Chapter] = []
    for chapter in sorted(chapters):
        at_s = max(0.0, chapter.at_s - begins_s)
        if chapter.at_s >= ends_s:
            break
        if inside and inside[-1].at_s == at_s:
            inside.pop()
        inside.append(Chapter(at_s, chapter.title))
    return inside
