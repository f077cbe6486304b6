"""Certificates of an event: what they say, issued, given out, taken back."""

from __future__ import annotations

import uuid
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from webinar.api.access import HOST
from webinar.api.operation import Call, Operation
from webinar.api.records import PDF, ZIP, named, streamed
from webinar.api.schemas import Reply, Time
from webinar.base.errors import NotFound
from webinar.credits.certificate import Certificate, State, TermsChange


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


async def get_terms(call: Call) -> TermsReply:
    await call.platform.events.get(call.event_id)
    return TermsReply.model_validate(await call.platform.credits.terms(call.event_id), from_attributes=True)


async def change_terms(call: Call) -> TermsReply:
    await call.platform.events.get(call.event_id)
    terms = await call.platform.credits.change_terms(call.event_id, call.body(TermsChange))
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


_CERTIFICATES: Final = "/events/{event_id}/certificates"
_ONE: Final = f"{_CERTIFICATES}/{{certificate_id}}"
CERTIFICATES: Final = (
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
        path=f"{_CERTIFICATES}.zip",
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
)
