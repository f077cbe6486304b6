"""`/`: the host's events, or for who is not signed in a calm way in."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from webinar.events.model import Event, EventState, Registration
from webinar.pages.render import page
from webinar.pages.screen import Screen
from webinar.people.model import Role
from webinar.recordings.model import RecordingState
from webinar.registration.model import Seats

_PER_PAGE: Final = 50
# Of each state on the page that shows them all.
_AT_FIRST: Final = {EventState.LIVE: 20, EventState.SCHEDULED: 20, EventState.DRAFT: 6, EventState.ENDED: 6}
_SOON: Final = timedelta(days=2)
_MOST_SEARCH: Final = 100


def _(message: str) -> str:
    return message


@dataclass(frozen=True, slots=True)
class Next:
    """The one thing to do next; `count` stands in its text as %(n)s. `path` is below the event's own."""

    text: str
    path: str
    count: int = 0
    urgent: bool = False


def next_step(event: Event, seats: Seats, recording: RecordingState | None, watching: int, now: datetime) -> Next:
    """What a host would ask for first on seeing the event in the list."""
    if event.state is EventState.DRAFT:
        return Next(_("Finish and publish"), "")
    if event.state is EventState.LIVE:
        return Next(_("%(n)s watching"), "", watching)
    if event.state is EventState.ENDED:
        if recording is RecordingState.READY:
            return Next(_("Recording ready"), "")
        return (
            Next(_("Recording on its way"), "")
            if recording is RecordingState.RECORDING
            else Next(_("Report"), "/report")
        )
    if event.ends_at < now:
        return Next(_("Was not held"), "/settings")
    if seats.pending:
        return Next(_("%(n)s to approve"), "/people?status=pending", seats.pending, urgent=True)
    if event.starts_at < now:
        return Next(_("Go live"), "/studio", urgent=True)
    if event.starts_at - now < _SOON:
        return Next(_("Rehearse"), "/studio")
    if not seats.approved:
        return Next(_("Invite people") if event.registration is not Registration.CLOSED else _("Add guests"), "/people")
    return Next(_("%(n)s registered"), "/people", seats.approved)


@dataclass(frozen=True, slots=True)
class Shown:
    """An event in the list; of a series its place among how many dates."""

    event: Event
    seats: Seats
    next: Next
    place: int = 0
    dates: int = 0


class HomeScreen(Screen):
    def routes(self) -> list[BaseRoute]:
        return [Route("/", self.show)]

    async def show(self, request: Request) -> Response:
        account = await self.account(request)
        if account is None:
            has_owner = await self.platform.people.owner() is not None
            return page(request, "account/landing.html", {"has_owner": has_owner})
        search = " ".join(request.query_params.get("q", "").split())[:_MOST_SEARCH]
        made_by = None if account.role is Role.OWNER else account.id
        counts = await self.platform.shelf.counts(search=search, made_by=made_by)
        only = _state(request.query_params.get("show", ""))
        lists: dict[EventState, Sequence[Event]] = {}
        following: str | None = None
        for state, most in _AT_FIRST.items():
            if only not in (None, state) or not counts.get(state):
                continue
            found = await self.platform.shelf.listed(
                state,
                search=search,
                made_by=made_by,
                cursor=request.query_params.get("after") if only else None,
                limit=_PER_PAGE if only else most,
            )
            lists[state] = found.items if only or search else next_dates(found.items)
            following = found.next if only else None
        context = {
            "account": account,
            "shown": await self._shown(lists),
            "counts": counts,
            "total": sum(counts.values()),
            "only": only,
            "search": search,
            "next": following,
        }
        return page(request, "host/home.html", context)

    async def _shown(self, lists: Mapping[EventState, Sequence[Event]]) -> dict[str, list[Shown]]:
        """In the order of the page: on air, coming, drafts, past."""
        events = [event for listed in lists.values() for event in listed]
        ids = [event.id for event in events]
        seats = await self.platform.registration.seats_of(ids)
        recordings = await self.platform.recordings.states(ids)
        dates = await self.platform.shelf.dates(list({e.series_id for e in events if e.series_id is not None}))
        now = datetime.now(UTC)

        def one(event: Event) -> Shown:
            # Deleted between the queries: nothing is registered any more.
            has = seats.get(event.id, Seats(event.capacity, 0, 0, 0))
            watching = self.platform.crowd.watching(event.id) if event.state is EventState.LIVE else 0
            series: list[uuid.UUID] = [] if event.series_id is None else dates.get(event.series_id, [])
            place = series.index(event.id) + 1 if event.id in series else 0
            return Shown(event, has, next_step(event, has, recordings.get(event.id), watching, now), place, len(series))

        return {state.value: [one(event) for event in listed] for state, listed in lists.items()}


def next_dates(events: Sequence[Event]) -> list[Event]:
    """Of each series its first event that is on the list: the others are behind “all dates”."""
    seen: set[uuid.UUID] = set()
    found = []
    for event in events:
        if event.series_id is None or event.series_id not in seen:
            found.append(event)
        if event.series_id is not None:
            seen.add(event.series_id)
    return found


def _state(text: str) -> EventState | None:
    return EventState(text) if text in EventState.__members__.values() else None
