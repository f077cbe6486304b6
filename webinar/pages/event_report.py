"""`/events/{id}/report`: what the event was: figures, the audience over time, one row a person, what to take along."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from webinar import report as reports
from webinar.attendance.model import CorrectionKind, Outcome, parse_correction
from webinar.base.errors import Conflict, Invalid
from webinar.events.model import Event
from webinar.pages import audience_chart
from webinar.pages.audience_chart import Axis
from webinar.pages.forms import FormView, Sent
from webinar.pages.notices import Notice
from webinar.pages.paging import paged
from webinar.pages.render import page
from webinar.pages.screen import Screen, attendee_id, event_id, go
from webinar.pages.visit import visit
from webinar.people.model import Account
from webinar.programme import Kind
from webinar.report import Person, Report

_PER_PAGE: Final = 30
_LONGEST_SEARCH: Final = 100

Clock = Callable[[datetime], str]


def _(message: str) -> str:
    return message


OUTCOMES: Final[Mapping[Outcome, str]] = {
    Outcome.PASSED: _("Passed"),
    Outcome.FAILED: _("Not passed"),
    Outcome.OPEN: _("Still open"),
}
KINDS: Final[Mapping[Kind, str]] = {
    Kind.CHAPTER: _("Marked moment"),
    Kind.AGENDA: _("Agenda"),
    Kind.QUESTION: _("Question answered"),
    Kind.POLL: _("Poll"),
    Kind.SLIDE: _("Slide"),
    Kind.PAUSE: _("Break"),
}
COLUMNS: Final[Mapping[str, str]] = {
    "name": _("Name"),
    "minutes": _("Minutes live"),
    "first": _("First seen"),
    "result": _("Result"),
}
CORRECTIONS: Final[Mapping[CorrectionKind, str]] = {
    "add": _("Add time"),
    "remove": _("Take time away"),
    "pass": _("Count as passed"),
    "fail": _("Count as not passed"),
}


@dataclass(frozen=True, slots=True)
class Listing:
    """What of the people is shown: by the address' query."""

    order: str
    down: bool
    search: str

    @classmethod
    def of(cls, request: Request) -> Listing:
        query = request.query_params
        order = query.get("order", "name")
        return cls(
            order if order in COLUMNS else "name",
            query.get("down") == "1",
            query.get("find", "")[:_LONGEST_SEARCH],
        )

    def address(self, **changes: object) -> str:
        """The query of the same list with something else; its first page unless one is named."""
        fields: dict[str, object] = {
            "order": self.order,
            "down": "1" if self.down else "",
            "find": self.search,
        }
        fields |= changes
        return "?" + urlencode({name: value for name, value in fields.items() if value not in ("", 1)}) + "#people"

    def sorted_by(self, column: str) -> str:
        """A second click turns the order round."""
        down = not self.down if column == self.order else column == "minutes"
        return self.address(order=column, down="1" if down else "")


class ReportScreen(Screen):
    def routes(self) -> list[BaseRoute]:
        report = "/events/{event_id}/report"
        one = report + "/people/{attendee_id}"
        return [
            Route(report, self.show),
            Route(one, self.show_person),
            Route(one, self.correct, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        account = await self.host(request)
        event = await self.platform.events.get(event_id(request))
        now = datetime.now(UTC)
        context: dict[str, object] = {"account": account, "event": event, "tab": "report", "part": "report"}
        if event.started_at is None:
            return page(request, "host/report_before.html", context)
        made = await reports.make(self.platform, event, now)
        listing = Listing.of(request)
        people = reports.ordered(reports.found(made.people, listing.search), listing.order, down=listing.down)
        shown = paged(request, people, _PER_PAGE)
        axis = _axis(event, now)
        context |= {
            "report": made,
            "chart": self._chart(request, event, made, axis),
            "steps": _table(made),
            "kinds": KINDS,
            "days": self._days(request, made),
            "clock": _clock(event),
            "listing": listing,
            "columns": COLUMNS,
            "found": len(people),
            "rows": [(person, self._bar(request, person, axis)) for person in shown.items],
            "shown": shown,
            "outcomes": OUTCOMES,
            "letters_on": self.platform.letters.on,
            "open_until": reports.open_until(event, now),
        }
        return page(request, "host/report.html", context)

    def _chart(self, request: Request, event: Event, made: Report, axis: Axis) -> object:
        t = visit(request).t
        label = t("People watching over time: %(peak)s at the highest.", peak=made.peak)
        return audience_chart.chart(made.audience, made.happenings, axis, _clock(event), label)

    def _bar(self, request: Request, person: Person, axis: Axis) -> object:
        spans = person.attended.spans
        zone = axis.start.tzinfo
        said = ", ".join(f"{a.astimezone(zone):%H:%M}–{b.astimezone(zone):%H:%M}" for a, b in spans[:12])
        return audience_chart.bar(spans, axis, said or visit(request).t("Was not there live"))

    def _days(self, request: Request, made: Report) -> object:
        named = [(f"{day:%m-%d}", count) for day, count in made.days]
        return audience_chart.days(named, visit(request).t("Registrations per day"))

    # -- one person ----------------------------------------------------------------------------------------------

    async def show_person(self, request: Request) -> Response:
        account = await self.host(request)
        event = await self.platform.events.get(event_id(request))
        return await self._person_page(request, account, event, FormView({"kind": "add"}))

    async def _person_page(
        self, request: Request, account: Account, event: Event, form: FormView, status: int = 200
    ) -> Response:
        who = attendee_id(request)
        attendee = await self.platform.registration.get(event.id, who)
        (attended,) = await self.platform.attendance.people(event.id, [who])
        now = datetime.now(UTC)
        plan = await self.platform.attendance.plan(event.id)
        titles = {item.id: item.title for item in await self.platform.events.agenda(event.id)}
        axis = _axis(event, now)
        person = Person(attendee, attended)
        if not form.value("started"):
            form.values |= {"started": f"{axis.start:%Y-%m-%dT%H:%M:%S}", "ended": f"{axis.end:%Y-%m-%dT%H:%M:%S}"}
        context = {
            "account": account,
            "event": event,
            "tab": "report",
            "part": "report",
            "person": person,
            "bar": self._bar(request, person, axis),
            "axis": axis,
            "outcomes": OUTCOMES,
            "rules": {rule.id: titles.get(rule.agenda_item_id or event.id, "") for rule in plan.rules},
            "corrections": CORRECTIONS,
            "form": form,
            "clock": _clock_s(event),
        }
        return page(request, "host/report_person.html", context, status)

    async def correct(self, request: Request) -> Response:
        account = await self.host(request)
        sent = await self.form(request)
        event = await self.platform.events.get(event_id(request))
        who = attendee_id(request)
        try:
            wanted = parse_correction(_correction(sent, event))
            await self.platform.attendance.correct(event.id, who, wanted, account.name)
        except (Invalid, Conflict) as error:
            names = ("kind", "started", "ended", "rule", "reason")
            form = FormView({name: sent.text(name) for name in names})
            form.refuse(error, visit(request))
            for field, name in (("started_at", "started"), ("ended_at", "ended"), ("rule_id", "rule")):
                if field in form.problems:
                    form.problems[name] = form.problems.pop(field)
            return await self._person_page(request, account, event, form, error.status)
        return go(request, f"/events/{event.id}/report/people/{who}", Notice.ATTENDANCE_CORRECTED)


def _axis(event: Event, now: datetime) -> Axis:
    zone = ZoneInfo(event.timezone)
    start = (event.started_at or now).astimezone(zone)
    return Axis(start, max((event.ended_at or now).astimezone(zone), start + timedelta(seconds=1)))


def _clock(event: Event) -> Clock:
    """Moments on the axis of a drawing."""
    zone = ZoneInfo(event.timezone)
    return lambda moment: f"{moment.astimezone(zone):%H:%M}"


def _clock_s(event: Event) -> Clock:
    """Moments of a span, to the second."""
    zone = ZoneInfo(event.timezone)
    return lambda moment: f"{moment.astimezone(zone):%H:%M:%S}"


def _table(made: Report) -> list[tuple[datetime, int]]:
    """The drawing as rows: where the number changes, and at most as many as can be read."""
    changes = [step for n, step in enumerate(made.audience) if n == 0 or step[1] != made.audience[n - 1][1]]
    every = -(-len(changes) // 60) or 1
    return changes[::every]


def _correction(sent: Sent, event: Event) -> dict[str, object]:
    """The fields as the model takes them: local times with their zone."""
    fields: dict[str, object] = {"kind": sent.text("kind"), "reason": sent.text("reason")}
    if fields["kind"] in ("add", "remove"):
        fields["started_at"] = _moment(sent.text("started"), event.timezone)
        fields["ended_at"] = _moment(sent.text("ended"), event.timezone)
    elif sent.text("rule"):
        fields["rule_id"] = sent.text("rule")
    return fields


def _moment(text: str, zone: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))
    except ValueError:
        return None
