"""The HTTP half of a WHIP client (RFC 9725) on the standard library: POST an offer, DELETE the resource."""

from __future__ import annotations

import asyncio
import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urljoin, urlsplit, urlunsplit

from webinar.base.errors import WebinarError

OFFER_TIMEOUT_S: Final = 9.0  # the platform itself waits 8 s for its ingest
DELETE_TIMEOUT_S: Final = 5.0
TAKE_OVER: Final = "X-Webinar-Take-Over"  # asks to replace whoever is on air; other servers pass over it
_MAX_ANSWER: Final = 256 * 1024  # bytes
_MAX_REDIRECTS: Final = 3


class WhipError(WebinarError):
    """Root of what can go wrong between us and a WHIP endpoint."""

    code = "whip"


class WhipRefused(WhipError):
    """The endpoint will not take this stream, however often it is asked: wrong key, unknown or ended event, bad SDP."""

    code = "whip_refused"

    def __init__(self, http_status: int, reason: str) -> None:
        super().__init__(f"the server refused the stream: {reason} (HTTP {http_status})")
        self.http_status = http_status


class WhipBusy(WhipError):
    """409: somebody else is on air and take-over was not asked for."""

    code = "whip_busy"


class WhipUnavailable(WhipError):
    """Not now: no connection, no room, a server error. `retry_after_s` is the server's wish, if it has one."""

    code = "whip_unavailable"


@dataclass(frozen=True, slots=True)
class WhipResource:
    """An accepted stream."""

    url: str  # of the resource, absolute
    answer: str  # SDP
    etag: str  # of the ICE session, empty when the server names none


@dataclass(frozen=True, slots=True)
class _Reply:
    status: int
    headers: http.client.HTTPMessage
    body: bytes
    url: str


class WhipClient:
    """One endpoint and its key. The key goes only to the origin of `url`."""

    def __init__(self, url: str, stream_key: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise WhipRefused(0, f"{url!r} is no address of a WHIP endpoint, write it like http://host:8000/whip/…")
        self.url = url
        self.host = parts.hostname
        self._key = stream_key

    async def offer(self, sdp: str, *, take_over: bool = False) -> WhipResource:
        """Sends the offer. Raises `WhipRefused`, `WhipBusy` or `WhipUnavailable`."""
        headers = {"Content-Type": "application/sdp"}
        if take_over:
            headers[TAKE_OVER] = "1"
        reply = await asyncio.to_thread(self._request, "POST", self.url, headers, sdp.encode(), OFFER_TIMEOUT_S)
        _raise_for(reply)
        location = reply.headers.get("Location")
        if reply.status != 201 or not location:
            raise WhipUnavailable(f"the server answered {reply.status} without the address of the stream")
        return WhipResource(
            url=urljoin(reply.url, location), answer=reply.body.decode("utf-8"), etag=reply.headers.get("ETag", "")
        )

    async def delete(self, resource: WhipResource) -> None:
        """Ends the stream; one that is gone already is fine. Raises `WhipUnavailable` when that cannot be known."""
        reply = await asyncio.to_thread(self._request, "DELETE", resource.url, {}, None, DELETE_TIMEOUT_S)
        if reply.status >= 300 and reply.status not in (404, 410):
            raise WhipUnavailable(f"the server answered {reply.status} to the end of the stream")

    def _request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, timeout_s: float
    ) -> _Reply:
        """One request in this thread, following 307 and 308 (RFC 9725 section 4.5)."""
        for _ in range(_MAX_REDIRECTS + 1):
            try:
                reply = self._once(method, url, headers, body, timeout_s)
            except (OSError, http.client.HTTPException) as error:
                raise WhipUnavailable(
                    f"no answer from {urlsplit(url).netloc}: {error or type(error).__name__}"
                ) from error
            location = reply.headers.get("Location")
            if reply.status not in (307, 308) or not location:
                return reply
            url = urljoin(url, location)
        raise WhipUnavailable("the server redirects in circles")

    def _once(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, timeout_s: float) -> _Reply:
        parts = urlsplit(url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(parts.hostname or "", parts.port, timeout=timeout_s)
        headers = {**headers, "Accept": "application/sdp, application/problem+json", "User-Agent": "webinar-demo"}
        if _origin(url) == _origin(self.url):
            headers["Authorization"] = f"Bearer {self._key}"
        try:
            connection.request(method, urlunsplit(("", "", parts.path or "/", parts.query, "")), body, headers)
            response = connection.getresponse()
            return _Reply(response.status, response.headers, response.read(_MAX_ANSWER), url)
        finally:
            connection.close()


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


def _raise_for(reply: _Reply) -> None:
    if reply.status < 400:
        return
    code, reason = _problem(reply)
    if reply.status == 409 and code not in ("ended", "event_ended"):
        raise WhipBusy(f"somebody else is on air: {reason}")
    if reply.status in (408, 425, 429) or reply.status >= 500:
        after = reply.headers.get("Retry-After", "")
        raise WhipUnavailable(
            f"the server cannot take the stream now: {reason} (HTTP {reply.status})",
            retry_after_s=int(after) if after.isdecimal() else None,
        )
    raise WhipRefused(reply.status, reason)


def _problem(reply: _Reply) -> tuple[str, str]:
    """(code, words) of an RFC 9457 body; the status line's words for any other."""
    words = http.client.responses.get(reply.status, "error")
    try:
        problem = json.loads(reply.body)
    except ValueError:
        return "", words
    if not isinstance(problem, dict):
        return "", words
    return str(problem.get("code", "")), str(problem.get("detail") or problem.get("title") or words)
