"""Attendance for others: tables, the signed bundle, certificates."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from typing import IO, Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response, StreamingResponse

from webinar.api.access import Caller
from webinar.api.operation import Call, Operation
from webinar.api.schemas import Reply, Time
from webinar.base import cursor as cursors
from webinar.base.errors import NotFound
from webinar.credits.certificate import Certificate, State, TermsChange
from webinar.recordings.model import content_disposition, file_name

HOST: Final = frozenset({Caller.HOST})
_PIECE: Final = 256 * 1024

CSV: Final = "text/csv"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
JSON: Final = "application/json"
ZIP: Final = "application/zip"
PDF: Final = "application/pdf"


class TableQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    language: Literal["ko", "en"] | None = Field(
        default=None, description="Headings and results in this language and times in the event's zone."
    )


class CertificateQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    cursor: Annotated[
        str | None, Field(default=None, pattern=r"^[0-9]{1,9}$", description="`next` of the page before.")
    ]
    limit: Annotated[int, Field(default=50, ge=1, le=200)]


class TermsReply(Reply):
    """What certificates of the event say; empty texts are left out."""

    offered: bool
    heading: str
    issuer: str
    signer: str
    credits: str
    prefix: str


class CertificateReply(Reply):
    """Of each number the last edition. `attendee_id` and `name` are null once the person's data are deleted."""

    id: uuid.UUID
    number: str
    edition: int
    attendee_id: uuid.UUID | None
    name: str | None
    state: Literal["valid", "replaced", "revoked"]
    minutes_live: int
    minutes_replay: int
    credits: str
    issued_at: Time
    revoked_at: Time | None
    revoked_reason: str | None
    key: str = Field(description="Id of the key that signed it; see /.well-known/webinar-keys.json.")
    verify_url: str


class CertificateList(Reply):
    items: list[CertificateReply]
    next: str | None = Field(description="Cursor of the next page, null at the end.")


class Issue(BaseModel):
    """Whom to issue certificates to."""

    model_config = ConfigDict(extra="forbid", strict=True)

    attendee_ids: Annotated[list[uuid.UUID], Field(min_length=1, max_length=1000, strict=False)] | None = Field(
        default=None, description="Null: everybody who meets the rule."
    )
    again: bool = Field(
        default=False, description="Also in place of those that say something else by now, or were revoked."
    )


class IssuedReply(Reply):
    issued: int
    replaced: int
    kept: int = Field(description="Had one that stays as it is.")


class Revocation(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    reason: Annotated[str, Field(min_length=1, max_length=500, description="Shown to who checks it.")]


class ReceiptQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    cursor: Annotated[
        str | None, Field(default=None, pattern=cursors.PATTERN, description="`next` of the page before.")
    ]
    limit: Annotated[int, Field(default=50, ge=1, le=200)]


class ReceiptReply(Reply):
    """An event that was destroyed with all that it knew of people."""

    event_id: uuid.UUID
    title: str
    timezone: str = Field(description="Of the event; the times here are UTC.")
    ended_at: Time | None
    destroyed_at: Time
    why: Literal["date", "host"]
    counts: dict[str, int] = Field(description="How many people, messages, recordings, … there were.")
    log_head: str | None = Field(description="Hash of the last entry of its attendance log.")


class ReceiptList(Reply):
    items: list[ReceiptReply]
    next: str | None = Field(description="Cursor of the next page, null at the end.")


def certificate_reply(call: Call, made: Certificate) -> CertificateReply:
    return CertificateReply(
        id=made.id,
        number=made.number,
        edition=made.edition,
        attendee_id=made.attendee_id,
        name=made.name,
        state=made.state.value,
        minutes_live=made.said["minutes"]["live"],
        minutes_replay=made.said["minutes"]["replay"],
        credits=made.said["credits"],
        issued_at=made.issued_at,
        revoked_at=made.revoked_at,
        revoked_reason=made.revoked_reason,
        key=made.key_id,
        verify_url=call.platform.links.verify(made.id),
    )


def named(title: str, ending: str) -> dict[str, str]:
    """The header that names a download by the event (RFC 6266)."""
    return {"Content-Disposition": content_disposition(file_name(title, ending)), "Cache-Control": "no-store"}


def streamed(file: IO[bytes], media_type: str, headers: dict[str, str]) -> Response:
    """A temporary file from where it stands, closed when it was sent, or when nobody listens any more."""
    return StreamingResponse(_pieces(file), headers=headers, media_type=media_type)


async def _pieces(file: IO[bytes]) -> AsyncIterator[bytes]:
    with file:
        while piece := await asyncio.to_thread(file.read, _PIECE):
            yield piece


async def csv(call: Call) -> Response:
    event = await call.platform.events.get(call.event_id)
    pieces = call.platform.records.csv(event, call.query(TableQuery).language)
    return StreamingResponse(pieces, headers=named(event.title, " attendance.csv"), media_type=f"{CSV}; charset=utf-8")


async def xlsx(call: Call) -> Response:
    event = await call.platform.events.get(call.event_id)
    file = await call.platform.records.xlsx(event, call.query(TableQuery).language or event.language)
    return streamed(file, XLSX, named(event.title, " attendance.xlsx"))


async def json(call: Call) -> Response:
    event = await call.platform.events.get(call.event_id)
    pieces = call.platform.records.json(event)
    return StreamingResponse(pieces, headers=named(event.title, " attendance.json"), media_type=JSON)


async def bundle(call: Call) -> Response:
    event = await call.platform.events.get(call.event_id)
    return streamed(await call.platform.records.bundle(event), ZIP, named(event.title, " attendance.zip"))


async def get_terms(call: Call) -> TermsReply:
    await call.platform.events.get(call.event_id)
    return TermsReply.model_validate(await call.platform.credits.terms(call.event_id), from_attributes=True)


async def change_terms(call: Call) -> TermsReply:
    await call.platform.events.get(call.event_id)
    event = await call.platform.events.get(call.event_id)
    terms = await call.platform.records.certificates.change_terms(event, call.body(TermsChange))
    return TermsReply.model_validate(terms, from_attributes=True)


async def certificates(call: Call) -> CertificateList:
    query = call.query(CertificateQuery)
    await call.platform.events.get(call.event_id)
    after = 0 if query.cursor is None else int(query.cursor)
    left = [c for c in await call.platform.credits.certificates(call.event_id) if c.serial > after]
    items = left[: query.limit]
    following = str(items[-1].serial) if len(left) > len(items) else None
    return CertificateList(items=[certificate_reply(call, c) for c in items], next=following)


async def issue(call: Call) -> IssuedReply:
    event = await call.platform.events.get(call.event_id)
    wish = call.body(Issue)
    done = await call.platform.records.certificates.issue(event, wish.attendee_ids, again=wish.again)
    return IssuedReply(issued=len(done.new), replaced=len(done.again), kept=done.kept)


async def archive(call: Call) -> Response:
    event = await call.platform.events.get(call.event_id)
    return streamed(
        await call.platform.records.certificates.archive(event), ZIP, named(event.title, " certificates.zip")
    )


async def page(call: Call) -> Response:
    event = await call.platform.events.get(call.event_id)
    found = await call.platform.credits.get(event.id, call.path_id("certificate_id"))
    if found.state is not State.VALID:
        raise NotFound("There is no valid certificate with this id.", code="certificate_not_found")
    headers = named(event.title, f" {found.number.replace('/', '_')}.pdf")
    return Response(await call.platform.records.certificates.pdf(event, found), headers=headers, media_type=PDF)


async def revoke(call: Call) -> CertificateReply:
    reason = call.body(Revocation).reason
    return certificate_reply(
        call, await call.platform.credits.revoke(call.event_id, call.path_id("certificate_id"), reason)
    )


async def receipts(call: Call) -> ReceiptList:
    query = call.query(ReceiptQuery)
    after = None if query.cursor is None else cursors.read(query.cursor)
    found = await call.platform.destruction.receipts(None, after, query.limit + 1)
    items = [ReceiptReply.model_validate(one, from_attributes=True) for one in found[: query.limit]]
    following = cursors.write(items[-1].destroyed_at, items[-1].event_id) if len(found) > len(items) else None
    return ReceiptList(items=items, next=following)


_EVENT: Final = "/events/{event_id}"
_CERTIFICATES: Final = f"{_EVENT}/certificates"
_ONE: Final = f"{_CERTIFICATES}/{{certificate_id}}"
RECORDS: Final = (
    Operation(
        name="downloadAttendanceCsv",
        method="GET",
        path=f"{_EVENT}/attendance.csv",
        summary="Attendance as a table, one row a person",
        tag="attendance",
        callers=HOST,
        handler=csv,
        query=TableQuery,
        file=CSV,
    ),
    Operation(
        name="downloadAttendanceXlsx",
        method="GET",
        path=f"{_EVENT}/attendance.xlsx",
        summary="Attendance as a workbook, with a sheet of intervals; in the event's language unless said otherwise",
        tag="attendance",
        callers=HOST,
        handler=xlsx,
        query=TableQuery,
        file=XLSX,
    ),
    Operation(
        name="downloadAttendanceJson",
        method="GET",
        path=f"{_EVENT}/attendance.json",
        summary="Attendance as data, whole, with answers, intervals, rules and corrections",
        tag="attendance",
        callers=HOST,
        handler=json,
        file=JSON,
    ),
    Operation(
        name="downloadAttendanceBundle",
        method="GET",
        path=f"{_EVENT}/attendance.bundle",
        summary="The signed bundle (.zip) that `webinar verify` checks offline",
        tag="attendance",
        callers=HOST,
        handler=bundle,
        file=ZIP,
    ),
    Operation(
        name="getCertificateTerms",
        method="GET",
        path=f"{_CERTIFICATES}/terms",
        summary="What certificates of the event say",
        tag="certificates",
        callers=HOST,
        handler=get_terms,
        reply=TermsReply,
    ),
    Operation(
        name="changeCertificateTerms",
        method="PATCH",
        path=f"{_CERTIFICATES}/terms",
        summary="Change what certificates say that are issued from now on",
        tag="certificates",
        callers=HOST,
        handler=change_terms,
        body=TermsChange,
        reply=TermsReply,
    ),
    Operation(
        name="listCertificates",
        method="GET",
        path=_CERTIFICATES,
        summary="Certificates in the order of their numbers",
        tag="certificates",
        callers=HOST,
        handler=certificates,
        query=CertificateQuery,
        reply=CertificateList,
    ),
    Operation(
        name="issueCertificates",
        method="POST",
        path=_CERTIFICATES,
        summary="Issue certificates; who has a valid one keeps it",
        tag="certificates",
        callers=HOST,
        handler=issue,
        body=Issue,
        reply=IssuedReply,
        errors={409: "The event is not over, or one of these people does not meet the rule."},
    ),
    Operation(
        name="downloadCertificates",
        method="GET",
        path=f"{_EVENT}/certificates.zip",
        summary="All valid certificates, a PDF each",
        tag="certificates",
        callers=HOST,
        handler=archive,
        file=ZIP,
    ),
    Operation(
        name="downloadCertificate",
        method="GET",
        path=f"{_ONE}.pdf",
        summary="One valid certificate",
        tag="certificates",
        callers=HOST,
        handler=page,
        file=PDF,
    ),
    Operation(
        name="revokeCertificate",
        method="POST",
        path=f"{_ONE}/revoke",
        summary="Make a certificate void, with a reason that who checks it reads",
        tag="certificates",
        callers=HOST,
        handler=revoke,
        body=Revocation,
        reply=CertificateReply,
    ),
    Operation(
        name="listReceipts",
        method="GET",
        path="/receipts",
        summary="Events that were destroyed, newest first",
        tag="events",
        callers=HOST,
        handler=receipts,
        query=ReceiptQuery,
        reply=ReceiptList,
    ),
)
