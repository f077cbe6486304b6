"""One operation of the API: what it takes, gives and refuses, and the steps every request goes through."""

from __future__ import annotations

import re
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from webinar.api.access import Caller, Principal
from webinar.base.errors import (
    BadRequest,
    FieldProblem,
    Forbidden,
    Invalid,
    NotFound,
    Unauthenticated,
    UnsupportedMedia,
    WebinarError,
)
from webinar.events.fields import invalid
from webinar.registration import model as registration_model

if TYPE_CHECKING:
    from webinar.platform import Platform

BODY_LIMIT: Final = 64 * 1024
HIGHEST: Final = 2**53 - 1  # of a log's numbers: what a JavaScript number holds exactly
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,15}")
M = TypeVar("M", bound=BaseModel)


class TooLarge(WebinarError):
    status = 413
    code = "too_large"


@dataclass(slots=True)
class Call:
    """One request on its way to a handler."""

    platform: Platform
    request: Request
    principal: Principal
    body_model: BaseModel | None = None
    query_model: BaseModel | None = None

    def path_id(self, name: str) -> uuid.UUID:
        """An id of the path. Raises `NotFound`: an id of another form cannot exist."""
        text = str(self.request.path_params[name])
        try:
            found = uuid.UUID(text)
        except ValueError as error:
            raise NotFound("There is nothing with this id.", code="not_found") from error
        if str(found) != text.lower():
            raise NotFound("There is nothing with this id.", code="not_found")
        return found

    def path_number(self, name: str) -> int:
        """A number of the chat's log in the path. Raises `NotFound`: one of another form cannot exist."""
        text = str(self.request.path_params[name])
        if not _NUMBER.fullmatch(text) or int(text) > HIGHEST:
            raise NotFound("There is nothing with this number.", code="not_found")
        return int(text)

    @property
    def event_id(self) -> uuid.UUID:
        return self.path_id("event_id")

    def body(self, model: type[M]) -> M:
        """The validated body."""
        if not isinstance(self.body_model, model):
            raise TypeError(f"the operation has no body {model.__name__}")
        return self.body_model

    def query(self, model: type[M]) -> M:
        """The validated query."""
        if not isinstance(self.query_model, model):
            raise TypeError(f"the operation has no query {model.__name__}")
        return self.query_model


Handler = Callable[[Call], Awaitable[BaseModel | Response | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """A row of the API's table. `errors` are the statuses of its own; those of every operation are added."""

    name: str
    method: str
    path: str  # below /api/v1
    summary: str
    tag: str
    callers: frozenset[Caller]
    handler: Handler
    status: int = 200
    reply: type[BaseModel] | None = None
    file: str = ""  # media type of what is given in place of JSON
    body: type[BaseModel] | None = None
    takes: tuple[str, ...] = ()  # media types of a file in place of a JSON body; the handler reads it
    query: type[BaseModel] | None = None
    errors: Mapping[int, str] = field(default_factory=dict)

    @property
    def all_errors(self) -> dict[int, str]:
        found = {
            401: "No valid credential.",
            403: "The credential is not for this.",
            503: "Try again: see Retry-After.",
        }
        if "{" in self.path:
            found[404] = "Unknown id."
        if self.body is not None:
            found |= {400: "Not JSON.", 413: "More than 64 KB.", 415: "Not application/json."}
        if self.takes:
            found |= {400: "Not whole.", 413: "Too large.", 415: "Of another type."}
        if self.body is not None or self.query is not None or self.takes:
            found[422] = "Some fields cannot be taken; `errors` says which."
        return dict(sorted((found | dict(self.errors)).items()))

    async def run(self, platform: Platform, request: Request) -> Response:
        """Checks who calls, what they sent, and answers. Raises what `problems.answer` maps."""
        principal = await platform.access.principal(request.headers.get("authorization"))
        if principal.caller not in self.callers:
            raise Forbidden("This token is not for this call.", code="wrong_token")
        call = Call(platform, request, principal)
        if "{event_id}" in self.path:
            await _check_event(call)
        if self.query is not None:
            call.query_model = _validated(self.query, dict(request.query_params), strings=True)
        if self.body is not None:
            call.body_model = _validated(self.body, await read_json(request), strings=False)
        reply = await self.handler(call)
        headers = {"Cache-Control": "no-store"}
        if isinstance(reply, Response):
            reply.headers.update(headers)
            return reply
        if reply is None:
            return Response(status_code=self.status, headers=headers)
        return Response(reply.model_dump_json(), self.status, headers, "application/json")


async def _check_event(call: Call) -> None:
    """A bound token opens its own event only; a presenter's or moderator's is void once their link was renewed."""
    principal = call.principal
    if principal.event_id is None:
        return
    if principal.event_id != call.event_id:
        raise Forbidden("This token is for another event.", code="wrong_event")
    if principal.link is not None or principal.account is not None:
        await check_staff(call.platform, principal, call.event_id)
    elif principal.role in ("presenter", "moderator"):
        event = (await call.platform.stage.scene(call.event_id)).event
        now = event.presenter_link_version if principal.role == "presenter" else event.moderator_link_version
        if principal.version != now:
            raise Unauthenticated("This link was replaced by a new one. Ask the host for it.", code="link_revoked")


async def check_staff(platform: Platform, principal: Principal, event_id: uuid.UUID) -> None:
    """What a link by role opened is void with it, what a host's page opened when they host the event no longer.

    Raises `Unauthenticated`.
    """
    if principal.link is not None:
        if await platform.roles.holds(principal.link) is None:
            raise Unauthenticated("This link was revoked. Ask the host for another one.", code="link_revoked")
    elif principal.account is not None and not await platform.staff.hosts(event_id, principal.account):
        raise Unauthenticated("You do not host this event any more.", code="not_host")


async def read_json(request: Request) -> bytes:
    """The body, at most 64 KB, of the right type. Raises `UnsupportedMedia`, `TooLarge`."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise UnsupportedMedia("Send the body as application/json.")
    return await read_body(request)


async def read_file(request: Request, kinds: Sequence[str], most: int, larger: str) -> bytes:
    """A file as the body. Raises `UnsupportedMedia`, and `TooLarge` in the words of `larger`."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in kinds:
        raise UnsupportedMedia(f"Send the file as {', '.join(kinds[:-1])} or {kinds[-1]}.")
    return await read_body(request, most, larger)


async def read_body(request: Request, most: int = BODY_LIMIT, larger: str = "The body is larger than 64 KB.") -> bytes:
    """The body; raises `TooLarge` as soon as it is, without reading on."""
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > most:
                raise TooLarge(larger)
    except ClientDisconnect as error:
        raise BadRequest("The body did not arrive whole.") from error
    return bytes(body)


def _validated(model: type[BaseModel], data: bytes | dict[str, str], *, strings: bool) -> BaseModel:
    """Raises `BadRequest` (not JSON) or `Invalid` (fields)."""
    try:
        if isinstance(data, bytes):
            return model.model_validate_json(data, strict=True)
        return model.model_validate_strings(data, strict=not strings)
    except ValidationError as error:
        errors = error.errors(include_url=False, include_context=False)
        if errors and errors[0]["type"] == "json_invalid":
            raise BadRequest("The body is not valid JSON.", code="bad_json") from error
        if issubclass(model, registration_model.NewAttendee):
            raise _attendee_problem(error) from error
        raise invalid(errors) from error


def _attendee_problem(error: ValidationError) -> Invalid:
    """The same in the words of registration. A question's text is no field: all answers are one."""
    problems: dict[str, FieldProblem] = {}
    for found in invalid(error.errors(include_url=False, include_context=False)).fields:
        name = found.field.partition(".")[0]
        text = found.message if found.message in _PLAIN else registration_model.WORDS.get(name, found.message)
        problems.setdefault(name, FieldProblem(name, text))
    return Invalid("Some fields need another look.", fields=list(problems.values()))


_PLAIN: Final = ("There is no such field.", "This field is needed.")
