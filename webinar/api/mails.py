"""Which letters people of an event get, with which words, and what became of each."""

from __future__ import annotations

import uuid
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from webinar.api.access import HOST
from webinar.api.operation import Call, Operation
from webinar.api.schemas import Reply, Time
from webinar.base.cursor import PATTERN
from webinar.base.errors import Conflict, NotFound
from webinar.base.patterns import EMAIL
from webinar.mail.model import Choice, Group, Kind, Language, LetterState, Logged, Plan


class WordsReply(Reply):
    subject: str
    text: str = Field(description="With places in braces; a line that is only {link} becomes a button.")
    own: bool = Field(description="The host's words; else ours.")


class MailReply(Reply):
    kind: Kind
    group: Group
    enabled: bool
    choosable: bool = Field(description="Whether it can be switched off.")
    minutes: int | None = Field(description="Of reminders before the start, of follow-ups after the end.")
    places: list[str] = Field(description="Names that the words may hold in braces.")
    ko: WordsReply
    en: WordsReply
    waiting: int
    sent: int
    failed: int


class MailList(Reply):
    mail_server: bool = Field(description="Whether one is set; without it nothing is written or sent.")
    sender: str
    items: list[MailReply]


class LetterReply(Reply):
    id: uuid.UUID
    kind: Kind
    attendee_id: uuid.UUID | None = Field(description="None of a test.")
    name: str
    email: str
    language: Language
    state: LetterState
    subject: str = Field(description="As sent.")
    answer: str = Field(description="Of the mail server, or why it was not sent.")
    tries: int
    created_at: Time
    done_at: Time | None


class LetterList(Reply):
    items: list[LetterReply]
    next: str | None


class LetterQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    cursor: Annotated[str, Field(pattern=PATTERN)] | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    state: LetterState | None = None
    kind: Kind | None = None


class MailTest(BaseModel):
    """Where an example goes, and in which language."""

    model_config = ConfigDict(extra="forbid", strict=True)

    email: Annotated[str, Field(min_length=3, max_length=254, pattern=EMAIL)]
    language: Language = "ko"


class LetterMade(Reply):
    id: uuid.UUID = Field(description="Of the letter.")


def _kind(call: Call) -> Kind:
    try:
        return Kind(str(call.request.path_params["mail"]))
    except ValueError as error:
        raise NotFound("There is no letter of this kind.", code="mail_not_found") from error


async def _reply(call: Call, plans: list[Plan]) -> list[MailReply]:
    counts = await call.platform.mail.counts(call.event_id)
    return [
        MailReply(
            kind=plan.kind,
            group=plan.sort.group,
            enabled=plan.enabled,
            choosable=plan.sort.choosable,
            minutes=plan.minutes,
            places=list(plan.sort.places),
            ko=_words(call, plan, "ko"),
            en=_words(call, plan, "en"),
            waiting=counts.get((plan.kind, LetterState.WAITING), 0),
            sent=counts.get((plan.kind, LetterState.SENT), 0),
            failed=counts.get((plan.kind, LetterState.FAILED), 0),
        )
        for plan in plans
    ]


def _words(call: Call, plan: Plan, language: Language) -> WordsReply:
    subject, text = call.platform.writer.words(plan, language)
    chosen = plan.choice.words(language)
    return WordsReply(subject=subject, text=text, own=bool(chosen.subject or chosen.text))


async def list_mails(call: Call) -> MailList:
    await call.platform.events.get(call.event_id)
    items = await _reply(call, await call.platform.mail.plans(call.event_id))
    return MailList(mail_server=call.platform.letters.on, sender=call.platform.writer.sender, items=items)


async def change_mail(call: Call) -> MailReply:
    await call.platform.events.get(call.event_id)
    plan = await call.platform.mail.choose(call.event_id, _kind(call), call.body(Choice))
    (reply,) = await _reply(call, [plan])
    return reply


async def list_letters(call: Call) -> LetterList:
    await call.platform.events.get(call.event_id)
    query = call.query(LetterQuery)
    found = await call.platform.mail.page(
        call.event_id, cursor=query.cursor, limit=query.limit, state=query.state, kind=query.kind
    )
    return LetterList(items=[_letter(item) for item in found.items], next=found.next)


def _letter(item: Logged) -> LetterReply:
    letter = item.letter
    return LetterReply(
        id=letter.id,
        kind=letter.kind,
        attendee_id=letter.attendee_id,
        name=item.name,
        email=item.email,
        language=letter.language,
        state=letter.state,
        subject=letter.subject,
        answer=letter.answer,
        tries=letter.tries,
        created_at=letter.created_at,
        done_at=letter.done_at,
    )


async def send_again(call: Call) -> LetterMade:
    await call.platform.events.get(call.event_id)
    letter = await call.platform.mail.again(call.event_id, call.path_id("letter_id"))
    return LetterMade(id=letter.id)


async def send_test(call: Call) -> LetterMade:
    await call.platform.events.get(call.event_id)
    if not call.platform.letters.on:
        raise Conflict("No mail server is set: nothing can be sent.", code="no_mail_server")
    body = call.body(MailTest)
    return LetterMade(
        id=await call.platform.mail.write_test(call.event_id, _kind(call), body.email.lower(), body.language)
    )


_PATH: Final = "/events/{event_id}/mails"
MAILS: Final = (
    Operation(
        name="listMails",
        method="GET",
        path=_PATH,
        summary="Every kind of letter of an event: whether and when it goes out, its words, how many",
        tag="mails",
        callers=HOST,
        handler=list_mails,
        reply=MailList,
    ),
    Operation(
        name="changeMail",
        method="PATCH",
        path=f"{_PATH}/{{mail}}",
        summary="Change one kind; what is absent stays, empty words are ours again",
        tag="mails",
        callers=HOST,
        handler=change_mail,
        body=Choice,
        reply=MailReply,
    ),
    Operation(
        name="sendTestMail",
        method="POST",
        path=f"{_PATH}/{{mail}}/test",
        summary="Send an example",
        tag="mails",
        callers=HOST,
        handler=send_test,
        status=202,
        body=MailTest,
        reply=LetterMade,
        errors={409: "No mail server is set.", 429: "Twenty tests of an event in ten minutes are enough."},
    ),
    Operation(
        name="listLetters",
        method="GET",
        path="/events/{event_id}/letters",
        summary="Letters that were written, newest first, and what became of each",
        tag="mails",
        callers=HOST,
        handler=list_letters,
        query=LetterQuery,
        reply=LetterList,
    ),
    Operation(
        name="sendLetterAgain",
        method="POST",
        path="/events/{event_id}/letters/{letter_id}/again",
        summary="Send a letter once more, as a new one",
        tag="mails",
        callers=HOST,
        handler=send_again,
        status=202,
        reply=LetterMade,
        errors={409: "It is still on its way."},
    ),
)
