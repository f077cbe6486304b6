"""WHIP (RFC 9725) and WHEP (draft-ietf-wish-whep) signalling. Media itself goes over UDP.

Any origin may call with a bearer credential (no cookies): a player or a publisher may live on another site.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from webinar.api.access import Principal, bearer
from webinar.api.operation import read_body, read_json
from webinar.base.bus import Json
from webinar.base.errors import (
    BadRequest,
    Conflict,
    Forbidden,
    NotFound,
    Unauthenticated,
    Unavailable,
    UnsupportedMedia,
    WebinarError,
)
from webinar.delivery.whep.errors import NoSeat
from webinar.events.model import Event, EventState

if TYPE_CHECKING:
    from webinar.delivery.whep import WhepServer
    from webinar.platform import Platform

_SDP: Final = "application/sdp"
_FRAGMENT: Final = "application/trickle-ice-sdpfrag"
TAKE_OVER: Final = "x-webinar-take-over"
# A session of one's own that was lost: its place is taken, if nobody else has it by now.
RESUME: Final = "x-webinar-resume"
CORS: Final = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"Location, ETag, Retry-After, Link"),
]


class Choice(BaseModel):
    """The body of a `PATCH` on a WHEP session."""

    model_config = ConfigDict(extra="forbid")
    rendition: str = Field(max_length=64)


class PreconditionRequired(WebinarError):
    status = 428
    code = "precondition_required"


class NotAcceptable(WebinarError):
    status = 406
    code = "not_acceptable"


def whip_routes(platform: Platform) -> list[Route]:
    """The presenter's way in; the credential is the event's stream key."""

    async def publish(request: Request) -> Response:
        if request.method == "OPTIONS":
            return _options("OPTIONS, POST")
        event, person = await _publishing(platform, request)
        if event.state is EventState.ENDED:
            raise Conflict("The event is over: nothing can be sent to it any more.", code="ended")
        take_over = request.headers.get(TAKE_OVER, "").strip().lower() in ("1", "true", "yes")
        offer = await _read_offer(request)
        asked = {"sdp": offer, "take_over": take_over, "resume": request.headers.get(RESUME, "").strip()}
        reply = await platform.events.to_ingest(event.id, "whip", asked, timeout_s=8.0)
        resource = str(reply["resource"])
        if person is not None:
            platform.publishers.began(event.id, resource, person)
        try:
            # Once more: while this was not known to be theirs, a revoked link ended nothing.
            await _publishing(platform, request)
        except WebinarError:
            await platform.publishers.end(event.id, resource)
            raise
        return _created(f"/whip/{event.id}/{resource}", str(reply["sdp"]), str(reply["etag"]))

    async def session(request: Request) -> Response:
        if request.method == "OPTIONS":
            return _options("DELETE, OPTIONS, PATCH", patch=_FRAGMENT)
        event, _ = await _publishing(platform, request)
        if request.method == "PATCH":
            asked = {"resource": _resource(request), "if_match": _if_match(request)}
            asked["fragment"] = await _read_fragment(request)
            return _ice_answer(await platform.events.to_publisher(event.id, "whip_patch", asked))
        await platform.events.to_publisher(event.id, "whip_delete", {"resource": _resource(request)})
        return Response(status_code=200, headers={"Cache-Control": "no-store"})

    return [
        Route("/{event_id}", publish, methods=["POST", "OPTIONS"]),
        Route("/{event_id}/{resource}", session, methods=["DELETE", "OPTIONS", "PATCH"]),
    ]


def whep_routes(platform: Platform) -> list[Route]:
    """A viewer's way out; the credential is their viewer token."""

    async def play(request: Request) -> Response:
        if request.method == "OPTIONS":
            return _options("OPTIONS, POST")
        viewer = await _viewing(platform, request)
        offer = await _read_offer(request)
        if (await platform.stage.scene(_event_id(request))).state != "live":
            raise Conflict("The event is not live just now.", code="not_live", retry_after_s=2)
        whep = _whep(platform)
        try:
            answer = whep.offer(str(viewer.event_id), offer)
        except NoSeat:
            if not platform.watchers.make_room(viewer.person):
                raise
            answer = whep.offer(str(viewer.event_id), offer)
        platform.watchers.began(answer.resource, viewer.person, viewer.visit)
        try:
            # Once more: who lost their seat while their offer was on its way had no session yet that could be ended.
            await _viewing(platform, request)
        except WebinarError:
            platform.watchers.end(answer.resource)
            raise
        return _created(f"/whep/{viewer.event_id}/{answer.resource}", answer.sdp, answer.resource)

    async def session(request: Request) -> Response:
        if request.method == "OPTIONS":
            return _options("DELETE, OPTIONS, PATCH")
        await _viewing(platform, request)
        if request.method == "PATCH":
            _whep(platform).pin(_resource(request), await _read_choice(request))
            return Response(status_code=204, headers={"Cache-Control": "no-store"})
        _whep(platform).delete(_resource(request))
        return Response(status_code=200, headers={"Cache-Control": "no-store"})

    return [
        Route("/{event_id}", play, methods=["POST", "OPTIONS"]),
        Route("/{event_id}/{resource}", session, methods=["DELETE", "OPTIONS", "PATCH"]),
    ]


def _whep(platform: Platform) -> WhepServer:
    if platform.live is None or platform.settings.whep_seats == 0:
        raise Unavailable("WebRTC playback is switched off here: play LL-HLS.", code="no_room", retry_after_s=60)
    return platform.live.whep


async def _publishing(platform: Platform, request: Request) -> tuple[Event, str | None]:
    """(the event whose stream key the request carries, who by a link by role). From memory while PostgreSQL is away."""
    key = bearer(request.headers.get("authorization"))
    event_id = _event_id(request)
    try:
        owner = platform.events.stream_key_owner(key)
    except Unauthenticated as error:
        return await _publishing_by_role(platform, event_id, key, error)
    if owner != event_id:
        raise Forbidden("This stream key is for another event. Copy the address and the key again.", code="wrong_event")
    event = (await platform.stage.scene(event_id)).event
    platform.events.check_stream_key(event, key)
    return event, None


async def _publishing_by_role(
    platform: Platform, event_id: uuid.UUID, key: str, other: Unauthenticated
) -> tuple[Event, str | None]:
    """By the key of a studio that a link by role opened; raises `other` for what is neither."""
    try:
        link = await platform.roles.by_stream_key(key)
    except Unauthenticated as error:
        raise error if error.code == "link_revoked" else other from error
    if link.event_id != event_id:
        raise Forbidden("This stream key is for another event. Copy the address and the key again.", code="wrong_event")
    return (await platform.stage.scene(event_id)).event, link.person


async def _viewing(platform: Platform, request: Request) -> Principal:
    viewer = platform.access.viewer(request.headers.get("authorization"))
    if viewer.event_id != _event_id(request):
        raise Forbidden("This token is for another event.", code="wrong_event")
    await platform.admission.admit(viewer)
    await platform.doorway.check(_event_id(request), uuid.UUID(viewer.person))
    platform.places.check(viewer)
    return viewer


def _event_id(request: Request) -> uuid.UUID:
    try:
        return uuid.UUID(request.path_params["event_id"])
    except ValueError as error:
        raise NotFound("There is no such event. Check the address.", code="event_not_found") from error


def _resource(request: Request) -> str:
    return str(request.path_params["resource"])


async def _read_offer(request: Request) -> str:
    """The SDP of the body. What is in it is judged by who answers it."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _SDP:
        raise UnsupportedMedia("Send the offer as application/sdp.")
    if not _accepts_sdp(request.headers.get("accept", "")):
        raise NotAcceptable("The answer is application/sdp: accept it.")
    try:
        text = (await read_body(request)).decode()
    except UnicodeDecodeError as error:
        raise BadRequest("The body is not SDP: it is not UTF-8.", code="bad_sdp") from error
    if not text.strip():
        raise BadRequest("The body is empty: send an SDP offer.", code="bad_sdp")
    return text


async def _read_choice(request: Request) -> str:
    """The rendition that the player asks for: `{"rendition": "480p"}`."""
    try:
        return Choice.model_validate_json(await read_json(request), strict=True).rendition
    except ValidationError as error:
        text = 'Send {"rendition": "…"}: a name of the ladder, "audio" for no picture, "" for automatic.'
        raise BadRequest(text, code="bad_choice") from error


def _if_match(request: Request) -> str:
    """The entity tag of the ICE session, without quotes, or "*" (RFC 9725, 4.3.1)."""
    value = request.headers.get("if-match", "").strip()
    if not value:
        raise PreconditionRequired("Say which ICE session this is for: If-Match with its ETag, or * to restart it.")
    return value.strip('"')


async def _read_fragment(request: Request) -> str:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FRAGMENT:
        raise UnsupportedMedia(f"Send candidates and ICE restarts as {_FRAGMENT}.")
    try:
        return (await read_body(request)).decode()
    except UnicodeDecodeError as error:
        raise BadRequest("The body is not an SDP fragment: it is not UTF-8.", code="bad_sdp") from error


def _ice_answer(reply: Json) -> Response:
    """204 for candidates, 200 with our side of the new ICE session for a restart (RFC 9725, 4.3.2 and 4.3.3)."""
    if "fragment" not in reply:
        return Response(status_code=204, headers={"Cache-Control": "no-store"})
    headers = {"ETag": f'"{reply["etag"]}"', "Cache-Control": "no-store"}
    return Response(str(reply["fragment"]), 200, headers, media_type=_FRAGMENT)


def _accepts_sdp(accept: str) -> bool:
    kinds = {kind.partition(";")[0].strip().lower() for kind in accept.split(",") if kind.strip()}
    return not kinds or bool(kinds & {_SDP, "application/*", "*/*"})


def _created(location: str, sdp: str, etag: str) -> Response:
    headers = {"Location": location, "ETag": f'"{etag}"', "Cache-Control": "no-store"}
    return Response(sdp, 201, headers, media_type=_SDP)


def _options(methods: str, patch: str = "application/json") -> Response:
    headers = {
        "Allow": methods,
        "Access-Control-Allow-Methods": methods,
        "Access-Control-Allow-Headers": "Authorization, Content-Type, If-Match, X-Webinar-Take-Over",
        "Access-Control-Max-Age": "86400",
    }
    if "POST" in methods:
        headers["Accept-Post"] = _SDP
    if "PATCH" in methods:
        headers["Accept-Patch"] = patch
    return Response(status_code=204, headers=headers)
