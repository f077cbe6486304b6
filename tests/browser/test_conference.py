"""One whole conference in Chromium, from the first visit to the signed report and the replay.

As its host, its presenter, its moderator and its guests live it: one who must be approved, one who waits for a seat
behind a firewall, one who comes late, one who cancels, one who never comes. Every click is by the words of the page,
every link of a guest's is the one that came by mail. In English; with `--long` in Korean, too, and each page is
held against axe-core.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.background import Background
from tests.browser.conference import after, before, live
from tests.browser.conference.people import MODERATOR, SPEAKER, Conference
from tests.mail_stage import Inbox, mail_server
from tests.running import RunningPlatform
from webinar.base.i18n import LANGUAGES, Language


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "language" in metafunc.fixturenames:
        metafunc.parametrize("language", sorted(LANGUAGES) if metafunc.config.getoption("--long") else ("en",))


@pytest.fixture
def inbox(servers: Background) -> Iterator[Inbox]:
    """What people have got by mail: a real server takes it."""
    box = Inbox()
    stage = mail_server(box)
    servers.run(stage.__aenter__())
    yield box
    servers.run(stage.__aexit__(None, None, None))


@pytest.fixture
def fresh(inbox: Inbox) -> Iterator[RunningPlatform]:
    """A platform that sends mail and that nobody has visited yet."""
    running = RunningPlatform(WEBINAR_SMTP_URL=inbox.url, WEBINAR_MAIL_FROM="Webinar <webinar@example.org>")
    try:
        yield running.start()
    finally:
        running.close()


@pytest.fixture(autouse=True)
def said() -> None:
    """What this platform says is shown when it is closed; that of the other browser tests is not needed."""


@pytest.fixture
def conference(
    fresh: RunningPlatform, inbox: Inbox, chromium: Browser, language: Language, long: bool
) -> Iterator[Conference]:
    with Conference(fresh, inbox, chromium, language, long=long).held() as made:
        yield made


@pytest.mark.timeout(300)
def test_one_conference_from_the_first_visit_to_the_signed_report(
    conference: Conference, chromium_without_udp: Browser, tmp_path: Path
) -> None:
    c = conference
    host = c.arrives("Hana Kim").page
    before.first_visit(c, host)
    event_page = before.makes_the_event(c, host)
    before.plans_it(c, host)
    studio, console = before.gives_links(c, host)

    mina = c.arrives("Mina Park", at="elsewhere.example", width=390)
    joao = c.arrives("João Silva", width=390)
    yuna = c.arrives("Yuna Choi", browser=chromium_without_udp)
    before.is_approved(c, host, mina, event_page)
    before.moves_up(c, host, yuna, joao, event_page)
    late = c.arrives("Late Lee", at="elsewhere.example", width=390)
    absent = c.arrives("Nora Berg", at="elsewhere.example")
    before.invites(c, host, late, absent)
    for person in (mina, yuna):
        before.waits_in_the_lobby(c, person.page)

    c.tab(host, "Overview")
    presenter = c.arrives(SPEAKER).page
    began = live.goes_live(c, presenter, studio, host)
    live.watches(c, mina, "whep")
    live.watches(c, yuna, "hls")
    live.reads_how_it_goes(presenter)
    live.talk(c, c.arrives(MODERATOR).page, console, mina, yuna)
    c.nobody_complains()
    live.chat_dies(c, mina)
    live.comes_late(c, late)
    came = (mina, yuna, late)
    live.chat_is_whole(*came)
    aired = live.ends(c, host, presenter, came, began)
    c.nobody_complains(of="WebSocket connection to")

    film = after.has_the_recording(c, host, tmp_path, aired)
    after.reports(c, host, came, absent, joao)
    bundle = after.takes_along(c, host, tmp_path, mina, aired)
    after.says_its_digest(c, host, film)
    stranger = c.arrives("Somebody").page
    after.proves_it(c, stranger, bundle)
    after.certifies(c, host, came, stranger, tmp_path)
    after.writes_to_both(c, host, came, absent, joao)
    after.watches_again(c, mina)
    c.nobody_complains()
