"""What is answered over HTTP for LL-HLS: one whole answer, with its headers, counted by its kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from prometheus_client import Counter
from starlette.types import Scope, Send

from webinar.base.errors import Unavailable, WebinarError

PLAYLIST: Final = b"application/vnd.apple.mpegurl"
MP4: Final = b"video/mp4"
# It never changes, but a cache on the way asks again: of an event that is over the host may show nothing, or a part.
KEPT: Final = b"public, max-age=31536000, s-maxage=10, immutable"
NO_STORE: Final = b"no-store"

REQUESTS: Final = Counter("webinar_hls_requests_total", "Requests for LL-HLS", ["kind", "status"])
SENT_BYTES: Final = Counter("webinar_hls_sent_bytes_total", "Bytes of LL-HLS bodies", ["kind"])

_COMMON: Final = [
    (b"access-control-allow-origin", b"*"),
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"cross-origin"),
]

# Of a part, as `send` has them; for `webinar.delivery.express`.
PART_HEADERS: Final = b"".join(
    b"%b: %b\r\n" % header for header in (*_COMMON, (b"content-type", MP4), (b"cache-control", KEPT))
)


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer, whole."""

    kind: str
    status: int
    body: bytes = b""
    type: bytes = b"text/plain; charset=utf-8"
    cache: bytes = NO_STORE
    gzipped: bool = False
    retry_after_s: int | None = None


def error(kind: str, status: int, text: str, *, retry_after_s: int | None = None) -> Reply:
    return Reply(kind, status, text.encode() + b"\n", retry_after_s=retry_after_s)


def refusal(kind: str, why: WebinarError) -> Reply:
    """A refusal of ours as an answer."""
    retry_after_s = why.retry_after_s or 2 if isinstance(why, Unavailable) else None
    return error(kind, why.status, why.message, retry_after_s=retry_after_s)


def accepts_gzip(scope: Scope) -> bool:
    return any(name == b"accept-encoding" and b"gzip" in value for name, value in scope["headers"])


async def send_reply(reply: Reply, method: str, send: Send) -> None:
    REQUESTS.labels(reply.kind, reply.status).inc()
    SENT_BYTES.labels(reply.kind).inc(len(reply.body))
    headers = [
        *_COMMON,
        (b"content-type", reply.type),
        (b"content-length", str(len(reply.body)).encode()),
        (b"cache-control", reply.cache),
    ]
    if reply.type == PLAYLIST:
        headers.append((b"vary", b"accept-encoding"))
    if reply.gzipped:
        headers.append((b"content-encoding", b"gzip"))
    if reply.retry_after_s is not None:
        headers.append((b"retry-after", str(reply.retry_after_s).encode()))
    if reply.status == 405:
        headers.append((b"allow", b"GET, HEAD, OPTIONS"))
    if method == "OPTIONS":
        headers += [(b"access-control-allow-methods", b"GET, HEAD"), (b"access-control-max-age", b"86400")]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else reply.body})
