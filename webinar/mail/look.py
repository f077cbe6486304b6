"""Styles of a letter, each once, as attributes: mail programs take no stylesheet. Colours are those of tokens.css."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

_FONT: Final = (
    "font-family:'Apple SD Gothic Neo','Noto Sans KR','Malgun Gothic',-apple-system,'Segoe UI',Arial,sans-serif;"
    "word-break:keep-all;overflow-wrap:anywhere"
)
_GROUND, _SURFACE, _INK, _MUTED, _LINE = "#f4f6f5", "#ffffff", "#14201d", "#54635f", "#d9e0dd"


def _style(css: str) -> Markup:
    return Markup('style="{}"').format(css)


@dataclass(frozen=True, slots=True)
class Look:
    """Attributes by the part that wears them."""

    body: Markup
    ground: Markup
    around: Markup
    card: Markup
    stripe: Markup
    head: Markup
    brand: Markup
    logo: Markup
    organizer: Markup
    title: Markup
    when: Markup
    words: Markup
    paragraph: Markup
    link: Markup
    button_row: Markup
    button_cell: Markup
    button: Markup
    foot: Markup
    small: Markup
    small_link: Markup


def look(accent: str, ink: str) -> Look:
    """Of an event's colour and what is written on it, as `#rrggbb`."""
    text = f"margin:0 0 16px;{_FONT};font-size:16px;line-height:1.6;color:{_INK}"
    return Look(
        body=_style(f"margin:0;padding:0;background:{_GROUND}"),
        ground=_style(f"background:{_GROUND}"),
        around=_style("padding:24px 12px 40px"),
        card=_style(f"max-width:560px;background:{_SURFACE};border:1px solid {_LINE};border-collapse:separate"),
        stripe=_style(f"height:6px;line-height:6px;font-size:1px;background:{accent}"),
        head=_style(f"padding:26px 28px 20px;border-bottom:1px solid {_LINE}"),
        brand=_style(f"margin:0 0 14px;{_FONT};font-size:13px;line-height:1.2;font-weight:700;color:{accent}"),
        logo=_style("display:block;border:0;max-width:100%;height:auto"),
        organizer=_style(f"margin:0 0 6px;{_FONT};font-size:13px;line-height:1.5;color:{_MUTED}"),
        title=_style(f"margin:0 0 8px;{_FONT};font-size:22px;line-height:1.35;font-weight:700;color:{_INK}"),
        when=_style(f"margin:0;{_FONT};font-size:15px;line-height:1.5;color:{_MUTED}"),
        words=_style("padding:24px 28px 10px"),
        paragraph=_style(text),
        link=_style(f"color:{accent}"),
        button_row=_style("margin:6px 0 22px"),
        button_cell=_style(f"background:{accent};border-radius:8px"),
        button=_style(
            f"display:inline-block;padding:14px 26px;{_FONT};font-size:16px;line-height:1.2;font-weight:700;"
            f"color:{ink};text-decoration:none"
        ),
        foot=_style(f"padding:18px 28px 22px;border-top:1px solid {_LINE}"),
        small=_style(f"margin:0 0 6px;{_FONT};font-size:13px;line-height:1.6;color:{_MUTED}"),
        small_link=_style(f"color:{_MUTED};text-decoration:underline"),
    )
