from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from webinar.mail.compose import Composer, Facts, header
from webinar.mail.look import look
from webinar.mail.model import SORTS, Kind

LOOK = look("#0f766e", "#ffffff")
FACTS = Facts(
    name="김하나",
    title="연례 학술대회",
    when="2026년 12월 1일 (화) 오후 2:00 – 3:00 KST",
    organizer="대한학회",
    link="https://webinar.example.org/j/token",
    button="행사 입장하기",
    why="이유",
    footers=(("https://webinar.example.org/e/x", "행사 페이지"),),
)


class Tags(HTMLParser):
    """What a mail program sees of the HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    @property
    def links(self) -> list[str | None]:
        return [attrs.get("href") for tag, attrs in self.found if tag == "a"]


@pytest.fixture(scope="module")
def composer() -> Composer:
    return Composer()


def test_a_line_that_is_only_the_link_becomes_a_button_and_an_address_in_the_text(composer: Composer) -> None:
    made = composer.compose("{title}", "{name} 님,\n\n{link}\n\n고마워요.", FACTS, LOOK, "ko")
    assert made.subject == "연례 학술대회"
    assert "행사 입장하기:\nhttps://webinar.example.org/j/token" in made.text
    tags = Tags(made.html)
    assert tags.links == ["https://webinar.example.org/j/token", "https://webinar.example.org/e/x"]
    assert "김하나 님," in tags.text


def test_where_people_need_their_link_it_is_added_to_words_without_it(composer: Composer) -> None:
    for kind, wanted in ((Kind.CONFIRMED, True), (Kind.DAY, True), (Kind.DECLINED, False), (Kind.THANKS, False)):
        made = composer.compose("x", "words", FACTS, LOOK, "en", needs_link=SORTS[kind].needs_link)
        assert (FACTS.link in made.text) is wanted, kind


def test_a_paragraph_of_a_place_that_stands_for_nothing_leaves_no_gap(composer: Composer) -> None:
    for said in ("", "It is there."):
        facts = replace(FACTS, others={"recording": said})
        made = composer.compose("x", "Hello\n\n{recording}\n\n{link}\n\nBye", facts, LOOK, "en")
        between = made.text.split("Hello")[1].split(FACTS.button)[0]
        assert between == (f"\n\n{said}\n\n" if said else "\n\n")
        assert ("It is there." in Tags(made.html).text) is bool(said)
        assert re.findall(r"<p[^>]*>\s*</p>", made.html) == []


def test_markup_in_names_titles_and_words_is_text(composer: Composer) -> None:
    facts = replace(FACTS, name="<img src=x onerror=alert(1)>", title="<b>Ω</b>", organizer='"><script>')
    made = composer.compose("x", "Hello {name} <i>you</i>\n\n{link}", facts, LOOK, "en")
    assert {tag for tag, _ in Tags(made.html).found} <= {
        "html", "head", "meta", "title", "body", "table", "tr", "td", "p", "h1", "a", "br"
    }  # fmt: skip
    assert "<i>you</i>" in Tags(made.html).text


def test_addresses_that_a_host_writes_become_links_and_nothing_else_does(composer: Composer) -> None:
    text = 'See https://example.org/a?b=1&c=2. javascript:alert(1) http://example.org/"onclick'
    made = composer.compose("x", text, FACTS, LOOK, "en")
    assert Tags(made.html).links[:2] == ["https://example.org/a?b=1&c=2", "http://example.org/"]


def test_of_what_people_call_themselves_nothing_becomes_a_link(composer: Composer) -> None:
    facts = replace(FACTS, name="https://bad.example & {link}")
    made = composer.compose("x", "Hello {name}, see https://good.example/{name}", facts, LOOK, "en")
    tags = Tags(made.html)
    assert tags.links[0] == "https://good.example/"
    assert not [link for link in tags.links if link and "bad" in link]
    assert tags.text.count("https://bad.example & {link}") == 2


def test_a_letter_asks_for_nothing_from_anywhere(composer: Composer) -> None:
    made = composer.compose("x", "{link}", FACTS, LOOK, "en")
    tags = Tags(made.html)
    assert [attrs for _, attrs in tags.found if {"src", "background", "srcset"} & set(attrs)] == []
    assert "url(" not in made.html
    assert "@import" not in made.html


def test_a_subject_is_one_line_whatever_the_title_is(composer: Composer) -> None:
    facts = replace(FACTS, title="A\r\nBcc: everyone@example.org\u2028\x00B")
    made = composer.compose("{title}", "x", facts, LOOK, "en")
    assert made.subject == "A Bcc: everyone@example.org B"
    assert header("  a \t b ") == "a b"
