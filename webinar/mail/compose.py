"""A letter's subject, text and HTML of its words and facts. Pure: nothing is looked up, nothing is sent."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from webinar.base.templates import template_dir
from webinar.mail.look import Look
from webinar.mail.model import fill

_URL: Final = re.compile(r"https?://[^\s<>\"'`\ue000]+[^\s<>\"'`\ue000.,;:!?)\]}]")
_LINK: Final = "{link}"
# Where the name goes: put in last, so that of what people call themselves nothing becomes a link.
_NAME: Final = "\ue000"
PRODUCT: Final = "Webinar"
_ANCHOR: Final = Markup('<a href="{0}" target="_blank" rel="noopener noreferrer" {1}>{0}</a>')


@dataclass(frozen=True, slots=True)
class Logo:
    """A PNG that travels with the letter, so that nothing is fetched to show it; its size as it is shown, in pixels."""

    data: bytes
    width: int
    height: int

    CID: ClassVar[str] = "logo@webinar"  # its name within the letter (RFC 2392)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a letter is about, in the language of who reads it. Addresses are whole; an empty one is left out."""

    name: str
    title: str
    when: str
    organizer: str = ""
    link: str = ""
    button: str = ""  # what a button to `link` says
    place: str = ""  # on the waiting list
    why: str = ""  # why this letter came
    footers: tuple[tuple[str, str], ...] = ()  # (address, text)
    logo: Logo | None = None
    others: Mapping[str, str] = field(default_factory=dict)  # what else stands in braces

    def places(self) -> Mapping[str, str]:
        own = {"name": self.name, "title": self.title, "when": self.when, "link": self.link, "place": self.place}
        return {**own, **self.others}


@dataclass(frozen=True, slots=True)
class Composed:
    """What a mail program is given."""

    subject: str
    text: str
    html: str  # names the logo by its `CID`
    logo: Logo | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, or a button with `url`."""

    text: Markup | None = None
    url: str = ""
    label: str = ""


class Composer:
    """One a process: holds the template."""

    def __init__(self) -> None:
        environment = Environment(
            loader=FileSystemLoader(template_dir()),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._template = environment.get_template("mail/letter.html")

    def compose(
        self, subject: str, text: str, facts: Facts, look: Look, language: str, *, needs_link: bool = False
    ) -> Composed:
        """`subject` and `text` have places in braces. Where people need their link and it is missing, it is added."""
        if facts.link and needs_link and _LINK not in text:
            text = f"{text.rstrip()}\n\n{_LINK}"
        one_line = header(fill(subject, facts.places()))
        parts = [part.strip("\n") for part in re.split(r"\n\s*\n", text.strip())]
        # One of which nothing is left where a place in it stands for nothing leaves no gap.
        paragraphs = [part for part in parts if fill(part, facts.places()).strip()]
        html = self._template.render(
            language=language,
            subject=one_line,
            organizer=facts.organizer,
            title=facts.title,
            when=facts.when,
            blocks=[_block(part, facts, look) for part in paragraphs],
            why=facts.why,
            links=facts.footers,
            look=look,
            logo=facts.logo,
            product=PRODUCT,
        )
        return Composed(one_line, _plain(paragraphs, facts), html, facts.logo)


def header(text: str) -> str:
    """One line without control characters: what becomes a header can hold no second one."""
    kept = "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in text)
    return " ".join(kept.split())


def _block(part: str, facts: Facts, look: Look) -> Block:
    if part.strip() == _LINK:
        return Block(url=facts.link, label=facts.button or facts.link)
    lines = fill(part, {**facts.places(), "name": _NAME}).split("\n")
    linked = Markup("<br>").join(_linked(line, look) for line in lines)
    return Block(linked.replace(_NAME, escape(facts.name)))


def _linked(line: str, look: Look) -> Markup:
    """Escaped, its addresses made links."""
    made, end = Markup(""), 0
    for match in _URL.finditer(line):
        made += escape(line[end : match.start()])
        made += _ANCHOR.format(match[0], look.link)
        end = match.end()
    return made + escape(line[end:])


def _plain(paragraphs: list[str], facts: Facts) -> str:
    """The same for programs that show no HTML."""
    head = "\n".join(line for line in (facts.title, facts.when, facts.organizer) if line)
    words = []
    for part in paragraphs:
        if part.strip() == _LINK:
            words.append(f"{facts.button}:\n{facts.link}" if facts.button else facts.link)
        else:
            words.append(fill(part, facts.places()))
    foot = "\n".join(line for line in (facts.why, *(f"{text}: {url}" for url, text in facts.footers)) if line)
    return "\n\n".join((head, *words, f"-- \n{foot}")) + "\n"
