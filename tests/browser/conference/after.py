"""After the conference: its recording, the report, what is taken along, certificates, letters, and the replay."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import time
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pypdf
from playwright.sync_api import Locator, Page, expect

from tests.browser import walk
from tests.browser.conference.live import OnAir
from tests.browser.conference.people import HELLOS, ISSUER, QUESTION, SHARE, UNHEARD, WARDS, Conference, Person
from tests.media.mp4_probe import probe


def downloaded(page: Page, link: Locator, folder: Path) -> Path:
    with page.expect_download() as download:
        link.click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def has_the_recording(c: Conference, host: Page, folder: Path, aired: OnAir) -> Path:
    """Whole, and as long as the event was."""
    card = host.locator("#on-air")
    path = downloaded(host, card.get_by_role("link", name=c.t("Download"), exact=True), folder)
    assert path.name == f"{c.title}.mp4"
    film = probe(path)
    assert film.errors == []
    assert (film.video_codec, film.audio_codec) == ("h264", "aac")
    assert aired.least_s - 0.5 <= film.duration_s <= aired.most_s
    return path


def reports(c: Conference, host: Page, came: tuple[Person, ...], absent: Person, cancelled: Person) -> None:
    """The figures, and a row for everybody with a seat."""
    c.tab(host, "Report")
    # The last seconds of whoever came last are told as their page learns of the end.
    deadline = time.monotonic() + 40
    while not (found := tiles(host))[c.t("People attended")].startswith("3"):
        assert time.monotonic() < deadline, found
        host.reload()
    assert found[c.t("People registered")] == "4"
    assert found[c.t("Most at once")] in ("2", "3")  # whoever came late was there live for some seconds only
    assert found[c.t("Messages")] == "3"
    assert found[c.t("Questions")].startswith("1")
    assert c.t("%(n)s answered", n=1) in found[c.t("Questions")]
    minutes = re.compile(re.escape(c.t("%(n)s min", n="N")).replace("N", r"\d+"))
    for person in came:
        expect(host.get_by_role("row", name=person.name)).to_contain_text(minutes)
    row = host.get_by_role("row", name=came[0].name)
    expect(row.get_by_text(c.t("Passed"), exact=True)).to_be_visible()
    expect(host.get_by_role("row", name=absent.name)).to_contain_text(c.t("Did not come"))
    expect(host.get_by_role("row", name=cancelled.name)).to_have_count(0)
    c.fits(host)


def tiles(page: Page) -> dict[str, str]:
    """The report's figures by their names."""
    found: dict[str, str] = page.locator(".report__tiles .stat").evaluate_all(
        "tiles => Object.fromEntries(tiles.map(tile => [tile.querySelector('dt').innerText.trim(), "
        "tile.querySelector('dd').innerText.trim()]))"
    )
    return found


def takes_along(c: Conference, host: Page, folder: Path, mina: Person, aired: OnAir) -> Path:
    """Every file says the same. Gives the signed one."""
    take = host.locator(".report__take")

    def taken(name: str) -> Path:
        return downloaded(host, take.get_by_role("link", name=name, exact=True), folder)

    items: list[dict[str, Any]] = json.loads(taken(".json").read_text())["items"]
    (hers,) = [item for item in items if item["name"] == mina.name]
    assert hers["passed"] is True
    assert hers["answers"] == {QUESTION: WARDS[0]}
    assert aired.least_s * SHARE / 100 <= hers["live_s"] <= aired.most_s
    text = taken(".csv").read_bytes()
    assert text.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(text.decode("utf-8-sig"))))
    sheet = list(openpyxl.load_workbook(taken("Excel (.xlsx)")).active.values)
    assert rows[0] == list(sheet[0])
    names = [item["name"] for item in items]
    assert [row[0] for row in rows[1:]] == names == [row[0] for row in sheet[1:]]
    said = taken(c.t("Messages")).read_text("utf-8-sig")
    assert [text for text in (*HELLOS, UNHEARD) if said.count(text) != 1] == []
    return taken(".zip")


def says_its_digest(c: Conference, host: Page, film: Path) -> None:
    c.follow(host.locator(".report__take"), "Open the page")
    expect(host.locator("#files code")).to_have_text(hashlib.sha256(film.read_bytes()).hexdigest())
    c.fits(host)


def proves_it(c: Conference, stranger: Page, bundle: Path) -> None:
    """To somebody who was not there, on the page for all and offline."""
    checked = c.platform.run("verify", str(bundle))
    assert checked.returncode == 0, checked.stdout + checked.stderr
    stranger.goto(f"{c.platform.base_url}/verify")
    c.field(stranger, "The .zip file").set_input_files(bundle)
    c.press(stranger, "Check the file")
    c.reads(stranger, "This bundle is genuine and unchanged")
    c.fits(stranger)


def certifies(c: Conference, host: Page, came: tuple[Person, ...], stranger: Page, folder: Path) -> None:
    """Issued by the host to who met the rule, come by mail, and found by who holds one against the public page."""
    mina = came[0]
    c.follow(host, "Certificates")
    c.field(host, "Issuer").fill(ISSUER)
    host.get_by_label(c.t("People find their certificate on their personal page")).check()
    c.saves(host, "Save")
    passed = host.locator(".certificates__people tbody tr").filter(has_text=c.t("Ready to issue")).count()
    assert 1 <= passed <= 3  # of the others, who saw enough
    words = c.t.many("Issue %(count)s certificate", "Issue %(count)s certificates", passed)
    host.get_by_role("link", name=words).click()
    c.press(host.get_by_role("dialog"), "Issue the certificates")
    c.reads(host, "The certificates are issued.")
    c.fits(host)
    # Who saw enough only as the last word of their page came is issued one, too.
    papers_of = host.locator(".certificates__people tbody tr").get_by_role("link", name="PDF")
    assert passed <= (issued := papers_of.count()) <= 3
    row = host.get_by_role("row", name=mina.name)
    with pypdf.PdfReader(downloaded(host, row.get_by_role("link", name="PDF"), folder)) as paper:
        assert mina.name in paper.pages[0].extract_text()
    with zipfile.ZipFile(downloaded(host, host.get_by_role("link", name=c.t("All as .zip")), folder)) as papers:
        assert len([name for name in papers.namelist() if name.endswith(".pdf")]) == issued
    code = row.locator("a[href^='/verify/']").get_attribute("href")
    assert code is not None
    c.letter(mina, "Your certificate: {title}")

    stranger.goto(f"{c.platform.base_url}/verify")
    c.field(stranger, "Code or address beside the QR code").fill(c.platform.base_url + code)
    c.press(stranger, "Check")
    c.reads(stranger, "This certificate is valid")
    expect(stranger.get_by_text(c.title)).to_be_visible()
    c.fits(stranger)


def writes_to_both(c: Conference, host: Page, came: tuple[Person, ...], absent: Person, cancelled: Person) -> None:
    """To those who were there and to those who were not, each once; who had cancelled hears nothing."""
    before = len(c.inbox.to(cancelled.email))
    c.tab(host, "Report")
    c.follow(host, "Send follow-up mails…")
    for group, count in (("thanks", len(came)), ("missed", 1)):
        c.reads(host.locator(f"[aria-labelledby=group-{group}]"), "%(count)s will get this mail", count=count)
    c.fits(host)
    c.press(host, "Send the mails")
    said = "The follow-up mails are on their way. %(count)s people get one."
    c.reads(host, said, count=len(came) + 1)
    for person in came:
        c.letter(person, "Thank you for coming: {title}")
    c.letter(absent, "We missed you: {title}")
    assert len(c.inbox.to(cancelled.email)) == before


def watches_again(c: Conference, person: Person) -> None:
    """By the letter's link; what was said is found, and stands beside its moment."""
    page = person.page
    c.open_letter(person, "Thank you for coming: {title}")
    c.reads(page, "Replay")
    walk.until(page, "() => document.querySelector('.stage__video').currentTime > 0.5")
    c.fits(page)
    search = c.field(page, "Search in chapters and chat")
    search.fill(UNHEARD)
    search.press("Enter")
    hit = page.locator("[data-replay=hits]").get_by_role("button", name=UNHEARD)
    hit.click()
    expect(page.locator("[data-chat=list] .msg__body")).to_have_text([*HELLOS, UNHEARD])
    c.fits(page)
