"""The eight slides of the demo talk, drawn with Pillow and the Noto Sans CJK fonts; used by make_talk_assets alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PIL import Image, ImageDraw, ImageFont

FONTS: Final = "/usr/share/fonts/opentype/noto/NotoSansCJK-{}.ttc"
KOREAN: Final = 1  # index of the Korean face in the collection
SCALE: Final = 2  # drawn twice as large, then reduced: smooth edges
WIDTH, HEIGHT, STRIP = 1280, 720, 592  # the strip below STRIP belongs to the clock and the code

INK = "#0c1618"
PANEL = "#12292b"
PAPER = "#f6faf9"
CARD = "#ffffff"
LINE = "#d5e2df"
TEXT = "#12211f"
MUTED = "#55706c"
FAINT = "#8fb3ad"
TEAL = "#0f766e"
MINT = "#2dd4bf"
AMBER = "#f0b429"


class Page:
    """A canvas in 1280 x 720 units."""

    def __init__(self, background: str) -> None:
        self.image = Image.new("RGB", (WIDTH * SCALE, HEIGHT * SCALE), background)
        self.draw = ImageDraw.Draw(self.image)

    def text(
        self, x: float, y: float, words: str, size: int, fill: str, *, bold: bool = False, anchor: str = "ls"
    ) -> None:
        font = ImageFont.truetype(FONTS.format("Bold" if bold else "Regular"), size * SCALE, index=KOREAN)
        self.draw.text((x * SCALE, y * SCALE), words, font=font, fill=fill, anchor=anchor)

    def box(
        self, x: float, y: float, w: float, h: float, fill: str, *, radius: int = 0, line: str | None = None
    ) -> None:
        shape = (x * SCALE, y * SCALE, (x + w) * SCALE - 1, (y + h) * SCALE - 1)
        self.draw.rounded_rectangle(shape, radius * SCALE, fill=fill, outline=line, width=SCALE if line else 0)

    def dot(self, x: float, y: float, r: float, fill: str) -> None:
        self.draw.ellipse(((x - r) * SCALE, (y - r) * SCALE, (x + r) * SCALE, (y + r) * SCALE), fill=fill)

    def arrow(self, x0: float, x1: float, y: float, fill: str) -> None:
        self.box(x0, y - 1.5, x1 - x0 - 8, 3, fill)
        self.draw.polygon([(a * SCALE, b * SCALE) for a, b in ((x1 - 12, y - 9), (x1 - 12, y + 9), (x1, y))], fill=fill)

    def finish(self) -> Image.Image:
        """The slide in 64 colours: flat drawings lose nothing and the file stays small."""
        self.box(0, STRIP, WIDTH, HEIGHT - STRIP, INK)
        small = self.image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
        return small.quantize(64, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)


def _content(eyebrow: str, title: str, number: int) -> Page:
    page = Page(PAPER)
    page.box(0, 0, 10, STRIP, TEAL)
    page.text(80, 84, eyebrow, 20, TEAL, bold=True)
    page.text(78, 146, title, 46, TEXT, bold=True)
    page.text(1200, 84, f"{number} / 8", 20, MUTED, anchor="rs")
    return page


def title() -> Page:
    page = Page(INK)
    for i, r in enumerate((330, 250, 170, 90)):
        page.dot(1090, 250, r, ("#10201f", "#122b2a", "#134240", "#0f766e")[i])
    page.draw.polygon([(a * SCALE, b * SCALE) for a, b in ((1064, 206), (1064, 294), (1140, 250))], fill=PAPER)
    page.box(80, 128, 64, 6, MINT)
    page.text(78, 232, "삼백 명이 한 방에", 76, PAPER, bold=True)
    page.text(80, 306, "학회를 온라인으로 옮긴 사흘의 기록", 36, FAINT)
    page.text(80, 476, "데모 발표", 24, MINT, bold=True)
    page.text(80, 516, "생성된 슬라이드와 합성 음성입니다", 24, FAINT)
    return page


def agenda() -> Page:
    page = _content("AGENDA", "What the next minute covers", 2)
    items = (
        ("Why the hall moved online", "and what nobody wanted to lose"),
        ("Joining without an account", "one link, one click"),
        ("Three days, one programme", "who speaks when"),
        ("What to keep from it", "three numbers"),
    )
    for i, (head, sub) in enumerate(items):
        y = 196 + i * 92
        page.box(80, y, 1120, 78, CARD, radius=12, line=LINE)
        page.dot(126, y + 39, 22, TEAL if i == 0 else "#cfe5e1")
        page.text(126, y + 40, str(i + 1), 22, PAPER if i == 0 else TEAL, bold=True, anchor="mm")
        page.text(172, y + 49, head, 28, TEXT, bold=True)
        page.text(1170, y + 48, sub, 22, MUTED, anchor="rs")
    return page


def bars() -> Page:
    page = _content("예시 자료", "입장까지 걸린 시간", 3)
    page.text(1200, 146, "초, 중앙값", 22, MUTED, anchor="rs")
    rows = (
        ("앱 설치", 94.0, "#b9cfcb"),
        ("계정 만들기", 61.0, "#b9cfcb"),
        ("비밀번호 입력", 22.0, "#b9cfcb"),
        ("링크 한 번", 2.0, TEAL),
    )
    for step in range(0, 101, 25):
        x = 300 + step * 8.2
        page.box(x, 196, 1, 330, LINE)
        page.text(x, 556, str(step), 18, MUTED, anchor="ms")
    for i, (name, seconds, colour) in enumerate(rows):
        y = 208 + i * 80
        page.text(276, y + 40, name, 26, TEXT, bold=colour == TEAL, anchor="rs")
        page.box(300, y, max(14, seconds * 8.2), 56, colour, radius=6)
        page.text(300 + seconds * 8.2 + 16, y + 39, f"{seconds:.0f}초", 28, TEAL if colour == TEAL else TEXT, bold=True)
    return page


def quote() -> Page:
    page = Page(PANEL)
    page.text(66, 232, "“", 200, TEAL, bold=True)
    page.text(180, 212, "People forgive a grey slide.", 50, PAPER, bold=True)
    page.text(180, 286, "They do not forgive missing", 50, PAPER, bold=True)
    page.text(180, 360, "the first sentence.", 50, MINT, bold=True)
    page.box(182, 424, 48, 4, MINT)
    page.text(182, 472, "From a host’s notebook, day two", 26, FAINT)
    page.text(1200, 84, "4 / 8", 20, FAINT, anchor="rs")
    return page


def table() -> Page:
    page = _content("프로그램", "둘째 날 일정", 5)
    rows = (
        ("시간", "세션", "연자", "학점"),
        ("09:00", "개회 및 기조강연", "김하늘", "1.0"),
        ("10:30", "증례 토의: 무엇을 놓쳤나", "박서준 · 이도윤", "1.5"),
        ("13:00", "심포지엄: 원격 진료의 다음", "최지우", "2.0"),
        ("15:30", "질의응답과 폐회", "전체", "0.5"),
    )
    page.box(80, 190, 1120, 366, CARD, radius=12, line=LINE)
    for i, row in enumerate(rows):
        y = 190 + i * 73.2
        head = i == 0
        if i == 2:
            page.box(82, y + 1, 1116, 72, "#e3f3f0")
            page.box(82, y + 1, 6, 72, TEAL)
        if i:
            page.box(82, y, 1116, 1, LINE)
        for x, cell, anchor in zip((116, 250, 780, 1160), row, ("ls", "ls", "ls", "rs"), strict=True):
            page.text(x, y + 47, cell, 22 if head else 26, MUTED if head else TEXT, bold=i == 2 or head, anchor=anchor)
    return page


def way() -> Page:
    page = _content("HOW IT WORKS", "One way through, once", 6)
    stops = (
        ("Presenter", "camera, slides", "#e3f3f0"),
        ("Encode", "once for all", "#e3f3f0"),
        ("Package", "half a second", "#e3f3f0"),
    )
    for i, (name, sub, fill) in enumerate(stops):
        x = 80 + i * 260
        page.box(x, 296, 200, 124, fill, radius=14, line="#a9d3cc")
        page.text(x + 100, 352, name, 30, TEXT, bold=True, anchor="ms")
        page.text(x + 100, 390, sub, 20, MUTED, anchor="ms")
        page.arrow(x + 206, x + 254, 358, TEAL)
    for i, (name, sub) in enumerate(
        (("Live", "under a second"), ("Replay", "from the start"), ("Recording", "at the end"))
    ):
        y = 204 + i * 112
        page.box(860, y, 340, 92, TEAL if i == 0 else CARD, radius=14, line=None if i == 0 else LINE)
        page.text(890, y + 56, name, 28, PAPER if i == 0 else TEXT, bold=True)
        page.text(1174, y + 55, sub, 20, "#c9ece6" if i == 0 else MUTED, anchor="rs")
    return page


def numbers() -> Page:
    page = _content("정리", "기억할 숫자 셋", 7)
    for i, (value, unit, line) in enumerate(
        (
            ("1", "초", "말과 화면이 닿는 시간"),
            ("300", "명", "한 방에서 함께 보는 사람"),
            ("3", "초", "종료 뒤 녹화가 준비되기까지"),
        )
    ):
        x = 80 + i * 384
        page.box(x, 200, 352, 330, CARD, radius=16, line=LINE)
        page.box(x, 200, 352, 8, (TEAL, MINT, AMBER)[i])
        page.text(x + 36, 372, value, 120, TEXT, bold=True)
        page.text(x + 52 + 70 * len(value), 372, unit, 44, TEAL, bold=True)
        page.text(x + 36, 456, line, 24, MUTED)
    return page


def thanks() -> Page:
    page = Page(INK)
    page.box(0, 0, WIDTH, 10, TEAL)
    page.text(640, 252, "Thank you", 96, PAPER, bold=True, anchor="ms")
    page.text(640, 336, "감사합니다", 52, MINT, bold=True, anchor="ms")
    page.box(608, 392, 64, 4, TEAL)
    page.text(640, 456, "Questions are open in the chat", 28, FAINT, anchor="ms")
    page.text(640, 500, "The talk begins again in a moment", 22, "#5f827d", anchor="ms")
    return page


SLIDES: Final[tuple[Callable[[], Page], ...]] = (title, agenda, bars, quote, table, way, numbers, thanks)
