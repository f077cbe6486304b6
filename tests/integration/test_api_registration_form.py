"""The form of an event over real PostgreSQL: its rules, its passcode, the questions it asks."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass

import pytest

from tests.registration_desk import Desk
from webinar.base.errors import Conflict, Forbidden, Invalid, NotFound, TooManyRequests
from webinar.registration.model import NewAttendee, Status
from webinar.registration.questions import Kind, NewQuestion
from webinar.registration.rules import RulesChange

pytest_plugins = ["tests.registration_desk"]


async def test_data_is_not_kept_longer_than_people_were_promised(desk: Desk) -> None:
    assert (await desk.form.rules(desk.event)).retention_days == 90
    assert (await desk.form.change(desk.event, RulesChange(retention_days=365))).retention_days == 365
    await desk.come("a")
    with pytest.raises(Conflict) as refused:
        await desk.form.change(desk.event, RulesChange(retention_days=366, keeper="Nobody"))
    assert refused.value.code == "retention_promised"
    assert (await desk.form.change(desk.event, RulesChange(retention_days=30))).keeper == ""


async def test_rules_change_alone_and_what_is_null_goes(desk: Desk) -> None:
    change = RulesChange(domains=["example.org"], others="refused", passcode="open sesame", marketing=False)
    rules = await desk.form.change(desk.event, change)
    assert (rules.domains, rules.others, rules.has_passcode, rules.marketing) == (
        ("example.org",),
        "refused",
        True,
        False,
    )
    with pytest.raises(Conflict) as refused:
        await desk.people.register(desk.event, NewAttendee(name="x", email="x@elsewhere.org"))
    assert refused.value.code == "domain_refused"
    assert (await desk.come("a")).status is Status.APPROVED
    rules = await desk.form.change(desk.event, RulesChange(passcode=None))
    assert (rules.has_passcode, rules.domains) == (False, ("example.org",))
    with pytest.raises(NotFound):
        await desk.form.change(uuid.uuid4(), RulesChange(marketing=True))


@dataclass
class Door:
    """So many tries."""

    left: int
    given_back: int = 0

    def take(self) -> None:
        if self.left == 0:
            raise TooManyRequests("Too many tries.")
        self.left -= 1

    def give_back(self) -> None:
        self.given_back += 1


async def test_a_passcode_is_kept_as_a_hash_and_told_alike_whatever_was_wrong(desk: Desk) -> None:
    door = Door(100)

    async def typed(code: str) -> str:
        try:
            await desk.form.check_passcode(desk.event, code, door.take, door.give_back)
        except Forbidden as error:
            return error.message
        return "right"

    assert await typed("anything") == "right"  # none is asked for
    assert door.left == 100
    await desk.form.change(desk.event, RulesChange(passcode="열려라 참깨"))
    stored = await desk.pool.fetchval("select passcode_hash from registration_rules")
    assert stored.startswith("$argon2id$")
    said = {await typed(code) for code in ("", "x", "열려라 참깨!", "열" * 300)}
    assert len(said) == 1
    assert "right" not in said
    assert await asyncio.gather(*(typed(" 열려라 참깨 ") for _ in range(50))) == ["right"] * 50
    assert await typed("x") in said
    await desk.form.change(desk.event, RulesChange(passcode="another one"))
    assert await typed("열려라 참깨") in said
    assert await typed("another one") == "right"


async def test_who_guesses_too_often_learns_nothing_by_a_right_guess(desk: Desk) -> None:
    await desk.form.change(desk.event, RulesChange(passcode="right"))
    for known in (False, True):  # before anybody was right, and after
        door = Door(3)
        for _ in range(3):
            with pytest.raises(Forbidden):
                await desk.form.check_passcode(desk.event, "wrong", door.take, door.give_back)
        with pytest.raises(TooManyRequests):
            await desk.form.check_passcode(desk.event, "right", door.take, door.give_back)
        if not known:
            other = Door(1)
            await desk.form.check_passcode(desk.event, "right", other.take, other.give_back)
            assert other.given_back == 1


async def test_questions_keep_their_order_and_answers_follow_a_question_to_its_new_words(desk: Desk) -> None:
    one = await desk.form.add_question(desk.event, NewQuestion(text="From?"))
    two = await desk.form.add_question(desk.event, NewQuestion(text="Meal", kind=Kind.SINGLE, options=["A", "B"]))
    a = await desk.come("a", answers={"From?": "Seoul", "Old": "x"})
    await desk.form.move_question(desk.event, two.id, -1)
    await desk.form.change_question(desk.event, one.id, NewQuestion(text="Where from?", required=True))
    assert [(q.text, q.kind.value, q.options, q.required) for q in await desk.form.questions(desk.event)] == [
        ("Meal", "single", ("A", "B"), False),
        ("Where from?", "text", (), True),
    ]
    assert (await desk.people.get(desk.event, a.id)).answers == {"Where from?": "Seoul", "Old": "x"}
    for twice in (
        desk.form.add_question(desk.event, NewQuestion(text="Meal")),
        desk.form.change_question(desk.event, one.id, NewQuestion(text="Meal")),
    ):
        with pytest.raises(Invalid):
            await twice
    await desk.form.remove_question(desk.event, one.id)
    with pytest.raises(NotFound):
        await desk.form.remove_question(desk.event, one.id)
    for n in range(9):
        await desk.form.add_question(desk.event, NewQuestion(text=f"Q{n}"))
    with pytest.raises(Conflict):
        await desk.form.add_question(desk.event, NewQuestion(text="One too many"))


async def test_a_whole_form_is_put_at_once_and_copied_to_another_event(desk: Desk) -> None:
    kept = await desk.form.add_question(desk.event, NewQuestion(text="B"))
    await desk.form.add_question(desk.event, NewQuestion(text="Gone"))
    put = await desk.form.put_questions(
        desk.event, [NewQuestion(text="A"), NewQuestion(text="B", required=True), NewQuestion(text="C")]
    )
    assert [(q.text, q.required) for q in put] == [("A", False), ("B", True), ("C", False)]
    assert put[1].id == kept.id
    await desk.form.change(
        desk.event, RulesChange(domains=["a.kr"], passcode="secret", keeper="학회", retention_days=10)
    )
    target = await desk.pool.fetchval(
        """
        insert into event (slug, title, language, starts_at, ends_at, timezone, capacity, registration)
        values ('f', 'F', 'ko', now(), now() + interval '1 hour', 'Asia/Seoul', 3, 'open') returning id
        """
    )
    async with desk.pool.acquire() as connection:
        await desk.form.copy(connection, desk.event, target)
    assert [q.text for q in await desk.form.questions(target)] == ["A", "B", "C"]
    rules = await desk.form.rules(target)
    assert (rules.domains, rules.has_passcode, rules.keeper, rules.retention_days) == (("a.kr",), True, "학회", 10)
