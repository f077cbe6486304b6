"""Every call of the API × everyone who might make it. What is not listed as allowed is refused."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jwt

from tests.fake_ingest import FakeIngest
from tests.security.pages_client import fill
from webinar.api.operations import OPERATIONS
from webinar.base.tokens import Purpose
from webinar.events.role_model import LinkRole

if TYPE_CHECKING:
    from tests.web_stage import Web

pytest_plugins = ["tests.web_stage"]

HOST = {"api"}
HOSTS_STUDIO = {"api", "host's studio", "co-host"}
STUDIO = HOSTS_STUDIO | {"presenter", "presenter by a link of their own"}
KEEPERS = HOSTS_STUDIO | {"moderator", "moderator by a link of their own"}  # of who is in the room
STAFF = STUDIO | KEEPERS
TOLD = {"attendee who was sent out", "attendee by an older link"}  # that it is gone, where others are refused
VIEWER = {"attendee", "attendee of another event"}
# Who may, written by hand: the table of the program is what is tested.
ALLOWED = {
    "createEvent": HOST,
    "listEvents": HOST,
    "getEvent": STUDIO,
    "changeEvent": HOST,
    "deleteEvent": HOST,
    "getAgenda": STUDIO,
    "setAgenda": HOST,
    "delayAgenda": HOST,
    "getSpeakers": STUDIO,
    "setSpeakers": HOST,
    "listFiles": HOST,
    "addFile": HOST,
    "deleteFile": HOST,
    "listImages": STUDIO,
    "setImage": HOST,
    "deleteImage": HOST,
    "duplicateEvent": HOST,
    "repeatEvent": HOST,
    "extendSeries": HOST,
    "getSeries": HOST,
    "startEvent": STUDIO,
    "pauseEvent": STUDIO,
    "resumeEvent": STUDIO,
    "endEvent": STUDIO,
    "markProgramme": STUDIO,
    "getLive": STUDIO,
    "getViewers": STAFF,
    "getStudioTicket": STAFF,
    "getDoor": KEEPERS,
    "changeDoor": KEEPERS,
    "letIn": KEEPERS,
    "sendOut": KEEPERS,
    "announce": KEEPERS,
    "listMails": HOST,
    "changeMail": HOST,
    "sendTestMail": HOST,
    "listLetters": HOST,
    "sendLetterAgain": HOST,
    "listCaptions": HOST,
    "getCaptions": HOST,
    "putCaptions": HOST,
    "deleteCaptions": HOST,
    "getChapters": HOST,
    "putChapters": HOST,
    "deleteChapters": HOST,
    "getCut": HOST,
    "putCut": HOST,
    "deleteCut": HOST,
    "getReplay": HOST,
    "changeReplay": HOST,
    "getProgramme": HOST,
    "getReport": HOST,
    "previewFollowup": HOST,
    "sendFollowup": HOST,
    "searchReplay": VIEWER,
    "listRoleLinks": HOST,
    "makeRoleLink": HOST,
    "revokeRoleLink": HOST,
    "renewSharedLink": HOST,
    "createWebhook": HOST,
    "listWebhooks": HOST,
    "deleteWebhook": HOST,
    "enableWebhook": HOST,
    "listDeliveries": HOST,
    "resendDelivery": HOST,
    "listRecordings": STUDIO,
    "createAttendee": HOST,
    "listAttendees": HOST,
    "changeAttendee": HOST,
    "cancelAttendee": HOST,
    "downloadAttendees": HOST,
    "decideAttendees": HOST,
    "inviteAttendees": HOST,
    "sendLink": HOST,
    "getAttendeeData": HOST,
    "forgetAttendee": HOST,
    "getRegistration": HOST,
    "changeRegistration": HOST,
    "putQuestions": HOST,
    "downloadAttendanceCsv": HOST,
    "downloadAttendanceXlsx": HOST,
    "downloadAttendanceJson": HOST,
    "downloadAttendanceBundle": HOST,
    "getCertificateTerms": HOST,
    "changeCertificateTerms": HOST,
    "listCertificates": HOST,
    "issueCertificates": HOST,
    "downloadCertificates": HOST,
    "downloadCertificate": HOST,
    "revokeCertificate": HOST,
    "listReceipts": HOST,
    "getPlayback": VIEWER,
    "reportAttendance": VIEWER,
    "listAttendance": HOST,
    "correctAttendance": HOST,
    "getAttendanceRules": HOST,
    "putAttendanceRules": HOST,
    "getAudience": HOST,
    "listChat": STAFF,
    "downloadChat": STAFF,
    "listQuestions": STAFF,
    "downloadQuestions": STAFF,
    "listPolls": STAFF,
    "downloadPolls": STAFF,
    "listNames": STAFF,
    "changeMessage": KEEPERS,
    "changeQuestion": STAFF,
    "muteAsker": KEEPERS,
    "getChatSettings": KEEPERS,
    "changeChatSettings": KEEPERS,
    "getWriter": KEEPERS,
    "changeWriter": KEEPERS,
    "deleteWords": KEEPERS,
    "createPoll": STAFF,
    "savePoll": STAFF,
    "changePoll": STAFF,
    "removePoll": STAFF,
    "listHands": STAFF,
    "changeHand": STAFF,
}


FORGED = {"role": "host", "aud": "studio", "exp": 4_000_000_000}
# After these the event is another: they come last, in this order.
LAST = (
    "sendOut",
    "startEvent",
    "pauseEvent",
    "resumeEvent",
    "endEvent",
    "cancelAttendee",
    "forgetAttendee",
    "deleteEvent",
)


@dataclass
class Cast:
    event: dict[str, Any]
    person: dict[str, Any]
    tokens: dict[str, str | None]


async def cast(web: Web) -> Cast:
    """An event, another one, and a credential of each kind."""
    event, other = await web.event(), await web.event(title="Other")
    person, stranger = await web.attendee(event), await web.attendee(other, "lee@example.org")
    pending = await web.attendee(await web.event(registration="approval"), "park@example.org")
    full = await web.event(capacity=1)
    await web.attendee(full, "han@example.org")
    late = await web.attendee(full, "seo@example.org")
    access, events = web.platform.access, web.platform.events
    hosts = [await web.platform.people.hosts.invite("Host", f"host{n}@example.org") for n in range(3)]
    for one, host in zip((event, other), hosts, strict=False):
        await web.platform.roles.give_to(uuid.UUID(one["id"]), host.id)
    mine, theirs = await events.get(uuid.UUID(event["id"])), await events.get(uuid.UUID(other["id"]))
    moderator = await web.platform.moderators.admit(mine, "Moderator")
    foreign = await web.platform.moderators.admit(theirs, "Moderator")
    registration, roles = web.platform.registration, web.platform.roles
    waiting, seatless = [await registration.find(uuid.UUID(one["id"])) for one in (pending, late)]
    assert waiting is not None
    assert seatless is not None
    gone, renewed = [await web.attendee(event, f"{n}@example.org") for n in ("gone", "renewed")]
    await registration.cancel(mine.id, uuid.UUID(gone["id"]))
    await registration.renew_link(mine.id, uuid.UUID(renewed["id"]))
    links = {role: await roles.make(mine.id, role, "A") for role in LinkRole}
    former = {role: await roles.make(mine.id, role, "A") for role in LinkRole}
    revoked = {f"revoked {role.value}": access.role_token(link) for role, link in former.items()}
    for link in former.values():
        await roles.revoke(mine.id, link.id)
    people = web.platform.people
    old_api_token = await people.create_api_token("old")
    await people.revoke_api_token(next(one.id for one in await people.api_tokens() if one.name == "old"))
    tokens = web.platform.tokens
    return Cast(
        event,
        person,
        {
            "nobody": None,
            "api": web.token,
            "host's studio": access.studio_token(mine, "host", hosts[0].id),
            "host who does not host it": access.studio_token(mine, "host", hosts[2].id),
            "presenter": access.studio_token(mine, "presenter"),
            "host's studio of another event": access.studio_token(theirs, "host", hosts[1].id),
            "presenter of another event": access.studio_token(theirs, "presenter"),
            "moderator": access.console_token(moderator),
            "moderator of another event": access.console_token(foreign),
            "attendee": person["viewer_token"],
            "attendee of another event": stranger["viewer_token"],
            "pending attendee": access.viewer_token(waiting),
            "attendee without a seat": access.viewer_token(seatless),
            "attendee who was sent out": gone["viewer_token"],
            "attendee by an older link": renewed["viewer_token"],
            "co-host": access.role_token(links[LinkRole.COHOST]),
            "presenter by a link of their own": access.role_token(links[LinkRole.PRESENTER]),
            "moderator by a link of their own": access.role_token(links[LinkRole.MODERATOR]),
            **revoked,
            "revoked API token": old_api_token,
            "stream key": event["stream_key"],
            "chat ticket": access.chat(mine.id, "presenter", "host", "A")["ticket"],
            "download ticket": tokens.sign(Purpose.DOWNLOAD, {"recording": str(uuid.uuid4())}, 60),
            "expired studio": tokens.sign(Purpose.STUDIO, {"event": event["id"], "role": "host"}, -5),
            "unsigned": jwt.encode(FORGED | {"event": event["id"]}, "", "none"),
            "other key": jwt.encode(FORGED | {"event": event["id"]}, "k" * 32),
            "api token cut short": web.token[:-1],
        },
    )


QUERIES = {"searchReplay": "?q=word"}
BODIES = {
    "createEvent": {"title": "A", "starts_at": "2026-12-01T05:00:00Z"},
    "changeEvent": {"title": "B"},
    "createAttendee": {"name": "A", "email": "a@example.org"},
    "changeAttendee": {"status": "approved"},
    "decideAttendees": {"status": "approved"},
    "inviteAttendees": {"people": [{"name": "B", "email": "b@example.org"}]},
    "sendLink": {},
    "renewSharedLink": {"link": "stream_key"},
    "changeRegistration": {"marketing": False},
    "putQuestions": {"items": [{"text": "Where from?"}]},
    "changeDoor": {"locked": False},
    "letIn": {"attendee_id": None},
    "announce": {"body": "Five minutes"},
    "changeMessage": {"state": "deleted"},
    "changeQuestion": {"state": "queue"},
    "muteAsker": {"minutes": 5},
    "changeChatSettings": {"slow_s": 5},
    "changeWriter": {"state": "muted"},
    "createPoll": {"question": "Lunch?", "kind": "rating"},
    "savePoll": {"question": "Lunch?", "kind": "rating"},
    "changePoll": {"state": "open"},
    "changeHand": {"state": "called"},
    "changeCertificateTerms": {"issuer": "A"},
    "issueCertificates": {},
    "revokeCertificate": {"reason": "A mistake"},
    "reportAttendance": {"device": "browser1"},
    "correctAttendance": {"kind": "pass", "reason": "A"},
    "putAttendanceRules": {"windows": False},
    "createWebhook": {"url": "https://example.org/hook", "types": ["event.started"]},
}


async def test_the_table_above_speaks_of_every_operation() -> None:
    assert set(ALLOWED) == {operation.name for operation in OPERATIONS}


async def test_every_call_is_open_to_those_listed_and_to_nobody_else(web: Web, ingest: FakeIngest) -> None:
    made = await cast(web)
    for operation in sorted(OPERATIONS, key=lambda o: LAST.index(o.name) + 1 if o.name in LAST else 0):
        for who, token in made.tokens.items():
            path = fill(operation.path, event_id=made.event["id"], attendee_id=made.person["id"])
            reply = await web.call(
                operation.method,
                f"/api/v1{path}{QUERIES.get(operation.name, '')}",
                token,
                json=BODIES.get(operation.name),
            )
            said = f"{who} on {operation.name}: {reply.status_code} {reply.text[:200]}"
            if who in ALLOWED[operation.name]:
                # A replay may be closed to whoever may ask for it.
                assert reply.status_code not in (401, 403) or '"code":"replay_' in reply.text, said
            else:
                assert reply.status_code in (401, 403) or (reply.status_code == 410 and who in TOLD), said
                assert reply.headers["content-type"] == "application/problem+json", said
                assert (reply.status_code == 401) == ("www-authenticate" in reply.headers), said
                assert made.event["title"] not in reply.text, said


async def test_extra_parameters_never_raise_a_role(web: Web) -> None:
    made = await cast(web)
    path = f"/api/v1/events/{made.event['id']}"
    token = made.tokens["presenter"]
    for query in ("role=host", "caller=host", "event_id=" + made.event["id"]):
        assert (await web.call("DELETE", f"{path}?{query}", token)).status_code == 403
    body = {"name": "A", "email": "a@example.org", "status": "approved", "link_version": 9}
    refused = await web.host.post(f"{path}/attendees", json=body)
    assert refused.status_code == 422
    assert (await web.call("GET", "/api/v1/playback?role=host", made.tokens["attendee"])).status_code == 422


async def test_a_cookie_opens_no_call(web: Web) -> None:
    owner = await web.platform.people.ensure_owner("Owner", "owner@example.org")
    secret = await web.platform.people.open_session(owner.id)
    reply = await web.guest.get("/api/v1/events", headers={"Cookie": f"webinar_session={secret}"})
    assert reply.status_code == 401


async def test_no_answer_of_the_json_api_invites_another_origin(web: Web) -> None:
    for path in ("/api/v1/events", "/api/v1/playback", "/api/v1/openapi.json"):
        reply = await web.host.get(path, headers={"Origin": "https://evil.example"})
        assert "access-control-allow-origin" not in reply.headers


async def test_a_recording_opens_to_its_own_credentials_only(web: Web, ingest: FakeIngest) -> None:
    made = await cast(web)
    await web.host.post(f"/api/v1/events/{made.event['id']}/start")
    await web.host.post(f"/api/v1/events/{made.event['id']}/end")
    (item,) = (await web.host.get(f"/api/v1/events/{made.event['id']}/recordings")).json()["items"]
    path = re.sub(r"^https?://[^/]+", "", item["download_url"]).partition("?")[0]
    for who, token in made.tokens.items():
        reply = await web.call("HEAD", path, token)
        assert (reply.status_code == 200) == (who in STUDIO), (who, reply.status_code)
        assert who in STUDIO or reply.status_code in (401, 403)
    signed = web.platform.tokens.sign(Purpose.DOWNLOAD, {"recording": str(uuid.uuid4())}, 60)
    assert (await web.guest.get(f"{path}?sig={signed}")).status_code == 403
    expired = web.platform.tokens.sign(Purpose.DOWNLOAD, {"recording": item["id"]}, -5)
    assert (await web.guest.get(f"{path}?sig={expired}")).status_code == 410
    unknown = path.replace(item["id"], str(uuid.uuid4()))
    assert (await web.guest.get(unknown)).json() == (await web.guest.get(path)).json()


async def test_a_hosts_session_downloads_and_leaves_no_other_door_open(web: Web, ingest: FakeIngest) -> None:
    event = await web.live_event()
    await web.host.post(f"/api/v1/events/{event['id']}/end")
    (item,) = (await web.host.get(f"/api/v1/events/{event['id']}/recordings")).json()["items"]
    owner = await web.platform.people.ensure_owner("Owner", "owner@example.org")
    secret = await web.platform.people.open_session(owner.id)
    url = item["download_url"].partition("?")[0]
    assert (await web.guest.get(url, headers={"Cookie": f"webinar_session={secret}"})).status_code == 200
    await web.platform.people.sign_out(secret)
    assert (await web.guest.get(url, headers={"Cookie": f"webinar_session={secret}"})).status_code == 401
    page = await web.guest.get(url, headers={"Accept": "text/html"})
    assert (page.status_code, page.headers["content-type"]) == (401, "text/html; charset=utf-8")


async def test_links_in_answers_come_from_the_setting_and_not_from_the_host_header(web: Web) -> None:
    event = await web.event()
    reply = await web.host.get(f"/api/v1/events/{event['id']}", headers={"Host": "evil.example"})
    assert "evil.example" not in reply.text
    assert reply.json()["event_url"].startswith(web.url)


async def test_wrong_personal_links_answer_alike_and_revoked_ones_say_so(web: Web) -> None:
    registration, tokens = web.platform.registration, web.platform.tokens
    event = await web.event()
    person = await web.attendee(event)
    token = person["join_url"].rsplit("/", 1)[1]
    attendee = await registration.by_join_link(token)
    assert str(attendee.id) == person["id"]
    wrong = ("", "a", token[:-2], token + "A", tokens.link(Purpose.JOIN, uuid.uuid4(), 1), event["stream_key"])
    assert {await _code(registration, link) for link in wrong} == {"link_invalid"}
    await registration.renew_link(attendee.event_id, attendee.id)
    assert await _code(registration, token) == "link_revoked"
    fresh = registration.join_link(await registration.get(attendee.event_id, attendee.id))
    await registration.cancel(attendee.event_id, attendee.id)
    assert await _code(registration, fresh) == "cancelled"


async def _code(registration: Any, token: str) -> str:
    try:
        await registration.by_join_link(token)
    except Exception as error:  # noqa: BLE001 - the code is what is asked for
        return str(getattr(error, "code", error))
    return "open"
