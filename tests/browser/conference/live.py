"""During the conference: it goes on air, people watch, talk, come late, and it ends."""

from __future__ import annotations

import os
import re
import signal
import time
from dataclasses import dataclass

from playwright.sync_api import Page, expect

from tests.browser import on_air, walk, watching
from tests.browser.conference.people import ANSWERED, ASKED, HELLOS, SHARE, UNHEARD, Conference, Person


@dataclass(frozen=True, slots=True)
class OnAir:
    """How long at least and at most, in s, by what was pressed and seen."""

    least_s: float
    most_s: float


def goes_live(c: Conference, page: Page, studio: str, host: Page) -> tuple[float, float]:
    """After a rehearsal, with what a presenter wants to see; the host's page says so by itself.

    Gives when it was pressed and when it was seen, by `time.monotonic`.
    """
    page.goto(studio)
    c.press(page, "Turn on camera and microphone")
    on_air.sending(page)
    c.reads(page, "Rehearsal: nobody sees you yet")
    c.fits(page)
    pressed = time.monotonic()
    c.press(page, "Go live")
    c.reads(page, "Live in")
    expect(page.locator("[data-bar=live]")).to_be_visible(timeout=30_000)
    seen = time.monotonic()
    expect(page.locator("[data-bar=time]")).not_to_have_text("0:00")
    expect(page.locator("[data-bar=sent]")).to_contain_text("Mbit/s")
    expect(page.locator("[data-bar=saved]")).to_be_visible()
    expect(host.get_by_role("heading", name=c.t("On air"), exact=True)).to_be_visible()
    c.fits(page)
    return pressed, seen


def watches(c: Conference, person: Person, transport: str) -> None:
    """The lobby turned into the room by itself: picture, sound, and what counts as attendance."""
    walk.playing(person.page, transport)
    # Who had clicked on this page before hears from the first moment.
    if person.page.evaluate("() => document.querySelector('.stage__video').muted"):
        c.press(person.page, "Turn sound on")
    assert walk.loudness(person.page) >= 0.05
    chip = person.page.locator("[data-attendance=root]")
    expect(chip).to_contain_text(c.t("{n}% needed", n=SHARE))
    c.fits(person.page)


def reads_how_it_goes(presenter: Page) -> None:
    """How long guests waited for their picture, by what their players tell."""
    expect(presenter.locator("[data-health=first]")).to_contain_text(re.compile(r"\d / \d"), timeout=40_000)


def says(c: Conference, page: Page, text: str) -> None:
    field = c.field(page, "Write a message")
    field.fill(text)
    field.press("Enter")


def talk(c: Conference, desk: Page, console: str, mina: Person, yuna: Person) -> None:
    """Guests write and ask; the moderator pins the one and puts the other on everybody's screen."""
    desk.goto(console)
    expect(desk.locator("[data-desk=root]")).to_have_attribute("data-state", "open")
    for person, text in zip((mina, yuna), HELLOS, strict=True):
        says(c, person.page, text)
    for person in (mina, yuna):
        expect(person.page.locator("[data-chat=list] .msg__body")).to_have_count(2)
    message = desk.locator("[data-list=messages] .entry", has_text=HELLOS[1])
    message.hover()
    c.press(message, "Pin")
    expect(mina.page.locator("[data-chat=pin-text]")).to_have_text(HELLOS[1])

    page = mina.page
    page.get_by_role("tab", name=c.t("Q&A")).click()
    field = c.field(page, "Ask a question")
    field.fill(ASKED)
    field.press("Enter")
    c.reads(page, "Your question")
    question = desk.locator("[data-list=questions] .entry", has_text=ASKED)
    question.hover()
    c.press(question, "On screen")
    for person in (mina, yuna):
        expect(person.page.locator("[data-onscreen=body]")).to_have_text(ASKED)
        c.fits(person.page)
    c.fits(desk)
    question.hover()
    c.press(question, "Answered")
    dialog = desk.get_by_role("dialog")
    dialog.get_by_label(c.t("Written answer")).fill(ANSWERED)
    c.press(dialog, "Mark as answered")
    expect(page.locator("[data-onscreen=root]")).to_be_hidden()
    expect(page.get_by_text(ANSWERED)).to_be_visible()
    page.get_by_role("tab", name=c.t("Chat")).click()


def chat_dies(c: Conference, writer: Person) -> None:
    """What is written meanwhile waits for it."""
    os.kill(c.platform.children()["chat"], signal.SIGKILL)
    says(c, writer.page, UNHEARD)


def chat_is_whole(*guests: Person) -> None:
    """All saw the same, each message once, in one order; who came later, too."""
    wanted = [*HELLOS, UNHEARD]
    for person in guests:
        bodies = person.page.locator("[data-chat=list] .msg__body")
        expect(bodies).to_have_text(wanted, timeout=40_000)
        assert person.seen.asked == person.seen.own  # pages and chat, and nobody else


def comes_late(c: Conference, late: Person) -> None:
    """Two minutes, by what their page is told; the invitation's letter leads into the room, and they are asked."""
    page = late.page
    page.add_init_script(watching.TOLD.replace("BEFORE", "120"))
    c.open_letter(late, "You are invited: {title}")
    walk.playing(page, "whep")
    choice = page.get_by_role("group", name=c.t("You missed the beginning"))
    expect(choice).to_be_visible()
    c.fits(page)
    c.press(choice, "Live now")
    expect(choice).to_be_hidden()
    walk.playing(page, "whep")


def ends(c: Conference, host: Page, presenter: Page, guests: tuple[Person, ...], began: tuple[float, float]) -> OnAir:
    """Asked before it is done; the recording is there by itself. How soon is measured by `tests.bench.event`."""
    card = host.locator("#on-air")
    expect(card).to_contain_text(re.compile(r"\d:[0-5]\d"))
    c.fits(host)
    c.follow(card, "End for everyone")
    dialog = host.get_by_role("dialog")
    expect(dialog).to_contain_text(c.t("End the event for everyone?"))
    least_s = time.monotonic() - began[1]
    c.press(dialog, "End for everyone")
    c.reads(host, "The recording is ready")
    most_s = time.monotonic() - began[0]
    expect(host.locator("#event-state")).to_have_text(c.t("Ended"))
    for person in guests:
        c.reads(person.page, "The event has ended. Thank you for being here!")
        c.fits(person.page)
    expect(presenter.get_by_role("heading", name=c.t("The event has ended"))).to_be_visible()
    c.fits(presenter)
    c.fits(host)
    return OnAir(least_s, most_s)
