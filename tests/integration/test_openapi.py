"""The OpenAPI document is true of events and what is shown of them, and lists every call there is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.document_check import PEOPLE, check_document, with_chat
from tests.fake_ingest import FakeIngest
from webinar.base.embedded import EmbeddedNats

if TYPE_CHECKING:
    from tests.web_stage import Web

pytest_plugins = ["tests.web_stage"]


@pytest.mark.slow
async def test_schemathesis_finds_the_document_true_of_events(
    web: Web, ingest: FakeIngest, database: str, nats: EmbeddedNats, folder: Path, long: bool
) -> None:
    async with with_chat(web, database, nats.url):
        await check_document(web, folder, PEOPLE, without=True, long=long)


async def test_the_document_lists_every_call_of_the_interface(web: Web) -> None:
    document = (await web.guest.get("/api/v1/openapi.json")).json()
    assert document["openapi"] == "3.1.0"
    assert document["servers"] == [{"url": f"{web.url}/api/v1"}]
    calls = {f"{method.upper()} {path}" for path, item in document["paths"].items() for method in item}
    assert calls == {
        "GET /receipts",
        "POST /events",
        "POST /attendance",
        "GET /events/{event_id}/attendance",
        "GET /events/{event_id}/attendance/rules",
        "PUT /events/{event_id}/attendance/rules",
        "GET /events/{event_id}/attendance/audience",
        "PATCH /events/{event_id}/attendance/{attendee_id}",
        "GET /events/{event_id}/attendance.csv",
        "GET /events/{event_id}/attendance.xlsx",
        "GET /events/{event_id}/attendance.json",
        "GET /events/{event_id}/attendance.bundle",
        "GET /events/{event_id}/certificates",
        "POST /events/{event_id}/certificates",
        "GET /events/{event_id}/certificates.zip",
        "GET /events/{event_id}/certificates/terms",
        "PATCH /events/{event_id}/certificates/terms",
        "GET /events/{event_id}/certificates/{certificate_id}.pdf",
        "POST /events/{event_id}/certificates/{certificate_id}/revoke",
        "GET /events",
        "GET /events/{event_id}",
        "PATCH /events/{event_id}",
        "DELETE /events/{event_id}",
        "GET /events/{event_id}/agenda",
        "PUT /events/{event_id}/agenda",
        "POST /events/{event_id}/agenda/delay",
        "GET /events/{event_id}/speakers",
        "PUT /events/{event_id}/speakers",
        "GET /events/{event_id}/images",
        "PUT /events/{event_id}/images/{kind}",
        "DELETE /events/{event_id}/images/{kind}",
        "POST /events/{event_id}/duplicate",
        "POST /events/{event_id}/series",
        "POST /events/{event_id}/series/dates",
        "GET /events/{event_id}/series",
        "POST /events/{event_id}/start",
        "POST /events/{event_id}/pause",
        "POST /events/{event_id}/resume",
        "POST /events/{event_id}/end",
        "GET /events/{event_id}/live",
        "GET /events/{event_id}/studio/ticket",
        "GET /events/{event_id}/recordings",
        "GET /events/{event_id}/chapters",
        "PUT /events/{event_id}/chapters",
        "DELETE /events/{event_id}/chapters",
        "GET /events/{event_id}/recordings/cut",
        "PUT /events/{event_id}/recordings/cut",
        "DELETE /events/{event_id}/recordings/cut",
        "GET /events/{event_id}/captions",
        "GET /events/{event_id}/captions/{language}",
        "PUT /events/{event_id}/captions/{language}",
        "DELETE /events/{event_id}/captions/{language}",
        "GET /events/{event_id}/replay",
        "PATCH /events/{event_id}/replay",
        "GET /events/{event_id}/programme",
        "GET /events/{event_id}/report",
        "POST /events/{event_id}/followup",
        "GET /events/{event_id}/followup",
        "GET /replay/search",
        "GET /events/{event_id}/chat",
        "GET /events/{event_id}/chat.csv",
        "PATCH /events/{event_id}/chat/{seq}",
        "GET /events/{event_id}/chat/settings",
        "PATCH /events/{event_id}/chat/settings",
        "GET /events/{event_id}/attendees/{attendee_id}/chat",
        "PUT /events/{event_id}/attendees/{attendee_id}/chat",
        "DELETE /events/{event_id}/attendees/{attendee_id}/chat",
        "GET /events/{event_id}/questions",
        "GET /events/{event_id}/questions.csv",
        "PATCH /events/{event_id}/questions/{seq}",
        "POST /events/{event_id}/questions/{seq}/mute",
        "GET /events/{event_id}/names",
        "GET /events/{event_id}/polls",
        "GET /events/{event_id}/polls.csv",
        "POST /events/{event_id}/polls",
        "PUT /events/{event_id}/polls/{poll}",
        "PATCH /events/{event_id}/polls/{poll}",
        "DELETE /events/{event_id}/polls/{poll}",
        "GET /events/{event_id}/hands",
        "PATCH /events/{event_id}/hands/{hand}",
        "POST /events/{event_id}/attendees",
        "GET /events/{event_id}/attendees",
        "PATCH /events/{event_id}/attendees/{attendee_id}",
        "DELETE /events/{event_id}/attendees/{attendee_id}",
        "GET /events/{event_id}/attendees.csv",
        "POST /events/{event_id}/attendees/decisions",
        "POST /events/{event_id}/invitations",
        "POST /events/{event_id}/attendees/{attendee_id}/link",
        "GET /events/{event_id}/attendees/{attendee_id}/data",
        "DELETE /events/{event_id}/attendees/{attendee_id}/data",
        "GET /events/{event_id}/registration",
        "PATCH /events/{event_id}/registration",
        "PUT /events/{event_id}/registration/questions",
        "GET /events/{event_id}/viewers",
        "GET /events/{event_id}/files",
        "POST /events/{event_id}/files",
        "DELETE /events/{event_id}/files/{file_id}",
        "GET /playback",
        "GET /events/{event_id}/door",
        "PUT /events/{event_id}/door",
        "POST /events/{event_id}/door/let-in",
        "POST /events/{event_id}/attendees/{attendee_id}/send-out",
        "POST /events/{event_id}/announcements",
        "POST /webhooks",
        "GET /webhooks",
        "DELETE /webhooks/{webhook_id}",
        "POST /webhooks/{webhook_id}/enable",
        "GET /webhooks/{webhook_id}/deliveries",
        "POST /webhooks/{webhook_id}/deliveries/{delivery_id}/resend",
        "GET /events/{event_id}/mails",
        "PATCH /events/{event_id}/mails/{mail}",
        "POST /events/{event_id}/mails/{mail}/test",
        "GET /events/{event_id}/letters",
        "POST /events/{event_id}/letters/{letter_id}/again",
        "POST /events/{event_id}/marks",
        "GET /events/{event_id}/links",
        "POST /events/{event_id}/links",
        "POST /events/{event_id}/links/renew",
        "DELETE /events/{event_id}/links/{link_id}",
    }
    assert "null" not in json.dumps(document["components"]["schemas"]["Problem"]["properties"]["code"])
