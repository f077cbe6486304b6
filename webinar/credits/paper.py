"""A certificate as a page: A4 across, PDF, its text selectable, its fonts and picture in it.

All it says is in the signed statement; only the name, the logo and the colour stand beside it.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import segno
from babel.dates import format_date
from fpdf import FPDF
from fpdf.enums import Align, XPos, YPos

from webinar.credits.certificate import State
from webinar.credits.fonts import Letters, cut
from webinar.credits.model import Translate, need_of
from webinar.credits.order import Look, Order

_WIDE, _HIGH = 297.0, 210.0  # mm
_EDGE: Final = 12.0
_INNER: Final = 30.0
_INK: Final = (17, 24, 39)
_MUTED: Final = (90, 99, 110)
_DAYS: Final = {"ko": "y년 M월 d일", "en": "MMMM d, y"}
_FONT: Final = "letters"
_LOGO_WIDE, _LOGO_HIGH = 60.0, 16.0
_QR: Final = 27.0
_MM: Final = 0.3528  # of a point


def _(message: str) -> str:
    return message


_HEADING: Final = _("Certificate of attendance")
_SENTENCE: Final = _("took part in the event below, as its attendance record shows.")
_LABELS: Final = (_("Event"), _("Date"), _("Attended"), _("Rule"), _("Credits"))
_ISSUED: Final = _("Issued on %(day)s")
_NUMBER: Final = _("No. %(number)s")
_CHECK: Final = _("Check this certificate")
_RECORD: Final = _("It shows the record of attendance, signed with the key %(key)s.")
_MINUTES: Final = _("%(live)s minutes live")
_WITH_REPLAY: Final = _("%(live)s minutes live, %(replay)s minutes of the recording")
_SAMPLE: Final = _("SAMPLE")
_VOID: Final = _("NOT VALID")


def draw_all(orders: Sequence[Order], look: Look, t: Translate) -> Iterator[bytes]:
    """The PDFs, one after the other; about 30 ms of CPU each and 0.5 s for all, so off the loop."""
    with tempfile.TemporaryDirectory(prefix="webinar-letters-") as folder:
        letters = cut((text for order in orders for text in _texts(order, t)), Path(folder))
        for order in orders:
            yield _Sheet(order, look, letters, t).draw()


def draw(order: Order, look: Look, t: Translate) -> bytes:
    (page,) = draw_all([order], look, t)
    return page


def _texts(order: Order, t: Translate) -> Iterator[str]:
    """Everything that may be written, for its letters."""
    yield "…"
    said = order.certificate.said
    yield from (order.name, order.certificate.number, order.check_url, *_facts(said, t).values(), _heading(said, t))
    yield from (said["issuer"], said["signer"], said["key"], _day(said["issued_at"], said))
    yield from (t(text) for text in (*_LABELS, _SENTENCE, _ISSUED, _NUMBER, _CHECK, _RECORD, _SAMPLE, _VOID))


def _heading(said: Any, t: Translate) -> str:
    return str(said["heading"] or t(_HEADING))


def _day(moment: str, said: Any) -> str:
    local = datetime.fromisoformat(moment).astimezone(ZoneInfo(said["event"]["timezone"]))
    return format_date(local.date(), format=_DAYS[said["language"]], locale=said["language"])


def _facts(said: Any, t: Translate) -> dict[str, str]:
    """By label, in the order of the page; empty ones are left out."""
    event, spent = said["event"], said["minutes"]
    first, last = _day(event["starts_at"], said), _day(event["ends_at"], said)
    minutes = t(_WITH_REPLAY if spent["replay"] else _MINUTES) % spent
    rules = "; ".join(need_of(rule["need"]).words(t) for rule in said["rules"])
    values = (event["title"], first if first == last else f"{first} – {last}", minutes, rules, said["credits"])
    return {t(label): value for label, value in zip(_LABELS, values, strict=True) if value}


class _Sheet:
    """One page being drawn."""

    def __init__(self, order: Order, look: Look, letters: Letters, t: Translate) -> None:
        self._order, self._look, self._letters, self._t = order, look, letters, t
        self._said = order.certificate.said
        self._pdf = FPDF("L", "mm", "A4")
        self._pdf.set_auto_page_break(False)
        self._pdf.set_margin(0)
        self._fonts()

    def _fonts(self) -> None:
        for family, style, data in (
            (_FONT, "", self._letters.regular),
            (_FONT, "B", self._letters.bold),
            ("han", "", self._letters.han),
        ):
            self._pdf.add_font(family, style, data)
        self._pdf.set_fallback_fonts(["han"], exact_match=False)

    def draw(self) -> bytes:
        pdf, order, said = self._pdf, self._order, self._said
        issued = datetime.fromisoformat(said["issued_at"])
        pdf.set_title(f"{_heading(said, self._t)} {order.certificate.number}")
        pdf.set_author(said["issuer"] or "Webinar")
        pdf.set_subject(said["event"]["title"])
        pdf.set_lang(said["language"])
        pdf.set_creation_date(issued)
        pdf.add_page()
        self._frame()
        self._head()
        self._who()
        self._foot()
        self._stamp()
        return bytes(pdf.output())

    def _frame(self) -> None:
        pdf, accent = self._pdf, self._look.accent
        pdf.set_draw_color(*accent)
        pdf.set_line_width(1.1)
        pdf.rect(_EDGE, _EDGE, _WIDE - 2 * _EDGE, _HIGH - 2 * _EDGE)
        pdf.set_line_width(0.25)
        pdf.rect(_EDGE + 2, _EDGE + 2, _WIDE - 2 * _EDGE - 4, _HIGH - 2 * _EDGE - 4)

    def _head(self) -> None:
        number = self._t(_NUMBER) % {"number": self._order.certificate.number}
        self._line(number, _WIDE - _INNER - 100, 24, 100, 10, align=Align.R, colour=_MUTED)
        if self._look.logo is not None:
            self._pdf.image(
                io.BytesIO(self._look.logo), _INNER, 22, _LOGO_WIDE, _LOGO_HIGH, keep_aspect_ratio=True, alt_text=""
            )
        heading = _heading(self._said, self._t)
        spaced = " ".join(heading) if len(heading) <= 4 else heading  # 수 료 증, as diplomas have it
        self._line(spaced, _INNER, 37, _WIDE - 2 * _INNER, 34, bold=True, colour=self._look.accent)

    def _who(self) -> None:
        pdf, wide = self._pdf, _WIDE - 2 * _INNER
        one_line = self._fits(self._order.name, wide, 22)
        size, most = (30.0, 1) if one_line else (21.0, 2)
        bottom = self._lines(self._order.name, _INNER, 60, wide, size, least=12, most=most, bold=True)
        pdf.set_draw_color(*self._look.accent)
        pdf.set_line_width(0.4)
        pdf.line(_WIDE / 2 - 45, bottom + 3, _WIDE / 2 + 45, bottom + 3)
        self._line(self._t(_SENTENCE), _INNER, bottom + 6, wide, 13, colour=_MUTED)
        self._table(max(96.0, bottom + 17))

    def _table(self, top: float) -> None:
        left, wide = 52.0, _WIDE - 104
        for index, (label, value) in enumerate(_facts(self._said, self._t).items()):
            size, label_size = (15.0, 11.0) if index == 0 else (12.0, 11.0)
            self._line(label, left, top + (size - label_size) * _MM * 0.8, 32, label_size, align=Align.L, colour=_MUTED)
            top = self._lines(
                value,
                left + 34,
                top,
                wide - 34,
                size,
                least=10,
                most=3 if index == 0 else 2,
                bold=index == 0,
                align=Align.L,
            )
            top += 3.2

    def _foot(self) -> None:
        pdf, said, t = self._pdf, self._said, self._t
        top = _HIGH - 50
        self._line(t(_ISSUED) % {"day": _day(said["issued_at"], said)}, _INNER, top, 150, 11, align=Align.L)
        top = self._lines(said["issuer"], _INNER, top + 9, 150, 17, least=10, most=1, bold=True, align=Align.L)
        self._lines(said["signer"], _INNER, top + 1.5, 150, 12, least=8, most=1, align=Align.L)
        code, x = io.BytesIO(), _WIDE - _INNER - _QR
        segno.make(self._order.check_url, error="m", micro=False).save(code, kind="png", scale=10, border=0)
        pdf.image(code, x, _HIGH - 58, _QR, _QR, alt_text=t(_CHECK))
        pdf.link(x, _HIGH - 58, _QR, _QR, self._order.check_url)
        wide = 120.0
        for y, text in ((_HIGH - 28.5, t(_CHECK)), (_HIGH - 24.7, self._order.check_url)):
            self._line(text, _WIDE - _INNER - wide, y, wide, 7.5, align=Align.R, colour=_MUTED)
        record = t(_RECORD) % {"key": said["key"]}
        self._line(record, _WIDE - _INNER - wide, _HIGH - 20.9, wide, 7.5, align=Align.R, colour=_MUTED)

    def _stamp(self) -> None:
        void = self._order.certificate.state is not State.VALID
        if not (self._order.sample or void):
            return
        text = self._t(_VOID if void else _SAMPLE)
        with self._pdf.local_context(fill_opacity=0.12), self._pdf.rotation(24, _WIDE / 2, _HIGH / 2):
            self._line(text, 0, _HIGH / 2 - 18, _WIDE, 100, bold=True, colour=(180, 30, 30))

    # -- texts that fit ------------------------------------------------------------------------------------------

    def _line(
        self,
        text: str,
        x: float,
        y: float,
        wide: float,
        size: float,
        *,
        bold: bool = False,
        align: Align = Align.C,
        colour: tuple[int, int, int] = _INK,
    ) -> None:
        """One line, made smaller where it would not fit."""
        self._lines(text, x, y, wide, size, least=size / 3, most=1, bold=bold, align=align, colour=colour)

    def _lines(
        self,
        text: str,
        x: float,
        y: float,
        wide: float,
        size: float,
        *,
        least: float,
        most: int,
        bold: bool = False,
        align: Align = Align.C,
        colour: tuple[int, int, int] = _INK,
    ) -> float:
        """At most `most` lines, smaller until they fit, cut with `…` where even the least size is too large.

        Returns where the next text may begin.
        """
        pdf, shown = self._pdf, self._letters.drawable(text)
        if not shown:
            return y
        pdf.set_text_color(*colour)
        while True:
            pdf.set_font(_FONT, "B" if bold else "", size)
            lines = self._broken(shown, wide)
            if len(lines) <= most or size <= least:
                break
            size = max(least, size - 0.5)
        if len(lines) > most:
            lines = [*lines[: most - 1], f"{lines[most - 1][:-1]}…"]
        for line in lines:
            pdf.set_xy(x, y)
            high = size * _MM * 1.3
            pdf.cell(wide, high, line, align=align, new_x=XPos.LEFT, new_y=YPos.NEXT)
            y += high
        return y

    def _fits(self, text: str, wide: float, size: float) -> bool:
        """Whether it stands in one line in bold letters of this size."""
        self._pdf.set_font(_FONT, "B", size)
        return len(self._broken(self._letters.drawable(text), wide)) == 1

    def _broken(self, text: str, wide: float) -> list[str]:
        """Lines of at most `wide` mm, at spaces where there are, else between letters."""
        lines, line = [], ""
        for word in text.split(" "):
            longer = f"{line} {word}" if line else word
            if self._pdf.get_string_width(longer) <= wide - 2:
                line = longer
                continue
            if line:
                lines.append(line)
            line = ""
            for letter in word:
                if line and self._pdf.get_string_width(line + letter) > wide - 2:
                    lines.append(line)
                    line = ""
                line += letter
        return [*lines, line]
