"""The table of attendance as a workbook (.xlsx): real numbers and dates, a second sheet with every interval."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import IO, Any, Final

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from webinar.credits.model import Person
from webinar.credits.sheet import Sheet, Value

_HEAD: Final = PatternFill("solid", fgColor="0F766E")
_HEAD_FONT: Final = Font(bold=True, color="FFFFFF")
_MOMENT: Final = "yyyy-mm-dd hh:mm:ss"
_LONGEST: Final = 32_767  # characters of a cell
_WIDEST: Final = 48


def _(message: str) -> str:
    return message


ATTENDANCE: Final = _("Attendance")
INTERVALS: Final = _("Intervals")
OF_INTERVALS: Final = (_("Name"), _("Live or replay"), _("From"), _("Until"), _("Minutes"))
KINDS: Final = {"live": _("Live"), "replay": _("Replay")}


class Book:
    """A workbook being written. Rows go to files as they are added: memory does not grow with their number."""

    def __init__(self, sheet: Sheet) -> None:
        words = sheet.words or (lambda text: text)
        self._words, self._sheet = words, sheet
        self._book = Workbook(write_only=True)
        self._people = self._page(words(ATTENDANCE), sheet.headings())
        self._spans = self._page(words(INTERVALS), [words(name) for name in OF_INTERVALS])

    def add(self, people: Sequence[Person]) -> None:
        for person in people:
            self._row(self._people, self._sheet.row(person))
            for span in person.spans:
                length = round((span.ended_at - span.started_at).total_seconds() / 60, 1)
                kind = self._words(KINDS[span.kind])
                self._row(self._spans, [person.name, kind, span.started_at, span.ended_at, length])

    def save(self, out: IO[bytes]) -> None:
        """Once, at the end."""
        self._book.save(out)

    def _page(self, title: str, headings: Sequence[str]) -> Any:
        page: Any = self._book.create_sheet(title[:31])
        page.freeze_panes = "B2"
        page.auto_filter.ref = f"A1:{get_column_letter(len(headings))}1"
        for index, heading in enumerate(headings, 1):
            wide = sum(2 if ord(letter) > 0x1100 else 1 for letter in heading) + 4
            page.column_dimensions[get_column_letter(index)].width = min(_WIDEST, max(12 if index > 1 else 20, wide))
        page.append([_head(page, heading) for heading in headings])
        return page

    def _row(self, page: Any, values: Sequence[Value]) -> None:
        page.append([_cell(page, self._sheet, value) for value in values])


def _head(page: Any, text: str) -> Any:
    cell = _text(page, text)
    cell.fill, cell.font, cell.alignment = _HEAD, _HEAD_FONT, Alignment(vertical="center", wrap_text=True)
    return cell


def _cell(page: Any, sheet: Sheet, value: Value) -> Any:
    if isinstance(value, datetime):
        # A workbook knows no zones: the event's, as the headings' reader expects it.
        local = value.astimezone(sheet.zone) if sheet.zone is not None else value
        cell = WriteOnlyCell(page, local.replace(tzinfo=None, microsecond=0))
        cell.number_format = _MOMENT
        return cell
    return _text(page, value) if isinstance(value, str) else value


def _text(page: Any, text: str) -> Any:
    """A text that stays one: what begins like a formula is not calculated (OWASP, CSV injection)."""
    cell: Any = WriteOnlyCell(page, ILLEGAL_CHARACTERS_RE.sub("", text)[:_LONGEST])
    cell.data_type = "s"
    return cell
