"""People of an event: registered, invited, decided about, found, and forgotten."""

from __future__ import annotations

import uuid
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response

from webinar.api import schemas
from webinar.api.access import HOST
from webinar.api.operation import Call, Operation
from webinar.base.cursor import PATTERN
from webinar.conversation.model import utc
from webinar.own_data import own_data
from webinar.recordings.model import content_disposition, file_name
from webinar.registration.model import Attendee, Consent, NewAttendee, Status
from webinar.registration.people_table import people_csv
from webinar.registration.questions import check_known

_MOST_INVITED: Final = 500  # more does not fit into a body

Search = Annotated[
    str | None, Field(default=None, max_length=100, pattern=r"^[^\x00]*$", description="In names, addresses, answers.")
]


class AttendeeQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    cursor: Annotated[str | None, Field(default=None, pattern=PATTERN, description="`next` of the page before.")]
    limit: Annotated[int, Field(default=50, ge=1, le=200)]
    status: Status | None = None
    search: Search


class TableQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    status: Status | None = None
    search: Search


class AttendeeRegistration(NewAttendee):
    """A person, and what they agreed to on a form of yours."""

    consent: Annotated[str, Field(min_length=1, max_length=5000, pattern=r"^[^\x00]*$")] | None = Field(
        default=None, description="The words that were shown to them; kept with the time."
    )
    marketing: bool = Field(default=False, description="They want to hear of other events. Counts with `consent`.")


class Invitations(BaseModel):
    """People who get a seat without asking for it."""

    model_config = ConfigDict(extra="forbid", strict=True)

    people: Annotated[list[NewAttendee], Field(min_length=1, max_length=_MOST_INVITED)]


class Invited(schemas.Reply):
    added: list[schemas.AttendeeReply] = Field(description="With a seat, or on the waiting list.")
    known: list[schemas.AttendeeReply] = Field(description="Were on the list before and keep their place.")


class Decision(BaseModel):
    """About many at once."""

    model_config = ConfigDict(extra="forbid", strict=True)

    status: Literal["approved", "declined"]
    ids: Annotated[list[uuid.UUID], Field(max_length=1000)] | None = Field(
        default=None, description="Null: all who wait for the host's decision."
    )


class Decided(schemas.Reply):
    changed: list[schemas.AttendeeReply]
    left: int = Field(description="How many could not: they had cancelled, or no seat was left (they wait).")


class LinkWish(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    renew: bool = Field(default=False, description="The link given out before stops working.")


def created(call: Call, attendee: Attendee) -> schemas.AttendeeCreated:
    approved = attendee.status is Status.APPROVED
    return schemas.AttendeeCreated(
        **dict(schemas.attendee_reply(attendee)),
        join_url=call.platform.links.join(attendee) if approved else None,
        viewer_token=call.platform.access.viewer_token(attendee) if approved else None,
    )


async def _check_answers(call: Call, *people: NewAttendee) -> None:
    """Raises `Invalid` for an answer that is none of the options."""
    if any(person.answers for person in people):
        questions = await call.platform.registration_form.questions(call.event_id)
        for person in people:
            check_known(questions, person.answers)


async def create_attendee(call: Call) -> schemas.AttendeeCreated:
    new = call.body(AttendeeRegistration)
    await _check_answers(call, new)
    consent = None if new.consent is None else Consent(new.consent, new.marketing)
    registered = await call.platform.registration.register(
        call.event_id, new, consent=consent, gone=call.request.is_disconnected
    )
    return created(call, registered.attendee)


async def list_attendees(call: Call) -> schemas.AttendeeList:
    query = call.query(AttendeeQuery)
    await call.platform.events.get(call.event_id)
    page = await call.platform.registration.page(
        call.event_id, cursor=query.cursor, limit=query.limit, status=query.status, search=query.search or ""
    )
    return schemas.AttendeeList(items=[schemas.attendee_reply(a) for a in page.items], next=page.next)


async def attendees_table(call: Call) -> Response:
    query = call.query(TableQuery)
    event = await call.platform.events.get(call.event_id)
    people = await call.platform.registration.everyone(event.id, status=query.status, search=query.search or "")
    body = people_csv(people, await call.platform.registration_form.questions(event.id), time=utc)
    named = content_disposition(file_name(event.title, " attendees.csv"))
    return Response(body, media_type="text/csv; charset=utf-8", headers={"Content-Disposition": named})


async def change_attendee(call: Call) -> schemas.AttendeeCreated:
    change = call.body(schemas.AttendeeChange)
    attendee = await call.platform.registration.set_status(
        call.event_id, call.path_id("attendee_id"), Status(change.status)
    )
    return created(call, attendee)


async def cancel_attendee(call: Call) -> None:
    await call.platform.registration.cancel(call.event_id, call.path_id("attendee_id"))


async def decide(call: Call) -> Decided:
    wish = call.body(Decision)
    done = await call.platform.registration.decide_many(call.event_id, Status(wish.status), wish.ids)
    return Decided(changed=[schemas.attendee_reply(a) for a in done.changed], left=done.left)


async def invite(call: Call) -> Invited:
    people = call.body(Invitations).people
    await _check_answers(call, *people)
    done = await call.platform.registration.invite(call.event_id, people)
    return Invited(
        added=[schemas.attendee_reply(a) for a in done.added], known=[schemas.attendee_reply(a) for a in done.known]
    )


async def give_link(call: Call) -> schemas.AttendeeCreated:
    registration, person = call.platform.registration, call.path_id("attendee_id")
    event = await call.platform.events.get(call.event_id)
    if call.body(LinkWish).renew:
        attendee = await registration.renew_link(event.id, person)
    else:
        attendee = await registration.get(event.id, person)
    await call.platform.letters.link(event, attendee)
    return created(call, attendee)


async def attendee_data(call: Call) -> Response:
    attendee = await call.platform.registration.get(call.event_id, call.path_id("attendee_id"))
    return JSONResponse(await own_data(call.platform, attendee))


async def forget_attendee(call: Call) -> None:
    attendee = await call.platform.registration.get(call.event_id, call.path_id("attendee_id"))
    await call.platform.forgetting.forget(attendee)


_PEOPLE: Final = "/events/{event_id}/attendees"
_ONE: Final = f"{_PEOPLE}/{{attendee_id}}"
ATTENDEES: Final = (
    Operation(
        name="createAttendee",
        method="POST",
        path=_PEOPLE,
        summary="Register a person; the same address again gives the same person",
        tag="attendees",
        callers=HOST,
        handler=create_attendee,
        status=201,
        body=AttendeeRegistration,
        reply=schemas.AttendeeCreated,
        errors={409: "Registration is closed, or the event is over."},
    ),
    Operation(
        name="listAttendees",
        method="GET",
        path=_PEOPLE,
        summary="People in the order of registration",
        tag="attendees",
        callers=HOST,
        handler=list_attendees,
        query=AttendeeQuery,
        reply=schemas.AttendeeList,
    ),
    Operation(
        name="downloadAttendees",
        method="GET",
        path=f"{_PEOPLE}.csv",
        summary="People and their answers, as a table",
        tag="attendees",
        callers=HOST,
        handler=attendees_table,
        query=TableQuery,
        file="text/csv",
    ),
    Operation(
        name="decideAttendees",
        method="POST",
        path=f"{_PEOPLE}/decisions",
        summary="Approve or decline many, in the order of registration",
        tag="attendees",
        callers=HOST,
        handler=decide,
        body=Decision,
        reply=Decided,
        errors={409: "The event is over: nobody gets a seat any more."},
    ),
    Operation(
        name="inviteAttendees",
        method="POST",
        path="/events/{event_id}/invitations",
        summary="Add people as the host, all or none; each is sent an invitation",
        tag="attendees",
        callers=HOST,
        handler=invite,
        body=Invitations,
        reply=Invited,
        errors={409: "The event is over."},
    ),
    Operation(
        name="changeAttendee",
        method="PATCH",
        path=_ONE,
        summary="Approve or decline",
        tag="attendees",
        callers=HOST,
        handler=change_attendee,
        body=schemas.AttendeeChange,
        reply=schemas.AttendeeCreated,
        errors={409: "No seat is left, the person has cancelled, or the event is over."},
    ),
    Operation(
        name="cancelAttendee",
        method="DELETE",
        path=_ONE,
        summary="Cancel; the seat goes to the waiting list",
        tag="attendees",
        callers=HOST,
        handler=cancel_attendee,
        status=204,
    ),
    Operation(
        name="sendLink",
        method="POST",
        path=f"{_ONE}/link",
        summary="Send the personal link by mail once more, or a new one",
        tag="attendees",
        callers=HOST,
        handler=give_link,
        body=LinkWish,
        reply=schemas.AttendeeCreated,
    ),
    Operation(
        name="getAttendeeData",
        method="GET",
        path=f"{_ONE}/data",
        summary="All that is kept of a person, for them to take along",
        tag="attendees",
        callers=HOST,
        handler=attendee_data,
        file="application/json",
        errors={429: "Too often for one person."},
    ),
    Operation(
        name="forgetAttendee",
        method="DELETE",
        path=f"{_ONE}/data",
        summary="Delete all that is kept of a person; their seat is free, their link void",
        tag="attendees",
        callers=HOST,
        handler=forget_attendee,
        status=204,
    ),
)
