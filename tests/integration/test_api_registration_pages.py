"""The pages of a registration, as a host and guests without scripts walk through them."""

from __future__ import annotations

import asyncio
import csv
import io
import re
import uuid
from urllib.parse import quote

from tests.security.pages_client import Person
from tests.waiting import until
from tests.web_stage import Web
from webinar.registration.questions import Kind, NewQuestion
from webinar.registration.rules import RulesChange

pytest_plugins = ["tests.web_stage"]


async def test_whose_browser_left_before_their_turn_came_is_not_registered_later(web: Web) -> None:
    event, pool = await web.event(), web.platform.pool
    event_id = uuid.UUID(event["id"])
    waiting = """
        select count(*) from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock' and query like '%for no key update%'
    """

    async def waits() -> bool:
        return int(await pool.fetchval(waiting)) == 1

    async with pool.acquire() as slow, slow.transaction():
        await slow.execute("select from event where id = $1 for update", event_id)
        left = asyncio.create_task(web.attendee(event, "left@example.org"))
        await until(waits)
        left.cancel()
        await asyncio.wait({left})
        assert (await web.guest.get("/sign-in")).is_success  # by now the server has heard of it, too
    await web.attendee(event, "stays@example.org")
    assert [one.email for one in await web.platform.registration.everyone(event_id)] == ["stays@example.org"]


async def test_a_guest_answers_the_hosts_questions_and_nothing_typed_is_lost_on_the_way(web: Web) -> None:
    event = await web.event()
    form, event_id = web.platform.registration_form, uuid.UUID(event["id"])
    where = await form.add_question(event_id, NewQuestion(text="Where from?", required=True))
    days = NewQuestion(text="Days", kind=Kind.SEVERAL, options=["Monday", "Tuesday", "Friday"])
    several = await form.add_question(event_id, days)
    await form.change(event_id, RulesChange(passcode="open sesame", keeper="Society of Hearts"))
    register = f"/e/{event['slug']}/register"
    typed = {"name": "Hana Kim", "email": "hana@example.org", where.field: "", several.field: ["Friday", "Monday"]}
    async with Person(web) as guest:
        shown = (await guest.http.get(register)).text
        assert "Society of Hearts knows who came" in shown
        assert "90 days after the event" in shown
        assert re.search(r'name="news"[^>]* checked', shown) is None
        token = await guest.token(register)
        wrong = await guest.http.post(register, data={**typed, "csrf": token, "passcode": "sesame"})
        assert wrong.status_code == 422
        assert "This passcode is not right" in wrong.text
        assert "Tick this box" in wrong.text  # all at once
        empty = await guest.http.post(register, data={**typed, "csrf": token, "passcode": " "})
        assert ("Type the passcode." in empty.text, "Tick this box" in empty.text) == (True, True)
        missing = await guest.http.post(register, data={**typed, "csrf": token, "passcode": "open sesame"})
        assert missing.status_code == 422
        assert missing.text.count('aria-invalid="true"') == 2  # the answer, the consent
        for kept in (
            'value="Hana Kim"',
            'value="hana@example.org"',
            'value="Friday" checked',
            'value="Monday" checked',
        ):
            assert kept in missing.text
        done = {
            **typed,
            "csrf": token,
            "passcode": "open sesame",
            where.field: "Seoul",
            "agree": "yes",
            "language": "en",
        }
        reply = await guest.http.post(register, data=done)
        assert reply.status_code == 303, reply.text
        assert (await guest.http.get(reply.headers["location"])).status_code == 200
    (person,) = (await web.host.get(f"/api/v1/events/{event['id']}/attendees?search=seoul")).json()["items"]
    assert person["answers"] == {"Where from?": "Seoul", "Days": "Monday\nFriday"}
    assert (person["language"], person["marketing_at"]) == ("en", None)
    assert person["consent_at"] is not None


async def test_people_see_correct_take_along_and_delete_what_is_kept_of_them(web: Web) -> None:
    event = await web.event(capacity=1)
    where = await web.platform.registration_form.add_question(uuid.UUID(event["id"]), NewQuestion(text="Where from?"))
    first = await web.attendee(event, answers={"Where from?": "Seoul", "Asked before": "x"})
    second = await web.attendee(event, "lee@example.org", name="이두리")
    assert second["status"] == "waitlisted"
    me = first["join_url"].removeprefix(web.url) + "/me"
    async with Person(web) as guest:
        page = (await guest.http.get(me)).text
        for known in ("kim@example.org", 'value="김하나"', 'value="Seoul"', "Asked before"):
            assert known in page
        fields = {"name": " 김  하나 ", "language": "en", where.field: "Busan", "news": "yes"}
        assert (await guest.send(me, fields)).status_code == 303
        assert (await guest.send(me, {"name": " ", "language": "en"})).status_code == 422
        document = (await guest.http.get(f"{me}/data.json")).json()
        assert document["registration"]["name"] == "김 하나"
        assert document["registration"]["answers"] == {"Asked before": "x", "Where from?": "Busan"}
        assert (document["attendance"]["live"], document["attendance"]["live_seconds"]) == ([], 0)
        assert document["consent"]["mails_about_other_events_since"] is not None
        gone = await guest.send(f"{me}/delete")
        assert gone.status_code == 200
        assert "kim@example.org" not in gone.text
        assert (await guest.http.get(me)).status_code == 401
        assert (await guest.http.get(me.removesuffix("/me"))).status_code == 401
    people = (await web.host.get(f"/api/v1/events/{event['id']}/attendees")).json()["items"]
    assert [(p["id"], p["status"]) for p in people] == [(second["id"], "approved")]


async def test_an_event_that_is_a_draft_again_keeps_its_guests(web: Web) -> None:
    event = await web.event()
    page = f"/e/{event['slug']}"
    person = await web.attendee(event)
    token = person["join_url"].rsplit("/", 1)[1]
    assert (await web.host.patch(f"/api/v1/events/{event['id']}", json={"state": "draft"})).status_code == 200
    async with Person(web) as guest:
        for own in (f"/j/{token}", f"/j/{token}/me", f"{page}/registered/{token}", f"{page}/cancel/{token}"):
            assert (await guest.http.get(own)).status_code == 200, own
        assert (await guest.http.get(f"{page}/link")).status_code == 200
        hidden = await guest.http.get(page)
        assert (hidden.status_code, "your personal link works as before" in hidden.text) == (404, True)
        assert event["title"] not in hidden.text
        assert (await guest.http.get(f"{page}/register")).status_code == 404
        assert (await guest.send(f"{page}/cancel/{token}")).status_code == 200
        cancelled = await guest.http.get(f"/j/{token}")
        assert (cancelled.status_code, f'href="{quote(page)}">See the event page' in cancelled.text) == (410, True)
        # Nobody is left to whom it is anything.
        assert "your personal link" not in (await guest.http.get(page)).text
        assert (await guest.http.get(f"{page}/link")).status_code == 404


async def test_somebody_elses_link_shows_and_changes_nothing_of_a_person(web: Web) -> None:
    event = await web.event()
    await web.attendee(event)
    async with Person(web) as guest:
        for link in ("/j/" + "x" * 50, "/j/" + "A" * 51):
            for path in ("/me", "/me/data.json", "/me/delete"):
                reply = await guest.http.get(link + path)
                assert reply.status_code == 401
                assert "kim@example.org" not in reply.text


async def test_a_host_is_told_where_nobody_can_be_seated_and_what_time_is_over(web: Web) -> None:
    event = await web.event(registration="approval", capacity=1)
    base = f"/events/{event['id']}"
    asks = await web.attendee(event, "asks@example.org", name="Asks")
    async with Person(web) as owner:
        await owner.become_owner()
        token = await owner.token(f"{base}/people")
        for name in ("One", "Two"):
            guest = {"csrf": token, "name": name, "email": f"{name}@example.org"}
            added = await owner.http.post(f"{base}/people", data=guest)
        assert "number 1 of the waiting list" in (await owner.http.get(added.headers["location"])).text
        approve = f"{base}/people/{asks['id']}/approve"
        for words in ("number 1 of the waiting list", "Raise the number of seats"):  # who asked before Two came
            reply = await owner.http.post(approve, data={"csrf": token})
            assert reply.status_code == 303, reply.text
            assert words in (await owner.http.get(reply.headers["location"])).text
        rules = {"csrf": token, "others": "pending", "retention_days": "90", "closes_date": "2020-01-01"}
        refused = await owner.http.post(f"{base}/registration", data={**rules, "closes_time": "10:00"})
        assert (refused.status_code, "This moment is over" in refused.text) == (422, True)


async def test_a_host_decides_about_those_chosen_and_about_all_who_wait(web: Web) -> None:
    event = await web.event(registration="approval", capacity=3)
    people = [await web.attendee(event, f"a{n}@example.org", name=f"A{n}") for n in range(5)]
    base = f"/events/{event['id']}/people"

    async def stand() -> list[str]:
        listed = (await web.host.get(f"/api/v1/events/{event['id']}/attendees")).json()["items"]
        return [one["status"] for one in listed]

    async with Person(web) as owner:
        await owner.become_owner()
        assert "5 people wait for your approval" in (await owner.http.get(base)).text
        token = await owner.token(base)
        chosen = {"csrf": token, "op": "decline", "back": base, "person": [people[0]["id"], people[4]["id"]]}
        assert (await owner.http.post(f"{base}/chosen", data=chosen)).headers["location"] == base
        assert await stand() == ["declined", "pending", "pending", "pending", "declined"]
        assert (await owner.http.post(f"{base}/waiting", data={"csrf": token, "op": "approve"})).status_code == 303
        assert await stand() == ["declined", "approved", "approved", "approved", "declined"]
        chosen = {**chosen, "op": "approve"}
        await owner.http.post(f"{base}/chosen", data=chosen)
        assert (await stand()).count("approved") == 3  # no seat is left
        assert "Done as far as seats were left" in (await owner.http.get(base)).text
        nobody = {"csrf": token, "op": "approve", "back": "//elsewhere.example"}
        assert (await owner.http.post(f"{base}/chosen", data=nobody)).headers["location"] == base
        found = (await owner.http.get(f"{base}?q=a3&status=approved")).text
        assert (">A3</a>" in found, ">A2</a>" in found) == (True, False)


async def test_a_list_from_a_korean_excel_is_looked_at_and_then_invited(web: Web) -> None:
    event = await web.event()
    await web.attendee(event)
    await web.platform.registration_form.add_question(uuid.UUID(event["id"]), NewQuestion(text="소속"))
    sheet = "성명,이메일,소속\n김하나,kim@example.org,서울\n이두리,lee@example.org,부산\n오류,nobody,\n"
    base = f"/events/{event['id']}/invite"
    async with Person(web) as owner:
        await owner.become_owner()
        token = await owner.token(base)
        files = {"file": ("list.csv", sheet.encode("cp949"))}
        look = await owner.http.post(base, data={"csrf": token}, files=files)
        assert look.status_code == 200, look.text
        for said in ("1 person can be invited", "1 line cannot be taken", "On the list already", "이두리"):
            assert said in look.text
        again = dict(re.findall(r'name="(list)" value="([^"]*)"', look.text))
        assert len((await web.host.get(f"/api/v1/events/{event['id']}/attendees")).json()["items"]) == 1
        done = await owner.http.post(f"{base}/send", data={**again, "csrf": token}, files={"file": ("", b"")})
        assert "1 person was added" in done.text
        for bad in ({"list": ""}, {"list": "nobody here"}):
            assert (
                await owner.http.post(base, data={**bad, "csrf": token}, files=files and {"file": ("", b"")})
            ).status_code == 422
        table = await owner.http.get(f"/events/{event['id']}/people.csv")
    rows = list(csv.reader(io.StringIO(table.content.decode("utf-8-sig"))))
    assert rows[0][:3] == ["Name", "E-mail", "State"]
    assert [(row[0], row[1], row[-1]) for row in rows[1:]] == [
        ("김하나", "kim@example.org", ""),
        ("이두리", "lee@example.org", "부산"),
    ]


async def test_two_thousand_people_with_korean_names_are_invited_at_once(web: Web) -> None:
    event = await web.event(capacity=2000)
    listed = "".join(f"김하나둘셋넷다섯여섯일곱{n},guest{n}@example.org\n" for n in range(2000))
    assert len(listed.encode()) > 64 * 1024
    base = f"/events/{event['id']}/invite"
    async with Person(web) as owner:
        await owner.become_owner()
        token = await owner.token(base)
        look = await owner.http.post(base, data={"csrf": token, "list": listed}, files={"file": ("", b"")})
        assert "2000 people can be invited" in look.text, look.text[:2000]
        again = dict(re.findall(r'name="(list)" value="([^"]*)"', look.text))
        done = await owner.http.post(f"{base}/send", data={**again, "csrf": token}, files={"file": ("", b"")})
    assert "2000 people were added" in done.text
    assert (await web.platform.registration.seats(uuid.UUID(event["id"]))).approved == 2000


async def test_no_cell_of_the_table_can_be_a_formula(web: Web) -> None:
    event = await web.event()
    await web.attendee(event, name="=HYPERLINK(1)", answers={"+Q": "@SUM(A1)"})
    text = (await web.host.get(f"/api/v1/events/{event['id']}/attendees.csv")).content.decode("utf-8-sig")
    cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
    assert {"'=HYPERLINK(1)", "'+Q", "'@SUM(A1)"} <= set(cells)
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))] == []


async def test_questions_and_rules_are_set_on_one_page(web: Web) -> None:
    event = await web.event(timezone="Asia/Seoul")
    base = f"/events/{event['id']}/registration"
    async with Person(web) as owner:
        await owner.become_owner()
        first = {"text": "From?", "kind": "text", "options": ""}
        assert (await owner.send(f"{base}/questions", first, page=base)).status_code == 303
        choice = {"text": "Meal", "kind": "single", "options": "Meat\r\nFish", "required": "yes"}
        await owner.send(f"{base}/questions", choice, page=base)
        refused = await owner.send(f"{base}/questions", {**choice, "text": "Fruit", "options": "one"}, page=base)
        assert refused.status_code == 422
        assert 'value="Fruit"' in refused.text
        asked = (await web.host.get(f"/api/v1{base}")).json()["questions"]
        await owner.send(f"{base}/questions/{asked[1]['id']}/up", page=base)
        rules = {"domains": "example.org", "others": "refused", "retention_days": "30", "passcode": "abcd"}
        closing = {"closes_date": "2037-11-30", "closes_time": "18:00"}
        assert (await owner.send(base, {**rules, **closing})).status_code == 303
        bad = await owner.send(base, {**rules, "retention_days": "0", "closes_date": "soon"})
        assert bad.status_code == 422
        assert "between 1 and 3,650" in bad.text
        found = (await web.host.get(f"/api/v1{base}")).json()
    assert [q["text"] for q in found["questions"]] == ["Meal", "From?"]
    assert (found["domains"], found["has_passcode"], found["marketing"]) == (["example.org"], True, False)
    assert found["closes_at"] == "2037-11-30T09:00:00Z"
