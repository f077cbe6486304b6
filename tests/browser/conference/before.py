"""Before the conference: it is made, people register and wait."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser import walk
from tests.browser.conference.people import MODERATOR, QUESTION, SHARE, SPEAKER, WARDS, Conference, Person


def first_visit(c: Conference, page: Page) -> None:
    """By the link on the terminal."""
    link = re.search(r"(http://localhost:\d+/setup/\S+)", c.platform.output)
    assert link is not None, c.platform.output
    page.goto(link[1])
    c.field(page, "Your name").fill("Hana Kim")
    c.field(page, "E-mail").fill("hana@example.org")
    c.field(page, "Password").fill(walk.PASSWORD)
    c.fits(page)
    c.press(page, "Create my account")


def makes_the_event(c: Conference, page: Page) -> str:
    """With approval and two seats. Gives the address of its page."""
    page.get_by_role("link", name=c.t("New event")).first.click()
    c.field(page, "Title").fill(c.title)
    page.get_by_role("radio", name=c.t("With approval")).check()
    c.field(page, "Seats").fill("2")
    c.field(page, "Language").select_option(c.t.language)
    c.fits(page)
    c.press(page, "Create the event")
    expect(page.get_by_role("heading", name=c.title)).to_be_visible()
    c.reads(page, "Your event is ready. Share its page, or add guests yourself.")
    c.fits(page)
    return c.field(page, "Event page").input_value()


def plans_it(c: Conference, page: Page) -> None:
    """An agenda, a question on the form, addresses that need no approval, and what counts as attendance."""
    c.tab(page, "Settings")
    hour = int(c.field(page, "Start").input_value().split(":")[0])
    c.follow(page, "Agenda")
    lines = c.field(
        page,
        "One line an item: a time, what, and behind a dash who speaks. A line with a dash in front is the note of the"
        " item above. It is added below what is there.",
    )
    lines.fill(f"{hour:02}:00 Opening - Hana Kim\n{hour:02}:10 Keynote - {SPEAKER}")
    c.press(page, "Make items of these lines")
    expect(c.field(page, "What")).to_have_count(2)
    c.saves(page, "Save the agenda")
    c.fits(page)

    c.tab(page, "People")
    c.follow(page, "Registration form")
    c.field(page, "Question").fill(QUESTION)
    c.field(page, "Kind of answer").select_option(label=c.t("One of several choices"))
    page.get_by_label(c.t("Choices")).fill("\n".join(WARDS))
    c.saves(page, "Put it on the form", "The question is on the form now.")
    page.get_by_label(c.t("E-mail domains")).fill("example.org")
    c.saves(page)
    c.fits(page)

    c.tab(page, "Attendance")
    c.follow(page, "Rules")
    c.field(page, "Share of the programme, in percent").fill(str(SHARE))
    c.saves(page, "Save rules", "The rules are saved, and everybody is judged by them.")
    c.fits(page)


def gives_links(c: Conference, page: Page) -> tuple[str, str]:
    """Of the studio and of the moderators' console, each for one person."""
    c.tab(page, "Overview")
    c.follow(page, "Links for each person")
    for role, name in (("Speaker", SPEAKER), ("Moderator", MODERATOR)):
        page.get_by_role("radio", name=c.t(role)).check()
        c.field(page, "Name").fill(name)
        c.saves(page, "Make the link", "The link is ready. Copy it, and give it to that person alone.")
    c.fits(page)
    return (
        c.field(page, "Link of %(name)s", name=SPEAKER).input_value(),
        c.field(page, "Link of %(name)s", name=MODERATOR).input_value(),
    )


def registers(c: Conference, person: Person, event_page: str) -> None:
    page = person.page
    page.goto(event_page)
    expect(page.get_by_role("heading", name="Keynote")).to_be_visible()
    c.fits(page)
    act = page.locator(".eventpage__act").get_by_role("link")
    expect(act).to_be_in_viewport()
    act.click()
    c.field(page, "Name").fill(person.name)
    c.field(page, "E-mail").fill(person.email)
    page.get_by_role("radio", name=WARDS[0]).check()
    # Nobody has agreed before they did.
    agree = page.get_by_label(c.t("I agree that my data is collected and used like this."))
    expect(agree).not_to_be_checked()
    agree.check()
    c.fits(page)
    page.locator("main form").get_by_role("button").click()


def is_approved(c: Conference, host: Page, mina: Person, event_page: str) -> None:
    """By hand, and finds the way in on the page that said to wait."""
    registers(c, mina, event_page)
    c.reads(mina.page, "Waiting for the host's approval")
    c.letter(mina, "We have your registration: {title}")
    c.fits(mina.page)
    c.tab(host, "People")
    row = host.get_by_role("row", name=mina.name)
    c.press(row, "Approve")
    c.reads(host, "Approved. Their personal link works now.")
    expect(row).to_contain_text(c.t("Has a seat"))
    c.letter(mina, "You have a seat: {title}")
    mina.page.reload()
    c.fits(mina.page)
    c.follow(mina.page, "Enter")


def moves_up(c: Conference, host: Page, yuna: Person, joao: Person, event_page: str) -> None:
    """When the one who had the last seat cancels. The address leads to neither but by mail."""
    registers(c, joao, event_page)
    c.reads(joao.page, "Look into your mail")
    registers(c, yuna, event_page)
    c.reads(yuna.page, "Look into your mail")
    c.fits(yuna.page)
    c.letter(yuna, "You are on the waiting list: {title}")

    c.open_letter(joao, "You are registered: {title}")
    c.follow(joao.page, "My data")
    c.reads(joao.page, "What else is kept")
    c.fits(joao.page)
    c.follow(joao.page, "Cancel my registration")
    c.press(joao.page, "Cancel my registration")
    expect(joao.page.get_by_role("heading", name=c.t("Your registration is cancelled"))).to_be_visible()
    c.letter(joao, "Your registration is cancelled: {title}")
    c.open_letter(yuna, "You have a seat: {title}")

    c.tab(host, "People")
    c.reads(host, "%(taken)s of %(all)s seats taken", taken=2, all=2)
    expect(host.get_by_role("row", name=yuna.name)).to_contain_text(c.t("Has a seat"))
    expect(host.get_by_role("row", name=joao.name)).to_contain_text(c.t("Cancelled"))
    c.fits(host)


def invites(c: Conference, host: Page, *people: Person) -> None:
    """A list, looked at first. There are no seats for them: more are made."""
    c.tab(host, "Settings")
    c.field(host, "Seats").fill("4")
    c.saves(host)
    c.tab(host, "People")
    c.follow(host, "Invite many")
    c.field(host, "Or paste a list").fill("\n".join(f"{person.name}, {person.email}" for person in people))
    c.press(host, "Look at the list")
    wanted = c.t.many("Invite %(count)s person", "Invite %(count)s people", len(people))
    send = host.get_by_role("button", name=wanted, exact=True)
    expect(send).to_be_visible()
    c.fits(host)
    send.click()
    c.reads(host, "The invitations are on their way.")
    c.fits(host)
    for person in people:
        c.letter(person, "You are invited: {title}")


def waits_in_the_lobby(c: Conference, page: Page) -> None:
    expect(page.locator("[data-scene=lobby]")).to_be_visible()
    c.reads(page, "Stay on this page: it starts by itself.")
    c.reads(page, "Starts in")
    c.fits(page)
