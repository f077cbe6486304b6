"""What the API answers with. These classes are the answers' source and their description in the OpenAPI document."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from webinar.registration.model import Attendee, Status

Time = Annotated[datetime, AfterValidator(lambda t: t.astimezone(UTC)), Field(description="RFC 3339, UTC.")]
Language = Literal["ko", "en"]


class Reply(BaseModel):
    """Base of all answers."""

    model_config = ConfigDict(extra="forbid", json_schema_serialization_defaults_required=True)


class AttendeeReply(Reply):
    """A person of an event."""

    id: uuid.UUID
    name: str
    email: str
    answers: dict[str, str]
    status: Status
    language: Language
    registered_at: Time
    first_joined_at: Time | None
    consent_at: Time | None = Field(description="When they agreed on the form; null when somebody added them.")
    marketing_at: Time | None = Field(description="Since when they want to hear of other events.")


class AttendeeCreated(AttendeeReply):
    """The personal link and a token for playback, once the person is approved."""

    join_url: str | None
    viewer_token: str | None = Field(description="Bearer credential of `GET /playback` and WHEP, 12 hours.")


class AttendeeList(Reply):
    items: list[AttendeeReply]
    next: str | None = Field(description="Cursor of the next page, null at the end.")


class AttendeeChange(BaseModel):
    """The host's decision."""

    model_config = ConfigDict(extra="forbid", strict=True)

    status: Literal["approved", "declined", "pending"]


class ChatTicket(Reply):
    url: str = Field(description="WebSocket of the chat service, subprotocol `webinar.chat.v1`.")
    ticket: str = Field(description="Opens one socket within 120 seconds.")


class FieldError(Reply):
    field: str
    message: str


class Problem(Reply):
    """RFC 9457. `code` is stable, `detail` says what to do."""

    type: Literal["about:blank"] = "about:blank"
    title: str
    status: int
    detail: str
    code: str
    errors: list[FieldError] = []


def attendee_reply(attendee: Attendee) -> AttendeeReply:
    return AttendeeReply(
        id=attendee.id,
        name=attendee.name,
        email=attendee.email,
        answers=attendee.answers,
        status=attendee.status,
        language=attendee.language,
        registered_at=attendee.registered_at,
        first_joined_at=attendee.first_joined_at,
        consent_at=attendee.consent_at,
        marketing_at=attendee.marketing_at,
    )
