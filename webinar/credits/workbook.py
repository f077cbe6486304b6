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


def write(out: IO[bytes], sheet: Sheet, people: Sequence[Person]) -> None:
    """Rows go to a file as they are made: what is kept in memory does not grow with their number."""
    words = sheet.words or (lambda text: text)
    book = Workbook(write_only=True)
    _fill(book, words(ATTENDANCE), sheet, sheet.headings(), (sheet.row(person) for person in people))
    spans = (
        [
            person.name,
            words(KINDS[span.kind]),
            span.started_at,
            span.ended_at,
            round((span.ended_at - span.started_at).total_seconds() / 60, 1),
        ]
        for person in people
        for span in person.spans
    )
    _fill(book, words(INTERVALS), sheet, [words(name) for name in OF_INTERVALS], spans)
    book.save(out)


def _fill(book: Workbook, title: str, sheet: Sheet, headings: Sequence[str], rows: Any) -> None:
    page: Any = book.create_sheet(title[:31])
    page.freeze_panes = "B2"
    page.auto_filter.ref = f"A1:{get_column_letter(len(headings))}1"
    for index, heading in enumerate(headings, 1):
        wide = sum(2 if ord(letter) > 0x1100 else 1 for letter in heading) + 4
        page.column_dimensions[get_column_letter(index)].width = min(_WIDEST, max(12 if index > 1 else 20, wide))
    page.append([_head(page, heading) for heading in headings])
    for row in rows:
        page.append([_cell(page, sheet, value) for value in row])


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
