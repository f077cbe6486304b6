"""What pages of an event say on its way: before the start, while a rule counts, and on the run sheet."""

from __future__ import annotations

import io
import re
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from PIL import Image

from tests.security.pages_client import Person
from webinar.events.pictures import Kind
from webinar.events.role_model import LinkRole

if TYPE_CHECKING:
    from tests.fake_ingest import FakeIngest
    from tests.web_stage import Web

pytest_plugins = ["tests.web_stage"]

HALF = timedelta(minutes=30)


async def test_the_lobby_shows_the_holding_picture_of_the_event(web: Web, ingest: FakeIngest) -> None:
    event = await web.event()
    join = (await web.attendee(event))["join_url"]
    assert "scene__holding" not in (await web.guest.get(join)).text
    picture = io.BytesIO()
    Image.new("RGB", (1280, 720), "navy").save(picture, "PNG")
    await web.platform.images.put(uuid.UUID(event["id"]), Kind.HOLDING, picture.getvalue())
    found = re.search(r'class="scene__holding" src="([^"]+)"', (await web.guest.get(join)).text)
    assert found is not None
    assert (await web.guest.get(found[1])).status_code == 200


async def test_where_a_rule_asks_for_live_the_room_says_that_the_offer_from_the_start_does_not_count(
    web: Web, ingest: FakeIngest
) -> None:
    event = await web.live_event()
    join = (await web.attendee(event))["join_url"]
    assert "stage__counts" not in (await web.guest.get(join)).text
    rules = f"/api/v1/events/{event['id']}/attendance/rules"
    assert (await web.host.put(rules, json={"rules": [{"share": 80}]})).status_code == 200
    text = (await web.guest.get(join, headers={"Accept-Language": "en"})).text
    assert "from the start counts only as watched later" in text
    assert "only live counts for the attendance rule" in text


async def test_the_run_sheet_ticks_somebody_for_the_chat_when_a_moderator_came_by_their_own_link(web: Web) -> None:
    event = await web.event()

    async with Person(web) as host:
        await host.become_owner()

        async def ticked() -> bool:
            text = (await host.http.get(f"/events/{event['id']}")).text
            (step,) = re.findall(r"<li[^>]*>(?:(?!</li>).)*Have somebody look after the chat", text, re.S)
            return "steps__one--done" in step

        roles = web.platform.roles
        link = await roles.make(uuid.UUID(event["id"]), LinkRole.MODERATOR, "박하나")
        assert not await ticked()
        assert (await web.guest.get(f"/m/{roles.token(link.id, link.event_id)}")).status_code in (200, 303)
        assert await ticked()


async def test_while_live_the_host_moves_the_rest_of_the_agenda_and_its_rules_follow(
    web: Web, ingest: FakeIngest
) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    event = await web.event(starts_at=now.isoformat(), ends_at=(now + 2 * HALF).isoformat())
    path, event_id = f"/api/v1/events/{event['id']}", uuid.UUID(event["id"])
    items = [
        {"title": title, "starts_at": (now + n * HALF).isoformat(), "ends_at": (now + (n + 1) * HALF).isoformat()}
        for n, title in enumerate(("인사", "강연"))
    ]
    agenda = (await web.host.put(f"{path}/agenda", json={"items": items})).json()["items"]
    delay = {"item": agenda[1]["id"], "minutes": 20}
    assert (await web.host.post(f"{path}/agenda/delay", json=delay)).json()["code"] == "not_live"
    assert (await web.host.post(f"{path}/start")).status_code == 200
    async with Person(web) as host:
        await host.become_owner()
        page = f"/events/{event['id']}"
        shown = (await host.http.get(page)).text
        assert "The programme runs late" in shown
        item = re.findall(r'<option value="([^ "]+ [^"]+)" data-steps="', shown)[1]
        assert ('<option value="-15">' in shown, '<option value="-30">' in shown) == (
            True,
            False,
        )  # nobody can any more
        refused = await host.send(f"{page}/late", {"item": item, "minutes": "-30"}, page=page)
        assert refused.status_code == 422
        assert "Then it would be in the past." in refused.text
        assert re.search(f'<option value="{re.escape(item)}" data-steps="[^"]+" selected>', refused.text)
        assert '<option value="-30" selected>' in refused.text
        sent = [await host.send(f"{page}/late", {"item": item, "minutes": "20"}, page=page) for _ in range(2)]
        assert [reply.status_code for reply in sent] == [303, 409]
        assert "The agenda was moved meanwhile." in sent[1].text
        assert (await host.send(f"{page}/late", {"item": "x", "minutes": "20"}, page=page)).status_code == 400
    later = (await web.host.get(f"{path}/agenda")).json()["items"]
    assert later[0] == agenda[0]
    assert datetime.fromisoformat(later[1]["starts_at"]) == now + HALF + timedelta(minutes=20)
    assert datetime.fromisoformat((await web.host.get(path)).json()["ends_at"]) == now + 2 * HALF + timedelta(
        minutes=20
    )
    parts = (await web.platform.attendance.outline(event_id)).programme.parts
    assert parts[1].starts_at == now + HALF + timedelta(minutes=20)


async def test_an_agenda_that_moves_earlier_never_ends_its_event_later_and_the_host_is_told_where_they_differ(
    web: Web, ingest: FakeIngest
) -> None:
    now = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(minutes=20)
    event = await web.event(starts_at=now.isoformat(), ends_at=(now + HALF).isoformat())
    path = f"/api/v1/events/{event['id']}"
    item = {"title": "강연", "starts_at": now.isoformat(), "ends_at": (now + 2 * HALF).isoformat()}
    (talk,) = (await web.host.put(f"{path}/agenda", json={"items": [item]})).json()["items"]
    assert (await web.host.post(f"{path}/start")).status_code == 200
    assert (await web.host.post(f"{path}/agenda/delay", json={"item": talk["id"], "minutes": -10})).status_code == 200
    found = (await web.host.get(path)).json()
    assert [datetime.fromisoformat(found[end]) for end in ("starts_at", "ends_at")] == [now, now + HALF]
    async with Person(web) as host:
        await host.become_owner()
        for page in (f"/events/{event['id']}", f"/events/{event['id']}/settings/agenda"):
            text = (await host.http.get(page)).text
            assert "The agenda begins 10 min before the event." in text
            assert "The agenda ends 20 min after the event." in text


async def test_a_program_renews_what_all_presenters_and_moderators_share(web: Web) -> None:
    event = await web.event()
    path = f"/api/v1/events/{event['id']}"
    for link, field in (("presenter", "studio_url"), ("moderator", "moderate_url"), ("stream_key", "stream_key")):
        reply = await web.host.post(f"{path}/links/renew", json={"link": link})
        assert reply.status_code == 200
        assert reply.json()[field] != event[field]
        assert (await web.host.get(path)).json()[field] == reply.json()[field]
    assert (await web.guest.get(event["studio_url"])).status_code == 410
