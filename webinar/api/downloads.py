"""`/recordings/{id}/{name}.mp4`: the file, by session of the host, bearer token or signed query; `Range` and `HEAD`.

A name that ends in `.m4a` is the sound alone. `/recordings/{id}/cut/{name}.mp4` is the part that a host made of it;
`/recordings/{id}/film/{name}.mp4` is what guests watch where no segments are left to be replayed, and with `?save` what
they may download: what the host left of it, as long as the replay's gate is open.

Conditional and range requests as RFC 9110, sections 13 and 14. Errors are pages for browsers, problems for programs.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from webinar.api.access import Caller
from webinar.api.operation import check_staff
from webinar.api.problems import answer
from webinar.base.errors import Forbidden, NotFound, Unauthenticated, WebinarError
from webinar.people.model import COHOST_COOKIE, SESSION_COOKIE
from webinar.recordings.model import (
    SOUND,
    ByteRange,
    Download,
    Recording,
    Unsatisfiable,
    content_disposition,
    parse_range,
)

if TYPE_CHECKING:
    from webinar.platform import Platform


def routes(platform: Platform) -> list[BaseRoute]:
    async def download(request: Request) -> Response:
        try:
            cut = request.scope["path"].startswith(f"/recordings/{request.path_params['recording_id']}/cut/")
            recording = await _allowed(platform, request, cut=cut)
            if cut:
                file = await platform.editing.download(recording)
            else:
                sound = request.path_params["name"].endswith(SOUND)
                file = await platform.recordings.download(recording, sound=sound)
            return _send(platform, file, request)
        except WebinarError as error:
            return _refused(request, error)

    async def film(request: Request) -> Response:
        try:
            recording_id = _id(request.path_params["recording_id"])
            recording = await platform.recordings.to_watch(recording_id, request.query_params.get("sig", ""))
            save = "save" in request.query_params
            file = await platform.replays.film(recording, save=save)
            return _send(platform, file, request, inline=not save)
        except WebinarError as error:
            return _refused(request, error)

    return [
        Route("/recordings/{recording_id}/{name}", download, methods=["GET", "HEAD"], name="download"),
        Route("/recordings/{recording_id}/cut/{name}", download, methods=["GET", "HEAD"], name="download_cut"),
        Route("/recordings/{recording_id}/film/{name}", film, methods=["GET", "HEAD"], name="film"),
    ]


def _refused(request: Request, error: WebinarError) -> Response:
    """Raises it where a page says it: to a person's browser."""
    if "text/html" in request.headers.get("accept", "") and "authorization" not in request.headers:
        raise error
    return answer(request, error)


async def _allowed(platform: Platform, request: Request, *, cut: bool) -> Recording:
    """The recording, if this caller may have it. Without any credential all ids answer alike."""
    recording_id = _id(request.path_params["recording_id"])
    signature = request.query_params.get("sig")
    if signature is not None:
        recording, given_to_host = await platform.recordings.by_signature(recording_id, signature, cut=cut)
        if not cut and not given_to_host:
            await _refuse_left_out(platform, recording)
        return recording
    if "authorization" in request.headers:
        principal = await platform.access.principal(request.headers["authorization"])
        if principal.caller in (Caller.VIEWER, Caller.MODERATOR):
            raise Forbidden("This token is not for recordings.", code="wrong_token")
        recording = await platform.recordings.get(recording_id)
        if principal.event_id not in (None, recording.event_id):
            raise Forbidden("This token is for another event.", code="wrong_event")
        await check_staff(platform, principal, recording.event_id)
        if not cut and principal.role != "host":
            await _refuse_left_out(platform, recording)
        return recording
    account = await platform.people.session(request.cookies.get(SESSION_COOKIE))
    keys = [value for name, value in request.cookies.items() if name.startswith(COHOST_COOKIE)]
    if account is None and not keys:
        raise Unauthenticated("Sign in to download this recording.", code="token_missing")
    recording = await platform.recordings.get(recording_id)
    if await platform.staff.host_of(recording.event_id, account, keys) is None:
        raise NotFound("There is no such recording.", code="recording_not_found")
    return recording


async def _refuse_left_out(platform: Platform, recording: Recording) -> None:
    """Raises `Forbidden` where the whole recording is no longer for whoever is no host."""
    if await platform.replays.cut(recording) is not None:
        raise Forbidden("The host left out some of this recording. What is left can be downloaded.", code="cut")


def _id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise NotFound("There is no such recording.", code="recording_not_found") from error


def _send(platform: Platform, file: Download, request: Request, *, inline: bool = False) -> Response:
    size, etag = file.bytes, file.etag
    headers = {
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-cache",
        "Content-Disposition": content_disposition(file.name, inline=inline),
        "ETag": etag,
    }
    if _tags(request.headers.get("if-none-match", "")) & {etag, "*"}:
        return Response(status_code=304, headers={k: headers[k] for k in ("ETag", "Cache-Control")})
    try:
        span = _range(request, etag, size)
    except Unsatisfiable:
        return Response(status_code=416, headers={"Content-Range": f"bytes */{size}", "Accept-Ranges": "bytes"})
    status = 200 if span is None else 206
    if span is not None:
        headers["Content-Range"] = f"bytes {span.start}-{span.end - 1}/{size}"
    span = span or ByteRange(0, size)
    headers["Content-Length"] = str(span.end - span.start)
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers, media_type=file.media_type)
    return StreamingResponse(_closing(platform.recordings.read(file, span)), status, headers, file.media_type)


async def _closing(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The pieces; who stops listening stops the reading too."""
    async with contextlib.AsyncExitStack() as stack:
        close = getattr(pieces, "aclose", None)
        if close is not None:
            stack.push_async_callback(close)
        async for piece in pieces:
            yield piece


def _range(request: Request, etag: str, size: int) -> ByteRange | None:
    """The range to send; None for the whole. `If-Range` must be our strong tag, else the whole is sent."""
    header = request.headers.get("range")
    if header is None or request.headers.get("if-range", etag) != etag:
        return None
    return parse_range(header, size)


def _tags(header: str) -> set[str]:
    """Entity tags of `If-None-Match`, compared weakly."""
    return {tag.strip().removeprefix("W/") for tag in header.split(",") if tag.strip()}
