"""The file that is made of a recording: a part of it, with chapters. Pure; the recording itself never changes."""

from __future__ import annotations

import enum
import math
import unicodedata
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ingest.contract import Chapter
from webinar.base.errors import FieldProblem, Invalid

__all__ = ["Chapter", "Cut", "CutState", "RecordingClock", "check_chapters", "check_cut", "webvtt"]

MOST_CHAPTERS: Final = 200
MOST_TITLE: Final = 120
SHORTEST_S: Final = 1.0


class CutState(enum.StrEnum):
    WAITING = "waiting"
    WORKING = "working"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Cut:
    """What was asked for, and what was made. Times in s of the recording; `to_s` None: up to its end.

    `begins_s` and `ends_s` are where the file really begins and ends: at key frames. `progress` is 0..1. `tries` says
    how often workers have claimed this version: it is the newest claim's number.
    """

    recording_id: uuid.UUID
    version: int
    from_s: float
    to_s: float | None
    state: CutState
    progress: float
    problem: str | None
    key: str | None
    bytes: int | None
    sha256: str | None
    begins_s: float | None
    ends_s: float | None
    tries: int
    asked_at: datetime
    ready_at: datetime | None

    @property
    def trims(self) -> bool:
        """Whether it leaves anything out; else it is made for its chapters."""
        return self.from_s > 0 or self.to_s is not None

    def part(self, duration_s: float = math.inf) -> tuple[float, float]:
        """Where it begins and ends in the recording: as made, or until then as asked for."""
        if self.state is CutState.READY and self.begins_s is not None and self.ends_s is not None:
            return self.begins_s, self.ends_s
        return self.from_s, duration_s if self.to_s is None else self.to_s


def check_cut(from_s: float, to_s: float | None, duration_s: float) -> tuple[float, float | None]:
    """The part to keep; an end at the recording's own is none. Raises `Invalid`."""
    problem = None
    if not 0 <= from_s < duration_s:
        problem = FieldProblem("from_s", "Choose a beginning inside the recording.")
    elif to_s is not None and not from_s + SHORTEST_S <= to_s:
        problem = FieldProblem("to_s", "The end must be at least a second after the beginning.")
    if problem is not None:
        raise Invalid("Some fields need another look.", fields=[problem])
    return from_s, None if to_s is None or to_s >= duration_s else to_s


def check_chapters(chapters: Sequence[Chapter], duration_s: float) -> list[Chapter]:
    """In order, titles tidied; of two at the same second the last counts. Raises `Invalid`."""
    if len(chapters) > MOST_CHAPTERS:
        raise _bad("chapters", "A recording has 200 chapters at most.")
    found: dict[float, Chapter] = {}
    for chapter in chapters:
        title = tidy_title(chapter.title)
        if not title:
            raise _bad("title", "Write a title for each chapter.")
        if not 0 <= chapter.at_s < duration_s:
            raise _bad("at_s", "A chapter must begin inside the recording.")
        at_s = round(chapter.at_s, 3)
        found[at_s] = Chapter(at_s, title)
    return [found[at_s] for at_s in sorted(found)]


def tidy_title(text: str) -> str:
    """One line of at most 120 characters, without what cannot be seen."""
    line = " ".join("".join(c if c.isprintable() else " " for c in unicodedata.normalize("NFC", text)).split())
    return line if len(line) <= MOST_TITLE else line[: MOST_TITLE - 1].rstrip() + "…"


def _bad(name: str, text: str) -> Invalid:
    return Invalid("Some fields need another look.", fields=[FieldProblem(name, text)])


def webvtt(chapters: Sequence[Chapter], duration_s: float) -> str:
    """A chapter file (WebVTT, section 5.2): a cue each, up to the next."""
    ends = [*(chapter.at_s for chapter in chapters[1:]), duration_s]
    cues = [
        f"{vtt_time(chapter.at_s)} --> {vtt_time(max(end, chapter.at_s + 0.001))}\n{vtt_text(chapter.title)}\n"
        for chapter, end in zip(chapters, ends, strict=True)
    ]
    return "\n".join(["WEBVTT\n", *cues])


def vtt_time(seconds: float) -> str:
    """`00:01:02.500`."""
    ms = round(max(0.0, seconds) * 1000)
    return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}.{ms % 1000:03}"


def vtt_text(text: str) -> str:
    """As cue text: nothing of it is a tag or an arrow (section 4.2.2)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


class RecordingClock:
    """Moments of the day as seconds of the recording: of several live sessions it has one behind the other."""

    def __init__(self, sessions: Sequence[tuple[datetime, float]]) -> None:
        """`sessions`: when each began, and how long it lasted, s."""
        self._sessions = sorted(sessions)

    def at(self, moment: datetime) -> float:
        """What fell between two sessions is at the beginning of the second."""
        at_s = 0.0
        for began, lasted_s in self._sessions:
            if moment < began:
                break
            into_s = (moment - began).total_seconds()
            if into_s < lasted_s:
                return at_s + into_s
            at_s += lasted_s
        return at_s

    def moment(self, at_s: float) -> datetime | None:
        """The other way round; None without a session."""
        left = at_s
        for n, (began, lasted_s) in enumerate(self._sessions):
            if left < lasted_s or n == len(self._sessions) - 1:
                return began + timedelta(seconds=left)
            left -= lasted_s
        return None
