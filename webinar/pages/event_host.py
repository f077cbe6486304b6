"""`/events/{id}`: the host's overview. Links to give out, who comes, what is on air, the recording."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ingest.contract import LOW_ROOM_S, LiveStatus, SessionState
from webinar.base.errors import BadRequest, Conflict, Invalid
from webinar.events.model import Event, EventState, ends_itself_at
from webinar.events.plan.model import STEPS, AgendaShift, offered
from webinar.events.receipts import WARNING
from webinar.events.role_model import LinkRole
from webinar.pages import agenda_form
from webinar.pages.audience_texts import ANNOUNCING, DOORS
from webinar.pages.confirm import WORDS, Question, ask
from webinar.pages.forms import FormView
from webinar.pages.notices import Notice
from webinar.pages.render import page
from webinar.pages.room_texts import translated
from webinar.pages.runsheet import BY_HAND, Facts, Phase, run_sheet
from webinar.pages.screen import Screen, event_id, go
from webinar.pages.visit import visit
from webinar.people.model import Account, Role
from webinar.recordings.model import Recording, RecordingState

_SOUND_WITHIN: Final = timedelta(minutes=1)


class OverviewScreen(Screen):
    def routes(self) -> list[BaseRoute]:
        event = "/events/{event_id}"
        return [
            Route(event, self.show),
            Route(event + "/now", self.now),
            Route(event + "/steps/{step}", self.back),
            Route(event + "/steps/{step}", self.tick, methods=["POST"]),
            Route(event + "/late", self.overview),
            Route(event + "/late", self.delay, methods=["POST"]),
            Route(event + "/end", self.ask_end),
            Route(event + "/end", self.end, methods=["POST"]),
            Route(event + "/presenter-link", self.ask_presenter_link),
            Route(event + "/presenter-link", self.renew_presenter_link, methods=["POST"]),
            Route(event + "/moderator-link", self.ask_moderator_link),
            Route(event + "/moderator-link", self.renew_moderator_link, methods=["POST"]),
            Route(event + "/stream-key", self.ask_stream_key),
            Route(event + "/stream-key", self.renew_stream_key, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        return await self._overview(request, await self.host(request), FormView())

    async def _overview(self, request: Request, account: Account, late: FormView, status: int = 200) -> Response:
        event = await self.platform.events.get(event_id(request))
        links = self.platform.links
        cohost = account.role is Role.COHOST
        _, key = await self.stage_pass(event, account)
        context: dict[str, Any] = {
            "account": account,
            "cohost": cohost,
            "tab": "overview",
            "event_url": links.event(event),
            # What a co-host is shown goes with their link: speakers and moderators get links of their own.
            "presenter_url": None if cohost else links.studio(event),
            "moderator_url": None if cohost else links.moderate(event),
            "moderators": [one.name for one in await self.platform.moderators.all(event.id)],
            "whip_url": links.whip(event),
            "stream_key": key,
            "words": WORDS,
            **await self._now(event),
        }
        context["phases"] = await self._run_sheet(event, context)
        context |= await self._late(event, late)
        context["boot"] = await self._audience(request, event, account)
        gone = await self.platform.destruction.date(event.id) if event.state is EventState.ENDED else None
        context["destroyed_soon"] = gone if gone is not None and gone - datetime.now(UTC) <= WARNING else None
        return page(request, "host/event.html", context, status)

    async def _late(self, event: Event, late: FormView) -> dict[str, object]:
        """What of the agenda may still be moved, while it is live; `late` is what was chosen and why it was refused."""
        agenda = await self.platform.events.agenda(event.id) if event.state is EventState.LIVE else []
        now = datetime.now(UTC)
        steps = offered(agenda, now)
        refused = late.value("minutes")  # it stands as it was chosen
        return {
            "late": late,
            "to_come": [item for item in agenda if item.id in steps],
            "steps": steps,
            "any_steps": [n for n in STEPS if any(n in some for some in steps.values()) or str(n) == refused],
            "running": {item.id for item in agenda if item.starts_at <= now},
            "overhang": agenda_form.overhang(agenda_form.of_items(agenda, event), event),
        }

    async def overview(self, request: Request) -> Response:
        """Where a form was sent and refused, opened again."""
        await self.host(request)
        return go(request, f"/events/{event_id(request)}")

    async def delay(self, request: Request) -> Response:
        """The rest of the agenda begins later. An item is chosen by its id and the end that was shown, so that a form
        that is sent twice moves it once. What cannot be is said where it was chosen.
        """
        account = await self.host(request)
        sent = await self.form(request)
        item, _, ends_at = sent.text("item").partition(" ")
        chosen = {"item": item, "minutes": sent.text("minutes")}
        try:
            delay = AgendaShift.model_validate({**chosen, "ends_at": ends_at}, strict=False)
        except ValidationError as error:
            raise BadRequest("Choose an item of the agenda and some minutes.") from error
        try:
            await self.platform.plans.delay(event_id(request), delay)
        except (Conflict, Invalid) as error:
            late = FormView(chosen)
            late.refuse(error, visit(request))
            return await self._overview(request, account, late, error.status)
        return go(request, f"/events/{event_id(request)}", Notice.EVENT_CHANGED)

    async def _audience(self, request: Request, event: Event, account: Account) -> dict[str, object] | None:
        """What the menu of the audience needs, while there is an audience to come or here."""
        if event.state not in (EventState.SCHEDULED, EventState.LIVE):
            return None
        token, _ = await self.stage_pass(event, account)
        texts = translated(visit(request).t, DOORS, ANNOUNCING)
        return {"event": {"id": str(event.id)}, "api_base": "/api/v1", "token": token, "texts": texts}

    async def _run_sheet(self, event: Event, context: dict[str, Any]) -> list[Phase]:
        brand = await self.platform.images.brand(event)
        seats, recording = context["seats"], context["recording"]
        came = [one for one in await self.platform.roles.all(event.id) if one.last_used_at is not None]
        facts = Facts(
            event=event,
            agenda=bool(await self.platform.events.agenda(event.id)),
            speakers=bool(await self.platform.events.speakers(event.id)),
            look=brand.own or any((brand.cover, brand.logo, brand.holding)),
            approved=seats.approved,
            pending=seats.pending,
            moderators=bool(context["moderators"]) or any(one.role is LinkRole.MODERATOR for one in came),
            recorded=recording is not None and recording.state is RecordingState.READY,
            ticked=frozenset(await self.platform.plans.ticks(event.id)),
        )
        return run_sheet(facts)

    async def back(self, request: Request) -> Response:
        """Where a form was sent and refused, opened again."""
        await self.host(request)
        return go(request, f"/events/{event_id(request)}#run-sheet")

    async def tick(self, request: Request) -> Response:
        """A step of the run sheet is done, or is not after all."""
        await self.host(request)
        sent = await self.form(request)
        step = request.path_params["step"]
        if step not in BY_HAND:
            raise HTTPException(404)
        await self.platform.plans.tick(event_id(request), step, sent.text("done") == "yes")
        return go(request, f"/events/{event_id(request)}#run-sheet")

    async def now(self, request: Request) -> Response:
        """The parts of the overview that change by themselves, for `js/host/now.js`."""
        await self.host(request)
        event = await self.platform.events.get(event_id(request))
        return page(request, "host/now.html", await self._now(event))

    async def _now(self, event: Event) -> dict[str, object]:
        seats, recordings = await asyncio.gather(
            self.platform.registration.seats(event.id), self.platform.recordings.of_event(event.id)
        )
        recording = recordings[0] if recordings else None
        status = self.platform.stage.heartbeats.fresh(str(event.id))
        return {
            "event": event,
            "now": datetime.now(UTC),
            "seats": seats,
            "status": status,
            "room_min": _room_min(status),
            "ends_itself_at": self._ends_itself_at(event, status),
            "rehearsing": status is not None and status.state is SessionState.REHEARSAL and status.publisher.connected,
            "watching": self.platform.crowd.watching(event.id),
            "viewers": self.platform.crowd.viewers(event.id),
            "waiting": self.platform.crowd.present(event.id)["lobby"],
            "recording": recording,
            "download_url": self._path(recording, self.platform.links.download),
            "audio_url": self._path(recording, self.platform.links.audio),
            "busy": _busy(event, recording),
        }

    def _ends_itself_at(self, event: Event, status: LiveStatus | None) -> datetime | None:
        """When the worker ends it unless somebody does; None before its planned end."""
        quiet, latest = self.platform.settings.end_after
        sending = status is not None and status.publisher.connected
        return (
            None if datetime.now(UTC) < event.ends_at else ends_itself_at(event, latest if sending else quiet, latest)
        )

    def _path(self, recording: Recording | None, link: Callable[[Recording], str | None]) -> str | None:
        """A file's address by the host's session: the signed query is for links that are given away."""
        url = None if recording is None else link(recording)
        return None if url is None else url.partition("?")[0].removeprefix(self.platform.settings.public_url)

    async def ask_end(self, request: Request) -> Response:
        return await self._ask(request, Question.END_EVENT, keeper=False)

    async def end(self, request: Request) -> Response:
        await self.host(request)
        await self.form(request)
        event = await self.platform.course.end(event_id(request))
        return go(request, f"/events/{event.id}", Notice.EVENT_ENDED)

    async def ask_presenter_link(self, request: Request) -> Response:
        return await self._ask(request, Question.RENEW_PRESENTER_LINK)

    async def renew_presenter_link(self, request: Request) -> Response:
        await self.keeper(request)
        await self.form(request)
        event = await self.platform.events.renew_presenter_link(event_id(request))
        return go(request, f"/events/{event.id}", Notice.PRESENTER_LINK_RENEWED)

    async def ask_moderator_link(self, request: Request) -> Response:
        return await self._ask(request, Question.RENEW_MODERATOR_LINK)

    async def renew_moderator_link(self, request: Request) -> Response:
        await self.keeper(request)
        await self.form(request)
        event = await self.platform.moderators.renew(event_id(request))
        return go(request, f"/events/{event.id}", Notice.MODERATOR_LINK_RENEWED)

    async def ask_stream_key(self, request: Request) -> Response:
        return await self._ask(request, Question.RENEW_STREAM_KEY)

    async def renew_stream_key(self, request: Request) -> Response:
        await self.keeper(request)
        await self.form(request)
        event = await self.platform.events.renew_stream_key(event_id(request))
        return go(request, f"/events/{event.id}", Notice.STREAM_KEY_RENEWED)

    async def _ask(self, request: Request, question: Question, *, keeper: bool = True) -> Response:
        account = await (self.keeper(request) if keeper else self.host(request))
        event = await self.platform.events.get(event_id(request))
        return ask(request, account, event, question, back=f"/events/{event.id}")


def _room_min(status: LiveStatus | None) -> int | None:
    """Minutes that the disk has room for, when the host should do something about it."""
    room_s = None if status is None else status.recording_room_s
    return None if room_s is None or room_s > LOW_ROOM_S else int(room_s // 60)


def _busy(event: Event, recording: Recording | None) -> bool:
    """True while the page should look often: on air, or the recording is about to be there."""
    if event.state is EventState.LIVE:
        return True
    if event.state is not EventState.ENDED or recording is None:
        return False
    if recording.state is RecordingState.READY:  # its sound alone follows
        only_just = recording.ready_at is not None and datetime.now(UTC) - recording.ready_at < _SOUND_WITHIN
        return recording.audio_bytes is None and only_just
    return recording.state is RecordingState.RECORDING
