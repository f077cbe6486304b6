"""Parts straight from the window to the socket: what every LL-HLS viewer asks for three times a second and track.

A part that is there needs no ASGI cycle, no task and no router, and these are most of its cost. uvicorn lets the HTTP
protocol be chosen, so this one looks at the bytes of a request before it parses them; whatever is not exactly the plain
request for a part that is there is left to uvicorn and the app, which answer the same.
"""

from __future__ import annotations

import re
from typing import Final

from webinar.base.http import BoundedHttp
from webinar.delivery.hls import Sessions
from webinar.delivery.reply import PART_HEADERS, REQUESTS, SENT_BYTES

_PART: Final = re.compile(
    rb"GET /hls/([A-Za-z0-9_-]{16,64})/([a-z0-9]{1,16})/(\d{1,9})\.(\d{1,4})\.m4s HTTP/1\.1\r\n", re.ASCII
)
# With one of these the request is not plain, nor with a line folded or ended by a bare LF, nor with bytes after its
# end. A body above all: what is taken for the next request must not be the body of this one.
_NOT_PLAIN: Final = re.compile(
    rb"\r\n(?:content-length|transfer-encoding|expect|upgrade|range|connection(?![ \t]*:[ \t]*keep-alive\r\n))[ \t]*:"
    rb"|\r\n[ \t]|[^\r]\n|\r\n\r\n.",
    re.IGNORECASE | re.DOTALL,
)


def plain_part(data: bytes) -> tuple[str, str, int, int] | None:
    """(prefix, rendition, msn, part) when the bytes are one whole plain request for a part, else None."""
    match = _PART.match(data)
    if match is None or not data.endswith(b"\r\n\r\n"):
        return None
    if _NOT_PLAIN.search(data, match.end() - 2):
        return None
    prefix, rendition, msn, part = match.groups()
    return prefix.decode(), rendition.decode(), int(msn), int(part)


def protocol(sessions: Sessions) -> type[BoundedHttp]:
    """The class for `http=` of uvicorn, over the live sessions of this process."""
    requests, sent = REQUESTS.labels("part", 200), SENT_BYTES.labels("part")

    class ExpressProtocol(BoundedHttp):
        """One connection."""

        def data_received(self, data: bytes) -> None:
            wanted = None if self.inside or self._busy else plain_part(data)
            payload = None if wanted is None else _payload(*wanted)
            if payload is None:
                super().data_received(data)
                return
            self.rest()
            head = [b"HTTP/1.1 200 OK\r\n"]
            for name, value in self.server_state.default_headers:
                head += [name, b": ", value, b"\r\n"]
            head.append(PART_HEADERS)
            head.append(b"content-length: %d\r\n\r\n" % len(payload))
            self.transport.writelines((b"".join(head), payload))
            requests.inc()
            sent.inc(len(payload))
            self.on_response_complete()

        @property
        def _busy(self) -> bool:
            """An answer is on its way, or the client reads too slowly."""
            answering = self.cycle is not None and not self.cycle.response_complete
            return answering or bool(self.pipeline) or self.flow.write_paused or self.transport.is_closing()

    def _payload(prefix: str, rendition: str, msn: int, part: int) -> bytes | None:
        session = sessions.by_prefix(prefix)
        # Of what is over its host may show only a part: that is looked at elsewhere.
        window = None if session is None or session.ended else session.windows.get(rendition)
        segment = None if window is None else window.segment(msn)
        return segment.parts[part].payload if segment is not None and part < len(segment.parts) else None

    return ExpressProtocol
