"""Nobody but staff gets the full name of another guest where names are not shown."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Any

from tests.integration.test_api_conversation import write
from tests.security.pages_client import Person
from webinar.api.operations import OPERATIONS

if TYPE_CHECKING:
    from tests.web_stage import Web

pytest_plugins = ["tests.web_stage"]

FULL = "김하나"


async def an_event(web: Web) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """And two guests of it, of whom the first has written and asked."""
    event = await web.event()
    hana = await web.attendee(event, "hana@example.org", name=FULL)
    other = await web.attendee(event, "other@example.org", name="이두리")
    for kind in ("message", "question"):
        await write(web, event, (kind, hana["id"], {"name": "김○○ 1", "body": "질문이 있어요"}))
    return event, hana, other


async def test_no_call_and_no_page_tells_a_guest_who_another_one_is(web: Web) -> None:
    event, hana, other = await an_event(web)

    def path_of(pattern: str) -> str:
        known = {"{event_id}": event["id"], "{attendee_id}": hana["id"]}
        return re.sub(r"{\w+}", lambda found: known.get(found[0], str(uuid.uuid4())), pattern)

    for operation in OPERATIONS:
        if operation.method != "GET":
            continue
        for credential in (other["viewer_token"], None):
            for query in ({}, {"search": FULL}, {"ids": hana["id"]}):
                reply = await web.call("GET", f"/api/v1{path_of(operation.path)}", credential, params=query)
                assert FULL not in reply.text, (operation.name, query)
    join = f"/j/{other['join_url'].rpartition('/')[2]}"
    async with Person(web) as guest:
        for path in (join, f"{join}/me", f"{join}/data.json", f"/e/{event['slug']}"):
            assert FULL not in (await guest.http.get(path, follow_redirects=True)).text, path


async def test_speakers_and_moderators_learn_it_and_only_of_their_event(web: Web) -> None:
    event, hana, _ = await an_event(web)
    elsewhere = await web.event()
    access, events = web.platform.access, web.platform.events
    for where, told in ((event, [FULL]), (elsewhere, None)):
        row = await events.get(uuid.UUID(where["id"]))
        moderator = await web.platform.moderators.admit(row, "조교")
        for credential in (access.studio_token(row, "presenter"), access.console_token(moderator)):
            reply = await web.call("GET", f"/api/v1/events/{event['id']}/names", credential, params={"ids": hana["id"]})
            found = [one["name"] for one in reply.json()["items"]] if reply.status_code == 200 else None
            assert found == told, reply.text
