"""`/events/{id}/attendance`: who is there, how long so far, and by which rules that counts."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from webinar.attendance.model import Attended, Outcome, Part
from webinar.attendance.outline import Outline
from webinar.attendance.plan import Plan, Rule, parse_plan
from webinar.base.errors import Invalid
from webinar.events.model import Event, EventState
from webinar.pages import audience_chart
from webinar.pages.audience_chart import Axis
from webinar.pages.event_report import OUTCOMES
from webinar.pages.forms import FormView, Sent
from webinar.pages.notices import Notice
from webinar.pages.render import page
from webinar.pages.screen import Screen, event_id, go
from webinar.pages.visit import visit
from webinar.registration.model import Attendee, Status

_PER_PAGE: Final = 100
# Players tell every 15 s, and once more when one of them was lost.
_HERE: Final = timedelta(seconds=40)
_NUMBERS: Final = (
    "enter_before_min",
    "enter_after_min",
    "leave_before_min",
    "prompts_per_hour",
    "answer_min",
)
# Of the rule of the whole event, and the fields that it has in the form.
_WHOLE: Final = {"share": "share", "minutes": "minutes", "confirmed": "confirmed"}


def _(message: str) -> str:
    return message


SHOWN: Final[Mapping[str, str]] = {"": _("Everybody"), "here": _("Here now"), "away": _("Not here")}


@dataclass(frozen=True, slots=True)
class Row:
    """One person of the list."""

    attendee: Attendee
    attended: Attended
    here: bool
    bar: object


class AttendanceScreen(Screen):
    def routes(self) -> list[BaseRoute]:
        attendance = "/events/{event_id}/attendance"
        return [
            Route(attendance, self.show),
            Route(attendance + "/now", self.now),
            Route(attendance + "/rules", self.show_rules),
            Route(attendance + "/rules", self.save_rules, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        account = await self.host(request)
        event = await self.platform.events.get(event_id(request))
        context = {"account": account, "tab": "attendance", "part": "people", **await self._now(request, event)}
        return page(request, "host/attendance.html", context)

    async def now(self, request: Request) -> Response:
        """The parts that change by themselves, for `js/host/now.js`."""
        await self.host(request)
        event = await self.platform.events.get(event_id(request))
        return page(request, "host/attendance_now.html", await self._now(request, event))

    async def _now(self, request: Request, event: Event) -> dict[str, object]:
        everyone, attended, outline = await asyncio.gather(
            self.platform.registration.everyone(event.id),
            self.platform.attendance.people(event.id),
            self.platform.attendance.outline(event.id),
        )
        at = datetime.now(UTC)
        axis = _axis(event, at)
        by_id = {one.attendee_id: one for one in attended}
        people = [(person, by_id[person.id]) for person in everyone if person.id in by_id]
        here = {person.id for person, one in people if _here(event, one, at)}
        wanted = request.query_params.get("show", "")
        wanted = wanted if wanted in SHOWN else ""
        chosen = [both for both in people if not wanted or (both[0].id in here) is (wanted == "here")]
        chosen.sort(key=lambda both: (both[0].id not in here, -both[1].live_s, both[0].name))
        number = _page(request)
        first = (number - 1) * _PER_PAGE
        rows = [
            Row(p, one, p.id in here, self._bar(request, one, axis)) for p, one in chosen[first : first + _PER_PAGE]
        ]
        came = [one for _, one in people if one.live_s > 0]
        return {
            "event": event,
            "rows": rows,
            "wanted": wanted,
            "shown": SHOWN,
            "counts": {"": len(people), "here": len(here), "away": len(people) - len(here)},
            "number": number,
            "pages": max(1, -(-len(chosen) // _PER_PAGE)),
            "here": len(here),
            "came": len(came),
            "expected": sum(person.status is Status.APPROVED for person in everyone),
            "median_min": sorted(int(one.live_s // 60) for one in came)[len(came) // 2] if came else 0,
            "outcomes": OUTCOMES,
            "passed": sum(one.outcome is Outcome.PASSED for one in attended),
            "plan": outline.plan,
            "asks": _asks(outline),
        }

    def _bar(self, request: Request, one: Attended, axis: Axis) -> object:
        said = ", ".join(f"{_clock(axis, a)}–{_clock(axis, b)}" for a, b in one.spans[:12])
        return audience_chart.bar(one.spans, axis, said or visit(request).t("Was not there live"))

    # -- the rules -----------------------------------------------------------------------------------------------

    async def show_rules(self, request: Request) -> Response:
        event = await self.platform.events.get(event_id(request))
        outline = await self.platform.attendance.outline(event.id, fresh=True)
        return await self._rules_page(request, event, outline, FormView(_values(outline.plan)))

    async def _rules_page(
        self, request: Request, event: Event, outline: Outline, form: FormView, status: int = 200
    ) -> Response:
        context = {
            "account": await self.host(request),
            "event": event,
            "tab": "attendance",
            "part": "rules",
            "form": form,
            "agenda": outline.programme.parts,
        }
        return page(request, "host/attendance_rules.html", context, status)

    async def save_rules(self, request: Request) -> Response:
        account = await self.host(request)
        sent = await self.form(request)
        event = await self.platform.events.get(event_id(request))
        outline = await self.platform.attendance.outline(event.id, fresh=True)
        try:
            plan = parse_plan(_plan(sent, outline.plan, outline.programme.parts))
            await self.platform.attendance.change_plan(event.id, plan, account.name)
        except Invalid as error:
            form = FormView(dict(sent.fields))
            form.refuse(error, visit(request))
            _name_fields(form, sent, outline.programme.parts)
            return await self._rules_page(request, event, outline, form, error.status)
        return go(request, f"/events/{event.id}/attendance/rules", Notice.ATTENDANCE_RULES_SAVED)


def _here(event: Event, one: Attended, now: datetime) -> bool:
    return event.state is EventState.LIVE and bool(one.spans) and one.spans[-1][1] > now - _HERE


def _axis(event: Event, now: datetime) -> Axis:
    zone = ZoneInfo(event.timezone)
    start = (event.started_at or event.starts_at).astimezone(zone)
    return Axis(start, max((event.ended_at or now).astimezone(zone), start + timedelta(seconds=1)))


def _clock(axis: Axis, moment: datetime) -> str:
    return f"{moment.astimezone(axis.start.tzinfo):%H:%M}"


def _page(request: Request) -> int:
    text = request.query_params.get("page", "1")
    return int(text) if text.isascii() and text.isdigit() and 0 < int(text[:5]) < 1000 else 1


def _asks(outline: Outline) -> list[tuple[str | None, Rule]]:
    """The rules with the titles of what they are about; None: the whole event."""
    titles: dict[uuid.UUID | None, str | None] = {part.id: part.title for part in outline.programme.parts}
    titles[None] = None
    return [(titles[rule.agenda_item_id], rule) for rule in outline.plan.rules if rule.agenda_item_id in titles]


# -- the form ----------------------------------------------------------------------------------------------------------


def _whole(plan: Plan) -> Rule | None:
    """The rule that the form shows of the whole event. Others, which only the API makes, stay as they are."""
    return next((rule for rule in plan.rules if rule.agenda_item_id is None), None)


def _of(plan: Plan, part: uuid.UUID) -> Rule | None:
    return next((rule for rule in plan.rules if rule.agenda_item_id == part), None)


def _values(plan: Plan) -> dict[str, str]:
    """A plan as the form's fields."""
    values = {name: str(getattr(plan, name)) for name in _NUMBERS}
    values |= {name: "on" for name in ("windows", "pauses_count") if getattr(plan, name)}
    whole = _whole(plan)
    if whole is not None:
        values |= {field: str(value) for field in _WHOLE if (value := getattr(whole, field)) is not None}
        values |= {name: "on" for name in ("enter", "leave") if getattr(whole, name)}
    for rule in plan.rules:
        if rule.agenda_item_id is not None and rule.share is not None:
            values.setdefault(f"share-{rule.agenda_item_id}", str(rule.share))
    return values


def _plan(sent: Sent, before: Plan, parts: tuple[Part, ...]) -> dict[str, Any]:
    """The form's fields as a plan: what the form does not show of it stays."""
    windows = sent.text("windows") == "on"
    shown = _whole(before)
    whole = {
        "id": None if shown is None else shown.id,
        **{field: sent.text(field) or None for field in _WHOLE},
        "enter": windows and sent.text("enter") == "on",
        "leave": windows and sent.text("leave") == "on",
    }
    rules: list[object] = []
    if any(whole[name] for name in ("share", "minutes", "confirmed", "enter", "leave")):
        rules.append(whole)
    taken = {None if shown is None else shown.id}
    for part in parts:
        known, share = _of(before, part.id), sent.text(f"share-{part.id}") or None
        if known is not None:
            taken.add(known.id)
        kept = {} if known is None else known.model_dump(exclude={"share"})
        asked = {**kept, "agenda_item_id": part.id, "share": share}
        if any(asked.get(name) for name in ("share", "minutes", "confirmed", "enter", "leave")):
            rules.append(asked)
    rules += [rule for rule in before.rules if rule.id not in taken and (rule.agenda_item_id in {None, *_ids(parts)})]
    numbers = {name: sent.text(name) for name in _NUMBERS if sent.text(name)}
    return {"windows": windows, "pauses_count": sent.text("pauses_count") == "on", **numbers, "rules": rules}


def _ids(parts: tuple[Part, ...]) -> list[uuid.UUID]:
    return [part.id for part in parts]


def _name_fields(form: FormView, sent: Sent, parts: tuple[Part, ...]) -> None:
    """`rules.1.share` is a place in a plan: in the form it is the field of an item of the agenda."""
    has_whole = any(sent.text(name) for name in (*_WHOLE, "enter", "leave"))
    asked = [part for part in parts if sent.text(f"share-{part.id}")]
    for name in list(form.problems):
        rules, _, rest = name.partition(".")
        if rules != "rules" or not rest:
            continue
        place, _, field = rest.partition(".")
        index = int(place) - has_whole
        text = form.problems.pop(name)
        part = asked[index] if 0 <= index < len(asked) else None
        form.problems[f"share-{part.id}" if part is not None else field or "share"] = text
