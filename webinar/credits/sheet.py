"""The table of attendance: one row a person, for spreadsheets and programs. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from webinar.base.table import harmless
from webinar.credits.model import Correction, Need, Person, Result, Translate, percent, utc

Value = str | int | float | datetime | None

BOM: Final = "\ufeff"  # or Excel reads UTF-8 as something else


def _(message: str) -> str:
    return message


# Names of the columns: of a program's table as they are, of a person's as the words beside them.
COLUMNS: Final[Mapping[str, str]] = {
    "name": _("Name"),
    "email": _("E-mail"),
    "status": _("Status"),
    "registered_at": _("Registered"),
    "first_in": _("First in"),
    "last_out": _("Last out"),
    "entered_at": _("Check-in at"),
    "left_at": _("Check-out at"),
    "minutes_live": _("Minutes live"),
    "minutes_replay": _("Minutes replay"),
    "asked": _("Times asked"),
    "confirmed": _("Times confirmed"),
    "corrections": _("Corrections"),
    "id": _("Person"),
}
STATUSES: Final[Mapping[str, str]] = {
    "approved": _("Has a seat"),
    "pending": _("Waits for approval"),
    "waitlisted": _("Waiting list"),
    "declined": _("Declined"),
    "cancelled": _("Cancelled"),
}
RESULTS: Final[Mapping[Result, str]] = {
    Result.PASSED: _("Met"),
    Result.FAILED: _("Not met"),
    Result.OPEN: _("Not yet known"),
}
CHANGES: Final[Mapping[str, str]] = {
    "add": _("Time added"),
    "remove": _("Time removed"),
    "pass": _("Decided: met"),
    "fail": _("Decided: not met"),
}
MET: Final = _("%(rule)s: result")
SHARE: Final = _("%(rule)s: %%")
RULE_MINUTES: Final = _("%(rule)s: minutes")


@dataclass(frozen=True, slots=True)
class Sheet:
    """What columns there are: the fixed ones, three a rule, one a question of the registration form."""

    rules: tuple[Need, ...]
    questions: tuple[str, ...]
    # None: the names that programs know, and moments in UTC.
    words: Translate | None = None
    zone: ZoneInfo | None = None

    def headings(self) -> list[str]:
        left, right = list(COLUMNS)[:10], list(COLUMNS)[10:]
        return [
            *self._named(left),
            *self._of_rules(),
            *self._named(right[:3]),
            *self.questions,
            *self._named(right[3:]),
        ]

    def _named(self, names: Sequence[str]) -> list[str]:
        return list(names) if self.words is None else [self.words(COLUMNS[name]) for name in names]

    def _of_rules(self) -> list[str]:
        words = self.words or (lambda text: text)
        named = [rule.words(words) for rule in self.rules]
        return [words(text) % {"rule": name} for name in named for text in (MET, SHARE, RULE_MINUTES)]

    def row(self, person: Person) -> list[Value]:
        """The cells of one person; moments as they are, for `written` or a workbook to write."""
        by_rule = {result.need.id: result for result in person.results}
        cells: list[Value] = [
            person.name,
            person.email,
            self._word(STATUSES, person.status),
            person.registered_at,
            person.first_at,
            person.last_at,
            person.entered_at,
            person.left_at,
            round(person.live_s / 60, 1),
            round(person.replay_s / 60, 1),
        ]
        for rule in self.rules:
            found = by_rule.get(rule.id)
            if found is None:
                cells += ["", "", ""]
                continue
            result = found.result.value if self.words is None else self.words(RESULTS[found.result])
            cells += [result, percent(found.share), round(found.seconds / 60, 1)]
        cells += [person.asked, person.confirmed, self._corrections(person)]
        return [*cells, *(person.answers.get(question, "") for question in self.questions), str(person.attendee_id)]

    def _word(self, words: Mapping[str, str], value: str) -> str:
        return value if self.words is None else self.words(words.get(value, value))

    def _corrections(self, person: Person) -> str:
        return "; ".join(
            f"{self.moment(c.at)} {c.by}: {self._changed(c)} ({c.reason})"
            if c.reason
            else f"{self.moment(c.at)}: {self._changed(c)}"  # the person was forgotten
            for c in person.corrections
        )

    def _changed(self, change: Correction) -> str:
        word = change.kind if self.words is None else self.words(CHANGES[change.kind])
        if change.started_at is None or change.ended_at is None:
            return word
        return f"{word} {self.moment(change.started_at)} – {self.moment(change.ended_at)}"

    def moment(self, at: datetime) -> str:
        return utc(at) if self.zone is None else f"{at.astimezone(self.zone):%Y-%m-%d %H:%M:%S}"

    # -- CSV -----------------------------------------------------------------------------------------------------

    def csv_head(self) -> bytes:
        return (BOM + self._line(self.headings())).encode()

    def csv_row(self, person: Person) -> bytes:
        """RFC 4180; no cell of people's text can be a formula."""
        return self._line(self.row(person)).encode()

    def _line(self, cells: Sequence[Value]) -> str:
        out = io.StringIO()
        written = (self.moment(cell) if isinstance(cell, datetime) else harmless(cell) for cell in cells)
        csv.writer(out, lineterminator="\r\n").writerow(written)
        return out.getvalue()


def to_json(person: Person) -> dict[str, Any]:
    """One row for programs: seconds as they are, shares of 1, moments in UTC."""
    return {
        "id": str(person.attendee_id),
        "name": person.name,
        "email": person.email,
        "status": person.status,
        "answers": dict(person.answers),
        "registered_at": utc(person.registered_at),
        "first_in": None if person.first_at is None else utc(person.first_at),
        "last_out": None if person.last_at is None else utc(person.last_at),
        "entered_at": None if person.entered_at is None else utc(person.entered_at),
        "left_at": None if person.left_at is None else utc(person.left_at),
        "live_s": person.live_s,
        "replay_s": person.replay_s,
        "passed": person.passed,
        "asked": person.asked,
        "confirmed": person.confirmed,
        "rules": [
            {
                "id": str(r.need.id),
                "need": r.need.to_json(),
                "result": r.result.value,
                "seconds": r.seconds,
                "share": r.share,
                "corrected": r.corrected,
            }
            for r in person.results
        ],
        "spans": [{"kind": s.kind, "started_at": utc(s.started_at), "ended_at": utc(s.ended_at)} for s in person.spans],
        "corrections": [
            {
                "id": str(c.id),
                "at": utc(c.at),
                "by": c.by,
                "kind": c.kind,
                "started_at": None if c.started_at is None else utc(c.started_at),
                "ended_at": None if c.ended_at is None else utc(c.ended_at),
                "reason": c.reason,
                "salt": None if c.salt is None else c.salt.hex(),
            }
            for c in person.corrections
        ],
    }
