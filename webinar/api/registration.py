"""What an event's registration form asks, who is let in, and what is promised about people's data."""

from __future__ import annotations

import uuid
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from webinar.api.access import HOST
from webinar.api.operation import Call, Operation
from webinar.api.schemas import Reply, Time
from webinar.registration.questions import MOST_QUESTIONS, Kind, NewQuestion
from webinar.registration.rules import Others, Rules, RulesChange


class FormQuestionReply(Reply):
    id: uuid.UUID
    text: str = Field(description="Answers are stored under it.")
    kind: Kind
    options: list[str]
    required: bool


class RegistrationReply(Reply):
    domains: list[str] = Field(description="E-mail domains let in at once; empty: everybody alike.")
    others: Others = Field(description="What becomes of other addresses then.")
    has_passcode: bool
    closes_at: Time | None
    marketing: bool = Field(description="People are asked whether they want to hear of other events.")
    keeper: str = Field(description="Who keeps the data, as it is named on the form; empty: the host.")
    retention_days: int
    destroyed_at: Time = Field(
        description="Everything of the event is destroyed then: so many days after its end, and no later than anybody"
        " who registered was told."
    )
    questions: list[FormQuestionReply]


class Questions(BaseModel):
    """The whole form in its order: what is not in it is asked no more. Answers stay with the people."""

    model_config = ConfigDict(extra="forbid", strict=True)

    items: Annotated[list[NewQuestion], Field(max_length=MOST_QUESTIONS)]


async def _reply(call: Call, rules: Rules) -> RegistrationReply:
    questions = await call.platform.registration_form.questions(call.event_id)
    return RegistrationReply(
        domains=list(rules.domains),
        others=rules.others,
        has_passcode=rules.has_passcode,
        closes_at=rules.closes_at,
        marketing=rules.marketing,
        keeper=rules.keeper,
        retention_days=rules.retention_days,
        destroyed_at=rules.destroyed_at,
        questions=[
            FormQuestionReply(id=q.id, text=q.text, kind=q.kind, options=list(q.options), required=q.required)
            for q in questions
        ],
    )


async def get_registration(call: Call) -> RegistrationReply:
    return await _reply(call, await call.platform.registration_form.rules(call.event_id))


async def change_registration(call: Call) -> RegistrationReply:
    return await _reply(call, await call.platform.registration_form.change(call.event_id, call.body(RulesChange)))


async def put_questions(call: Call) -> RegistrationReply:
    await call.platform.registration_form.put_questions(call.event_id, call.body(Questions).items)
    return await get_registration(call)


_PATH: Final = "/events/{event_id}/registration"
REGISTRATION: Final = (
    Operation(
        name="getRegistration",
        method="GET",
        path=_PATH,
        summary="The registration form and its rules",
        tag="registration",
        callers=HOST,
        handler=get_registration,
        reply=RegistrationReply,
    ),
    Operation(
        name="changeRegistration",
        method="PATCH",
        path=_PATH,
        summary="Change the rules; what is absent stays",
        tag="registration",
        callers=HOST,
        handler=change_registration,
        body=RulesChange,
        reply=RegistrationReply,
        errors={409: "People were promised that their data is deleted earlier."},
    ),
    Operation(
        name="putQuestions",
        method="PUT",
        path=f"{_PATH}/questions",
        summary="Ask these questions, in this order",
        tag="registration",
        callers=HOST,
        handler=put_questions,
        body=Questions,
        reply=RegistrationReply,
    ),
)
