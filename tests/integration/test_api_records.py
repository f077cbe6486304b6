"""What proves attendance and leaves the house: tables, the signed bundle, certificates, and how anybody checks them."""

from __future__ import annotations

import csv
import io
import json
import uuid
import zipfile
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from openpyxl import load_workbook
from pypdf import PdfReader

from tests.mail_office import idle
from tests.security.pages_client import Person
from tests.waiting import until
from webinar.attendance.model import NewCorrection
from webinar.base.errors import NotFound
from webinar.base.tokens import Tokens
from webinar.certificates import facts
from webinar.credits.check import Verdict, check
from webinar.credits.service import CreditService
from webinar.mail.model import Kind

if TYPE_CHECKING:
    from tests.web_stage import Web

pytest_plugins = ["tests.mail_office", "tests.web_stage"]

EVIL = '=cmd|"/c calc"!A1'
RULE = {"rules": [{"share": 80}]}


async def held(web: Web, **people: float) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """An event of 100 minutes that is over, and people who were there for so many of them."""
    event = await web.event(title="추계 학술대회 2026")
    event_id = uuid.UUID(event["id"])
    made = {name: await web.attendee(event, f"{n}@example.org", name=name) for n, name in enumerate(people)}
    pool = web.platform.pool
    await pool.execute(
        """
        update event set state = 'ended', started_at = now() - interval '110 minutes',
            ended_at = now() - interval '10 minutes' where id = $1
        """,
        event_id,
    )
    for name, minutes in people.items():
        if minutes:
            await pool.execute(
                """
                insert into attendance_span (event_id, attendee_id, kind, device, spans) values ($1, $2, 'live', 'd1',
                    tstzmultirange(tstzrange(now() - interval '110 minutes',
                        now() - interval '110 minutes' + make_interval(secs => $3))))
                """,
                event_id,
                uuid.UUID(made[name]["id"]),
                60.0 * minutes,
            )
    web.platform.attendance.forget(event_id)
    reply = await web.host.put(f"/api/v1/events/{event['id']}/attendance/rules", json=RULE)
    assert reply.status_code == 200, reply.text
    return event, made


async def get(web: Web, event: dict[str, Any], path: str, status: int = 200) -> bytes:
    reply = await web.host.get(f"/api/v1/events/{event['id']}/{path}")
    assert reply.status_code == status, reply.text
    return reply.content


async def post(web: Web, event: dict[str, Any], path: str, body: dict[str, Any], status: int = 200) -> dict[str, Any]:
    reply = await web.host.post(f"/api/v1/events/{event['id']}/{path}", json=body)
    assert reply.status_code == status, reply.text
    return dict(reply.json())


async def certificates(web: Web, event: dict[str, Any]) -> dict[str, dict[str, Any]]:
    items = json.loads(await get(web, event, "certificates"))["items"]
    return {item["name"]: item for item in items}


async def shown(web: Web, certificate: dict[str, Any], language: str = "en") -> str:
    reply = await web.guest.get(certificate["verify_url"], headers={"Accept-Language": language})
    assert reply.status_code == 200
    return reply.text


async def test_the_tables_have_everybody_once_with_minutes_and_results(web: Web) -> None:
    event, made = await held(web, **{"김하나": 90, "이두리": 50, "박세찬": 0, EVIL: 0})
    table = (await get(web, event, "attendance.csv")).decode("utf-8-sig")
    rows = {row["name"]: row for row in csv.DictReader(io.StringIO(table, newline=""))}
    assert [rows[name]["minutes_live"] for name in ("김하나", "이두리", "박세찬")] == ["90.0", "50.0", "0.0"]
    result = "Whole event: 80% watched: result"
    assert [rows[name][result] for name in ("김하나", "이두리", "박세찬")] == ["passed", "failed", "failed"]
    assert f"'{EVIL}" in rows
    assert rows["김하나"]["id"] == made["김하나"]["id"]
    korean = (await get(web, event, "attendance.csv?language=ko")).decode("utf-8-sig").splitlines()[0]
    assert korean.startswith("이름,이메일,상태")
    data = json.loads(await get(web, event, "attendance.json"))["items"]
    assert [(row["name"], row["live_s"], row["passed"]) for row in data[:2]] == [
        ("김하나", 5400, True),
        ("이두리", 3000, False),
    ]
    book = load_workbook(io.BytesIO(await get(web, event, "attendance.xlsx")))
    assert [page.max_row for page in book.worksheets] == [5, 3]
    assert (await web.host.get(f"/api/v1/events/{event['id']}/attendance.csv?language=fr")).status_code == 422


async def test_file_names_carry_the_title(web: Web) -> None:
    event, _ = await held(web, 김하나=90)
    reply = await web.host.get(f"/api/v1/events/{event['id']}/attendance.csv")
    assert "filename*=UTF-8''%EC%B6%94%EA%B3%84" in reply.headers["content-disposition"]
    assert reply.headers["content-type"] == "text/csv; charset=utf-8"


async def test_a_bundle_is_valid_by_the_published_key_and_no_longer_when_a_minute_is_changed(web: Web) -> None:
    event, _ = await held(web, 김하나=90, 이두리=50)
    data = await get(web, event, "attendance.bundle")
    keys = (await web.guest.get("/.well-known/webinar-keys.json")).json()["keys"]
    known = frozenset(key["x"] for key in keys)
    report = check(io.BytesIO(data), known)
    assert (report.verdict, report.problems, report.trusted, report.sealed) == (Verdict.VALID, [], True, True)
    assert report.event["title"] == "추계 학술대회 2026"
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    assert "김하나".encode() in files["people.csv"]
    assert json.loads(files["rules.json"])["plan"]["rules"][0]["share"] == 80
    files["people.csv"] = files["people.csv"].replace(b"50.0", b"99.0")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    changed = check(io.BytesIO(out.getvalue()), known)
    assert [(p.code, p.file) for p in changed.problems] == [("changed_file", "people.csv")]


async def test_certificates_go_to_whom_the_rule_says_once(web: Web) -> None:
    event, made = await held(web, 김하나=90, 이두리=50, 박세찬=85)
    terms = {"issuer": "대한의학회", "credits": "평점 3점", "prefix": "KSA-", "offered": True}
    changed = await web.host.patch(f"/api/v1/events/{event['id']}/certificates/terms", json=terms)
    assert changed.json()["issuer"] == "대한의학회"
    assert await post(web, event, "certificates", {}) == {"issued": 2, "replaced": 0, "kept": 0}
    assert await post(web, event, "certificates", {"again": True}) == {"issued": 0, "replaced": 0, "kept": 2}
    found = await certificates(web, event)
    assert {name: one["number"] for name, one in found.items()} == {"김하나": "KSA-0001", "박세찬": "KSA-0002"}
    refused = await post(web, event, "certificates", {"attendee_ids": [made["이두리"]["id"]]}, 409)
    assert refused["code"] == "rule_not_met"
    page = PdfReader(io.BytesIO(await get(web, event, f"certificates/{found['김하나']['id']}.pdf"))).pages[0]
    text = "".join(page.extract_text().split())
    assert all(part in text for part in ("김하나", "추계학술대회2026", "90분", "평점3점", "KSA-0001", "대한의학회"))
    with zipfile.ZipFile(io.BytesIO(await get(web, event, "certificates.zip"))) as archive:
        assert sorted(archive.namelist()) == ["KSA-0001 김하나.pdf", "KSA-0002 박세찬.pdf"]


async def test_nothing_is_issued_before_the_end(web: Web) -> None:
    event = await web.event()
    assert (await post(web, event, "certificates", {}, 409))["code"] == "not_ended"


async def test_after_a_correction_a_new_edition_takes_the_place_of_the_old(web: Web) -> None:
    event, made = await held(web, 김하나=90)
    await post(web, event, "certificates", {})
    before = (await certificates(web, event))["김하나"]
    started = (await web.host.get(f"/api/v1/events/{event['id']}")).json()["started_at"]
    person = f"/api/v1/events/{event['id']}/attendance/{made['김하나']['id']}"
    ended = (await web.host.get(f"/api/v1/events/{event['id']}")).json()["ended_at"]
    body = {"kind": "add", "started_at": started, "ended_at": ended, "reason": "시스템 오류"}
    assert (await web.host.patch(person, json=body)).status_code == 200
    assert await post(web, event, "certificates", {}) == {"issued": 0, "replaced": 0, "kept": 1}
    assert await post(web, event, "certificates", {"again": True}) == {"issued": 0, "replaced": 1, "kept": 0}
    after = (await certificates(web, event))["김하나"]
    assert (after["number"], after["minutes_live"]) == ("0001-2", 100)
    assert "was replaced" in await shown(web, before)
    assert "is valid" in await shown(web, after)
    assert (await web.host.get(f"/api/v1/events/{event['id']}/certificates/{before['id']}.pdf")).status_code == 404


async def test_who_checks_sees_what_it_says_but_not_the_whole_name(web: Web) -> None:
    event, _ = await held(web, 김하나=90)
    await post(web, event, "certificates", {})
    one = (await certificates(web, event))["김하나"]
    text = await shown(web, one)
    assert "김*나" in text
    assert "김하나" not in text
    assert all(part in text for part in ("This certificate is valid", "90 minutes live", one["key"]))
    assert "유효한 수료증이에요" in await shown(web, one, "ko")


async def test_a_certificate_that_was_taken_back_says_so_and_why(web: Web) -> None:
    event, _ = await held(web, 김하나=90)
    await post(web, event, "certificates", {})
    one = (await certificates(web, event))["김하나"]
    path = f"certificates/{one['id']}/revoke"
    assert (await post(web, event, path, {"reason": "<b>대리 참석</b>"}))["state"] == "revoked"
    assert (await post(web, event, path, {"reason": "again"}, 404))["code"] == "certificate_not_found"
    text = await shown(web, one)
    assert "This certificate is void" in text
    assert "&lt;b&gt;대리 참석&lt;/b&gt;" in text
    assert await post(web, event, "certificates", {}) == {"issued": 0, "replaced": 0, "kept": 1}
    assert await post(web, event, "certificates", {"again": True}) == {"issued": 0, "replaced": 1, "kept": 0}


async def test_ids_cannot_be_tried_out(web: Web) -> None:
    answers = {(await web.guest.get(f"/verify/{path}")).status_code for path in ("x", str(uuid.uuid4()), "A" * 22)}
    assert answers == {404}
    for _ in range(30):
        last = await web.guest.get(f"/verify/{uuid.uuid4()}")
    assert last.status_code == 429


async def test_a_row_that_was_changed_in_the_database_is_not_called_valid(web: Web) -> None:
    event, _ = await held(web, 김하나=90)
    await post(web, event, "certificates", {})
    one = (await certificates(web, event))["김하나"]
    pool, certificate_id = web.platform.pool, uuid.UUID(one["id"])
    for change in (
        "name = '이두리'",
        "name = '김하나', statement = replace(statement, '\"live\":90', '\"live\":99')",
    ):
        await pool.execute(f"update certificate set {change} where id = $1", certificate_id)  # noqa: S608
        assert "cannot be relied on" in await shown(web, one)


async def test_what_an_earlier_key_signed_stays_valid(web: Web) -> None:
    event, _ = await held(web, 김하나=90)
    await post(web, event, "certificates", {})
    one = (await certificates(web, event))["김하나"]
    platform = web.platform
    platform.credits = CreditService(platform.pool, Tokens("the secret after a change, also thirty-two"))
    text = await shown(web, one)
    assert "This certificate is valid" in text
    assert "an earlier key of ours" in text
    keys = (await web.guest.get("/.well-known/webinar-keys.json")).json()["keys"]
    assert [key["current"] for key in keys] == [False, True]


async def test_a_person_finds_their_certificate_by_their_link_unless_the_host_keeps_it(web: Web) -> None:
    event, made = await held(web, 김하나=90, 이두리=50)
    await post(web, event, "certificates", {})
    mine = made["김하나"]["join_url"] + "/certificate.pdf"
    assert (await web.guest.get(mine)).status_code == 200
    terms = f"/api/v1/events/{event['id']}/certificates/terms"
    assert (await web.host.patch(terms, json={"offered": False})).status_code == 200
    assert (await web.guest.get(mine)).status_code == 404
    await web.host.patch(terms, json={"offered": True})
    reply = await web.guest.get(mine)
    assert (reply.status_code, reply.headers["content-type"]) == (200, "application/pdf")
    assert (await web.guest.get(made["이두리"]["join_url"] + "/certificate.pdf")).status_code == 404


async def test_who_has_a_certificate_is_written_to_once_also_when_it_is_given_out_only_later(office: Web) -> None:
    event, _ = await held(office, 김하나=90, 이두리=50)
    terms = f"/api/v1/events/{event['id']}/certificates/terms"

    async def letters() -> int:
        return int(await office.platform.pool.fetchval("select count(*) from letter where kind = 'certificate'"))

    await office.host.patch(terms, json={"offered": False})
    await post(office, event, "certificates", {})
    await until(lambda: idle(office))
    assert await letters() == 0
    for offered in (True, False, True):
        await office.host.patch(terms, json={"offered": offered})
        await until(lambda: idle(office))
        assert await letters() == 1


async def test_a_deleted_person_leaves_a_certificate_that_names_nobody_and_is_still_checked(web: Web) -> None:
    event, made = await held(web, 김하나=90)
    await post(web, event, "certificates", {})
    one = (await certificates(web, event))["김하나"]
    attendee = await web.platform.registration.find(uuid.UUID(made["김하나"]["id"]))
    assert attendee is not None
    await web.platform.forgetting.forget(attendee)
    row = await web.platform.pool.fetchrow("select * from certificate where id = $1", uuid.UUID(one["id"]))
    assert row is not None
    assert (row["name"], row["salt"], row["attendee_id"]) == (None, None, None)
    text = await shown(web, one)
    assert "This certificate is valid" in text
    assert "김" not in text.replace("김하늘", "")


async def test_the_host_prepares_issues_and_takes_back_on_the_page(web: Web) -> None:
    event, made = await held(web, 김하나=90, 이두리=50)
    path = f"/events/{event['id']}/certificates"
    async with Person(web) as host:
        await host.become_owner()
        saved = await host.send(path, {"issuer": "대한의학회", "prefix": "a b", "heading": ""})
        assert saved.status_code == 422
        assert "without spaces" in saved.text
        saved = await host.send(path, {"issuer": "대한의학회", "prefix": "KSA-", "heading": "", "offered": "yes"})
        assert saved.status_code == 303
        sample = await host.http.get(f"{path}/sample.pdf")
        assert "견본" in PdfReader(io.BytesIO(sample.content)).pages[0].extract_text()
        assert "Issue 1 certificate" in (await host.http.get(path)).text
        assert (await host.send(f"{path}/issue", page=path)).status_code == 303
        text = (await host.http.get(path)).text
        assert "KSA-0001" in text
        assert "Issue 1 certificate" not in text
        assert (await host.http.get(f"{path}.zip")).status_code == 200
        one = (await certificates(web, event))["김하나"]
        assert (await host.send(f"{path}/{one['id']}/revoke", {"reason": " "})).status_code == 422
        assert (await host.send(f"{path}/{one['id']}/revoke", {"reason": "오류"})).status_code == 303
        assert (await host.send(f"{path}/people/{made['김하나']['id']}", page=path)).status_code == 303
        assert (await certificates(web, event))["김하나"]["number"] == "KSA-0001-2"
        for kind, media_type in (("csv", "text/csv"), ("json", "application/json"), ("bundle", "application/zip")):
            reply = await host.http.get(f"/events/{event['id']}/attendance.{kind}")
            assert reply.headers["content-type"].startswith(media_type)
        assert (await host.http.get(f"/events/{event['id']}/attendance.pdf")).status_code == 404


async def test_a_bundle_is_checked_on_the_page(web: Web) -> None:
    event, _ = await held(web, 김하나=90)
    data = await get(web, event, "attendance.bundle")
    async with Person(web) as person:
        for content, said in ((data, "genuine and unchanged"), (data[:-30], "cannot be relied on")):
            token = await person.token("/verify")
            reply = await person.http.post("/verify", data={"csrf": token}, files={"bundle": ("a.zip", content)})
            assert reply.status_code == 200
            assert said in reply.text
        reply = await person.http.get("/verify?code=https://x.example/verify/AAAAAAAAAAAAAAAAAAAAAA")
        assert (reply.status_code, reply.headers["location"]) == (303, "/verify/AAAAAAAAAAAAAAAAAAAAAA")
        assert (await person.http.get("/verify?code=nonsense")).status_code == 422


async def test_nobody_but_the_host_reads_any_of_it(web: Web) -> None:
    event, made = await held(web, 김하나=90)
    for path in ("attendance.csv", "attendance.bundle", "certificates", "certificates.zip"):
        reply = await web.call("GET", f"/api/v1/events/{event['id']}/{path}", made["김하나"]["viewer_token"])
        assert reply.status_code == 403
        assert (await web.guest.get(f"/events/{event['id']}/{path}")).status_code in (303, 401)


async def test_what_is_under_way_for_a_person_whose_data_are_deleted_meanwhile_is_not_kept(web: Web) -> None:
    event, made = await held(web, 김하나=90, 이두리=90)
    platform, event_id, gone = web.platform, uuid.UUID(event["id"]), uuid.UUID(made["김하나"]["id"])
    found = await platform.records.certificates.candidates(await platform.events.get(event_id))
    people = {one.person.attendee_id: facts(await platform.events.get(event_id), one.person) for one in found}
    await platform.forgetting.forget(await platform.registration.get(event_id, gone))
    issued = await platform.credits.issue(event_id, people)
    assert [one.name for one in issued.new] == ["이두리"]
    now = datetime.now(UTC)
    new = NewCorrection(kind="add", started_at=now - timedelta(hours=1), ended_at=now, reason="김하나 was there")
    with pytest.raises(NotFound):
        await platform.attendance.correct(event_id, gone, new, "host")
    assert await platform.mail.write(event_id, [gone], Kind.LINK) == 0
