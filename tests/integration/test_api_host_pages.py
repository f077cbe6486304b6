"""The host's forms without scripts: what is typed is kept, what is rearranged is not saved, what is saved is shown."""

from __future__ import annotations

import io
import re
import uuid
from typing import TYPE_CHECKING
from urllib.parse import quote

from PIL import Image

from tests.security.pages_client import Person

if TYPE_CHECKING:
    from tests.web_stage import Web

pytest_plugins = ["tests.web_stage"]

STARTS = "2026-12-01T05:00:00Z"  # 14:00 in Seoul


def _item(n: int, title: str, start: str, length: str, **more: str) -> dict[str, str]:
    fields = {"id": "", "title": title, "speakers": "", "note": "", "day": "2026-12-01", "start": start} | more
    return {f"item-{n}-{name}": value for name, value in {**fields, "length": length}.items()}


def _shown(html: str, field: str) -> list[str]:
    return re.findall(rf'name="item-\d+-{field}"[^>]*value="([^"]*)"', html)


async def test_an_agenda_is_written_rearranged_refused_and_saved(web: Web) -> None:
    event = await web.event(starts_at=STARTS)
    path = f"/events/{event['id']}/settings/agenda"
    async with Person(web) as host:
        await host.become_owner()
        typed = {**_item(0, "Opening", "14:00", "10"), **_item(1, "Talk & more", "14:10", "50")}
        moved = await host.send(path, {**typed, "do": "up:1"})
        assert moved.status_code == 200
        assert _shown(moved.text, "title") == ["Talk &amp; more", "Opening"]
        assert _shown(moved.text, "start") == ["14:00", "14:50"]
        assert await web.platform.events.agenda(_uuid(event)) == []
        pasted = await host.send(path, {**typed, "do": "paste", "lines": "15:00 Break\n25:99 No\n15:10 Panel - Kim"})
        assert _shown(pasted.text, "title") == ["Opening", "Talk &amp; more", "Break", "Panel"]
        assert "Line 2: 25:99 is no time." in pasted.text
        assert "\n25:99 No</textarea>" in pasted.text
        refused = await host.send(path, {**typed, **_item(2, "", "99:00", "5", note="typed and kept")})
        assert refused.status_code == 422
        assert "typed and kept" in refused.text
        assert 'id="item-2-title-error"' in refused.text
        saved = await host.send(path, {**typed, **_item(2, "", "", "")})
        assert saved.status_code == 303
        assert [item.title for item in await web.platform.events.agenda(_uuid(event))] == ["Opening", "Talk & more"]
        page = (await web.guest.get(f"/e/{quote(event['slug'])}")).text
        assert "Talk &amp; more" in page
        assert page.index("Opening") < page.index("Talk &amp; more")


async def test_speakers_stay_who_they_are_when_they_are_moved(web: Web) -> None:
    event = await web.event()
    path = f"/events/{event['id']}/settings/speakers"
    async with Person(web) as host:
        await host.become_owner()
        people = {"speaker-0-name": "김하나", "speaker-0-role": "교수", "speaker-1-name": "<b>Lee</b>"}
        assert (await host.send(path, people)).status_code == 303
        first, second = await web.platform.events.speakers(_uuid(event))
        back = {"speaker-0-id": str(second.id), "speaker-0-name": second.name}
        again = {**back, "speaker-1-id": str(first.id), "speaker-1-name": first.name}
        assert (await host.send(path, again)).status_code == 303
        assert [one.id for one in await web.platform.events.speakers(_uuid(event))] == [second.id, first.id]
        assert "&lt;b&gt;Lee&lt;/b&gt;" in (await web.guest.get(f"/e/{quote(event['slug'])}")).text


async def test_the_look_of_an_event_reaches_its_page_and_its_guests(web: Web) -> None:
    event = await web.event()
    look = f"/events/{event['id']}/settings/look"
    picture = io.BytesIO()
    Image.new("RGB", (600, 300), "#123456").save(picture, "PNG")
    async with Person(web) as host:
        await host.become_owner()
        assert (await host.send(look, {"own": "yes", "accent": "#B4236B"})).status_code == 303
        token = await host.token(look)
        sent = await host.http.post(
            f"{look}/logo", data={"csrf": token}, files={"file": ("a.png", picture.getvalue(), "image/png")}
        )
        assert sent.status_code == 303
        bad = await host.http.post(
            f"{look}/cover", data={"csrf": token}, files={"file": ("a.png", b"<svg/>", "image/png")}
        )
        assert bad.status_code == 422
        assert 'id="cover-error"' in bad.text
        foreign = await host.http.post(f"{look}/logo", files={"file": ("a.png", picture.getvalue(), "image/png")})
        assert foreign.status_code == 403
        page = (await web.guest.get(f"/e/{quote(event['slug'])}")).text
        (sheet,) = re.findall(r'href="(/brand/[^"]+\.css)"', page)
        css = await web.guest.get(sheet)
        assert css.headers["content-type"].startswith("text/css")
        assert "--accent:#b4236b" in css.text
        (logo,) = re.findall(r'src="(/e/[^"]+/images/logo-[^"]+)"', page)
        assert (await web.guest.get(logo)).headers["content-type"] == "image/png"
        guest = await web.attendee(event)
        room = (await web.guest.get(guest["join_url"].removeprefix(web.url))).text
        assert sheet in room
        assert logo in room
        assert (await host.send(look, {"own": "no", "accent": "#B4236B"})).status_code == 303
        assert "/brand/" not in (await web.guest.get(f"/e/{quote(event['slug'])}")).text


async def test_a_draft_is_seen_by_its_host_and_by_nobody_else_until_it_is_published(web: Web) -> None:
    event = await web.event(state="draft")
    page = f"/e/{quote(event['slug'])}"
    async with Person(web) as host:
        await host.become_owner()
        assert (await web.guest.get(page)).status_code == 404
        assert "only hosts see this page" in (await host.http.get(page)).text
        overview = f"/events/{event['id']}"
        assert (await host.send(f"{overview}/publish", page=overview)).status_code == 303
        assert (await web.guest.get(page)).status_code == 200
        assert (await host.send(f"{overview}/hide")).status_code == 303
        assert (await web.guest.get(page)).status_code == 404


async def test_steps_that_are_ticked_stay_ticked(web: Web) -> None:
    event = await web.event()
    overview = f"/events/{event['id']}"
    async with Person(web) as host:
        await host.become_owner()
        assert (await host.send(f"{overview}/steps/rehearse", {"done": "yes"}, page=overview)).status_code == 303
        assert (await host.send(f"{overview}/steps/rehearse", {"done": "yes"}, page=overview)).status_code == 303
        assert await web.platform.plans.ticks(_uuid(event)) == {"rehearse"}
        assert (await host.send(f"{overview}/steps/rehearse", {"done": "no"}, page=overview)).status_code == 303
        assert await web.platform.plans.ticks(_uuid(event)) == set()
        assert (await host.send(f"{overview}/steps/nonsense", {"done": "yes"}, page=overview)).status_code == 404


async def test_a_series_is_made_listed_together_and_changed_from_one_on(web: Web) -> None:
    event = await web.event(title="Journal club", starts_at=STARTS)
    async with Person(web) as host:
        await host.become_owner()
        refused = await host.send(f"/events/{event['id']}/series", {"rhythm": "daily", "count": "3"})
        assert refused.status_code == 422
        assert (await host.send(f"/events/{event['id']}/series", {"rhythm": "weekly", "count": "3"})).status_code == 303
        home = (await host.http.get("/")).text
        assert home.count("Journal club</strong>") == 1
        assert "Date 1 of 3" in home
        assert (await host.http.get("/?show=scheduled")).text.count("Journal club</strong>") == 3
        assert "Journal club" in (await host.http.get("/?q=JOURNAL")).text
        assert "Journal club" not in (await host.http.get("/?q=%25")).text
        fields = {"title": "Reading circle", "date": "2026-12-01", "start": "15:00", "length": "60", "capacity": "300"}
        rest = {"timezone": "Asia/Seoul", "language": "ko", "registration": "open", "scope": "following"}
        assert (await host.send(f"/events/{event['id']}/settings", {**fields, **rest})).status_code == 303
        series = await web.platform.copies.series(await web.platform.events.get(_uuid(event)))
        assert {one.title for one in series} == {"Reading circle"}
        assert [f"{one.starts_at:%m-%d %H:%M}" for one in series] == ["12-01 06:00", "12-08 06:00", "12-15 06:00"]


async def test_a_qr_code_is_drawn_and_printed_for_what_is_announced_only(web: Web) -> None:
    event, draft = await web.event(), await web.event(state="draft")
    path = f"/e/{quote(event['slug'])}"
    drawn = await web.guest.get(f"{path}/qr.svg")
    assert drawn.headers["content-type"] == "image/svg+xml"
    assert drawn.text.startswith("<svg")
    printed = await web.guest.get(f"{path}/qr.png")
    size = Image.open(io.BytesIO(printed.content)).size
    assert size[0] == size[1] >= 600
    assert (await web.guest.get(f"/e/{quote(draft['slug'])}/qr.svg")).status_code == 404
    for wrong in ("/brand/1-zzzzzz.css", "/brand/x.css", f"{path}/images/cover-0000.jpg", f"{path}/images/../x"):
        assert (await web.guest.get(wrong)).status_code == 404


def _uuid(event: dict[str, object]) -> uuid.UUID:
    return uuid.UUID(str(event["id"]))
