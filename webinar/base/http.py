"""The HTTP protocol of every service: uvicorn's own, with bounds on what it leaves without.

httptools keeps a request line and headers of any length, and uvicorn waits for them for ever: one client could fill the
memory, and a few thousand silent ones all file descriptors. What comes beside bodies is bounded here in bytes, and the
whole request in time; how large a body may be is judged by who reads it.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from prometheus_client import Counter
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_HEAD: Final = 64 * 1024  # bytes of request line and headers, and of what chunks and trailers say around a body
PATIENCE_S: Final = 20.0  # until a request has arrived, and for its first byte
SLOWEST_BODY: Final = 4096  # bytes a second, beyond `PATIENCE_S`

REFUSED: Final = Counter("webinar_http_refused_total", "Connections that were ended for their request", ["why"])

_TOO_LARGE: Final = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"  # RFC 6585
)
_LOOK_AGAIN_S: Final = 1.0


class BoundedHttp(HttpToolsProtocol):
    """One connection. `patience_s` is for tests."""

    patience_s = PATIENCE_S

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.inside = False  # a request has begun and has not arrived whole
        self._arrived = 0  # bytes since the last request began
        self._body = 0  # of those, bytes of its body
        self._began = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's
        super().connection_made(transport)
        self._began = self.loop.time()
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self.rest()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._arrived += len(data)
        super().data_received(data)
        if self._arrived - self._body > MOST_HEAD + self._body:
            self._refuse("too large")
        elif not self.inside:
            self.rest()
        elif self._timer is None:
            self._watch()

    def on_message_begin(self) -> None:
        # What of this piece belongs to the request before is not counted: at most one read.
        self.inside, self._arrived, self._body, self._began = True, 0, 0, self.loop.time()
        super().on_message_begin()

    def on_body(self, body: bytes) -> None:
        self._body += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self.inside = False
        super().on_message_complete()

    def rest(self) -> None:
        """Nothing is waited for: between requests the keep-alive time of uvicorn counts."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _watch(self) -> None:
        due = self._began + self.patience_s + self._body / SLOWEST_BODY
        self._timer = self.loop.call_at(due, self._look)

    def _look(self) -> None:
        """Whoever has not sent a whole request by now goes, unless it is we who do not read on."""
        self._timer = None
        if self.flow.read_paused:
            self._timer = self.loop.call_later(_LOOK_AGAIN_S, self._look)
        elif self.loop.time() < self._began + self.patience_s + self._body / SLOWEST_BODY:
            self._watch()
        else:
            self._refuse("too slow")

    def _refuse(self, why: str) -> None:
        self.rest()
        if self.transport.is_closing():
            return
        REFUSED.labels(why).inc()
        if why == "too large" and (self.cycle is None or self.cycle.response_complete):
            self.transport.write(_TOO_LARGE)
            self.transport.close()
        else:
            self.transport.abort()
