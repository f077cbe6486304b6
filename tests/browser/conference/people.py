"""The people of one conference: each has a browser of their own, and does what they do by the words they read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from email.message import EmailMessage

from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser import page_checks, walk
from tests.mail_stage import Inbox
from tests.running import RunningPlatform
from webinar.base.i18n import Language, load

LOCALES: dict[Language, str] = {"en": "en-GB", "ko": "ko-KR"}
TITLES: dict[Language, str] = {"en": "Heart failure in practice", "ko": "심부전 진료의 실제"}

# What they write, in whatever language the pages are.
QUESTION = "Which ward do you work on?"
WARDS = ("Cardiology", "Emergency")
SPEAKER, MODERATOR = "Seo Jiwoo", "Dong Ha"
HELLOS = ("안녕하세요! 잘 보입니다.", "<b>not bold</b> & 'quoted'")
UNHEARD = "Written while the chat was down"
ASKED, ANSWERED = "When do the slides come?", "Tomorrow, by mail."
ISSUER = "Busan Heart Society"
# Of the programme, in percent: little, as a busy machine cannot play all of it to everybody.
SHARE = 20
_TYPED = (QUESTION, *WARDS, SPEAKER, MODERATOR, *HELLOS, UNHEARD, ASKED, ANSWERED, ISSUER, "Opening", "Keynote")

# Of what a browser notes: sessions of media that a busy machine loses, and "later, please". Pages go on by themselves.
_BUSY = re.compile(r"/wh[ie]p/|status of 503")


class Words:
    """What stands on pages and in letters, by its English text, in one language."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._catalogue = load(language)

    def __call__(self, text: str, **values: object) -> str:
        """With `%(name)s` and `{name}` filled in."""
        assert text in self._catalogue, f"not in the catalogue of {self.language}: {text}"
        said = self._catalogue.gettext(text)
        for name, value in values.items():
            said = said.replace(f"%({name})s", str(value)).replace(f"{{{name}}}", str(value))
        return said.replace("%%", "%")

    def many(self, one: str, many: str, count: int) -> str:
        assert one in self._catalogue, f"not in the catalogue of {self.language}: {one}"
        return self._catalogue.ngettext(one, many, count) % {"count": count}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a browser profile of their own."""

    name: str
    email: str
    page: Page
    seen: page_checks.Watch


class Conference:
    """`t` gives the words; `title` is the event's."""

    def __init__(
        self, platform: RunningPlatform, inbox: Inbox, chromium: Browser, language: Language, *, long: bool
    ) -> None:
        self.platform = platform
        self.inbox = inbox
        self.t = Words(language)
        self.title = TITLES[language]
        self.people: list[Person] = []
        self._chromium = chromium
        self._long = long
        self._open = ExitStack()

    @contextmanager
    def held(self) -> Iterator[Conference]:
        """With all of its browser profiles closed afterwards."""
        with self._open:
            yield self

    def arrives(
        self, name: str, *, at: str = "example.org", width: int = 1280, browser: Browser | None = None
    ) -> Person:
        """A new person with an address of that domain, in a browser of their own where one is given."""
        height = 844 if width < 768 else 800
        locale = LOCALES[self.t.language]
        context = walk.profile_of(browser or self._chromium, width=width, height=height, locale=locale)
        self._open.callback(context.close)
        seen = page_checks.Watch(context, self.platform)
        person = Person(name, f"guest{len(self.people)}@{at}", context.new_page(), seen)
        self.people.append(person)
        return person

    def press(self, place: Page | Locator, words: str, /, **values: object) -> None:
        place.get_by_role("button", name=self.t(words, **values), exact=True).click()

    def follow(self, place: Page | Locator, words: str, /, **values: object) -> None:
        place.get_by_role("link", name=self.t(words, **values), exact=True).click()

    def field(self, place: Page | Locator, words: str, /, **values: object) -> Locator:
        # A part of the page may be called like a field of its form.
        found = place.get_by_label(self.t(words, **values), exact=True)
        return found.and_(place.locator("input, select, textarea"))

    def reads(self, place: Page | Locator, words: str, /, **values: object) -> None:
        expect(place.get_by_text(self.t(words, **values)).first).to_be_visible()

    def tab(self, page: Page, words: str) -> None:
        """Of the event's pages."""
        self.follow(page.get_by_role("navigation", name=self.t("Parts of the event")), words)

    def saves(self, page: Page, words: str = "Save changes", said: str = "Your changes are saved.") -> None:
        self.press(page, words)
        self.reads(page, said)

    def fits(self, page: Page) -> None:
        """It is whole: nothing sticks out to the side, nothing is left in English, nothing hinders anybody."""
        assert page_checks.too_wide(page) == "", page.url
        if self._long:
            hindered = page_checks.hindrances(page)
            assert hindered == [], (page.url, hindered)
        if self.t.language == "ko":
            own = (self.title, *_TYPED, *(person.name for person in self.people))
            assert page_checks.untranslated(page, own) == [], page.url

    def letter(self, person: Person, subject: str) -> EmailMessage:
        """The one with that subject, once it has come."""
        wanted = self.t(subject, title=self.title)

        def found() -> list[EmailMessage]:
            return [letter for letter in self.inbox.to(person.email) if str(letter["Subject"]) == wanted]

        came = [str(letter["Subject"]) for letter in self.inbox.to(person.email)]
        self.platform.wait_for(found, 30, f"{wanted!r} to {person.email}, who had {came}")
        (letter,) = found()
        return letter

    def open_letter(self, person: Person, subject: str) -> None:
        """By the link of the letter."""
        body = self.letter(person, subject).get_body(("plain",))
        assert body is not None
        link = re.search(r"https?://\S+", body.get_content())
        assert link is not None, body.get_content()
        person.page.goto(link[0])

    def nobody_complains(self, of: str = "") -> None:
        """Since the last call no page of anybody asked a stranger, was refused something or had an error.

        But `of`, which was brought about.
        """
        for person in self.people:
            strangers, errors = person.seen.taken()
            assert strangers == [], person.name
            left = [error for error in errors if not (_BUSY.search(error) or (of and of in error))]
            assert left == [], person.name
