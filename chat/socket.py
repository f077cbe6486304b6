"""Writing to sockets: the same bytes to each, straight into its transport.

uvicorn takes a protocol class for WebSockets (`ws=`). `ChatProtocol` is its own sans-I/O one with a few additions:
it hands an `Outlet` over in the ASGI scope (`scope["extensions"][EXTENSION]`), and it bounds what a client can make the
service hold with pings and fragments, neither of which ASGI shows. On any other server `PlainOutlet` does the same
through ASGI's `send`, slower. tests/integration/test_chat_outlets.py holds both to one contract.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Final, Protocol

from starlette.websockets import WebSocket, WebSocketDisconnect
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame as RawFrame
from websockets.http11 import Request
from websockets.protocol import State

from chat import figures
from chat.wire import Frame

EXTENSION: Final = "webinar.chat.outlet"
MAX_UNSENT: Final = 256 * 1024  # bytes waiting for one client; beyond it the socket is cut
_MAX_FRAGMENTS: Final = 64  # of one message; empty ones would cost memory without counting as bytes
_MAX_QUEUED: Final = 512  # frames waiting in a PlainOutlet

# The server's own lines for each connection would be thousands when a room reconnects; ours are counters.
LOGGER: Final = "webinar.chat.socket"


class Outlet(Protocol):
    """Where one client's frames go. `broken` is done when the outlet gave up on a socket it cannot end by itself."""

    broken: asyncio.Future[None] | None

    def write(self, frame: Frame) -> bool:
        """Never waits. False when the socket is gone, or was cut now because its client does not read."""

    async def drain(self) -> None:
        """Returns when what waits for the client is small again, or the socket is gone."""

    def cut(self) -> None:
        """Ends the connection without a closing handshake."""

    async def aclose(self) -> None:
        """Ends what the outlet itself runs."""


class ChatProtocol(WebSocketsSansIOProtocol):
    """uvicorn's protocol with an `Outlet` in the scope and bounds on control frames and fragments."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.logger = logging.getLogger(LOGGER)
        self.conn.logger = self.logger

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        # No scope: the handshake was refused. The application's task exists but has not run yet.
        scope: dict[str, Any] | None = getattr(self, "scope", None)
        if scope is not None:
            scope["extensions"][EXTENSION] = FastOutlet(self)

    async def send(self, message: Any) -> None:
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and not message.get("more_body", False):
            # A refusal is an answer too; else each one is logged as an application that did not answer.
            self.handshake_complete = True

    def handle_ping(self) -> None:
        # Pongs go to a client that may not read them, and pings do not pause reading.
        if self.transport.get_write_buffer_size() > MAX_UNSENT:
            figures.FLOODED.inc()
            self.transport.abort()
            return
        super().handle_ping()

    def handle_cont(self, event: RawFrame) -> None:
        if len(self.frames) >= _MAX_FRAGMENTS:
            figures.FLOODED.inc()
            self.transport.abort()
            return
        super().handle_cont(event)


class FastOutlet:
    """Writes a ready-made frame into the transport."""

    __slots__ = ("_protocol", "_transport", "broken")

    def __init__(self, protocol: ChatProtocol) -> None:
        self.broken: asyncio.Future[None] | None = None  # aborting the transport ends the conversation
        self._protocol = protocol
        self._transport = protocol.transport

    def write(self, frame: Frame) -> bool:
        protocol = self._protocol
        # After a close frame no data may follow (RFC 6455, section 5.5.1).
        if protocol.close_sent or protocol.disconnected or protocol.conn.state is not State.OPEN:
            return False
        if self._transport.get_write_buffer_size() > MAX_UNSENT:
            figures.SLOW.inc()
            self._transport.abort()
            return False
        self._transport.write(frame.wire)
        return True

    async def drain(self) -> None:
        await self._protocol.writable.wait()

    def cut(self) -> None:
        self._transport.abort()

    async def aclose(self) -> None:
        """Nothing runs here."""


class PlainOutlet:
    """The same over ASGI's `send`, for servers that do not hand their transport over."""

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket
        self._waiting: asyncio.Queue[Frame] = asyncio.Queue(_MAX_QUEUED)
        self._unsent = 0
        self._gone = False
        self.broken: asyncio.Future[None] | None = asyncio.get_running_loop().create_future()
        self._small = asyncio.Event()
        self._small.set()
        self._task = asyncio.create_task(self._pump(), name="chat outlet")

    def write(self, frame: Frame) -> bool:
        if self._gone:
            return False
        if self._unsent > MAX_UNSENT or self._waiting.full():
            figures.SLOW.inc()
            self.cut()
            return False
        self._unsent += len(frame.payload)
        self._waiting.put_nowait(frame)
        self._small.clear()
        return True

    async def drain(self) -> None:
        await self._small.wait()

    def cut(self) -> None:
        self._gone = True
        self._small.set()
        self._task.cancel()
        if self.broken is not None and not self.broken.done():
            self.broken.set_result(None)

    async def _pump(self) -> None:
        try:
            while True:
                frame = await self._waiting.get()
                await self._websocket.send_text(frame.payload.decode())
                self._unsent -= len(frame.payload)
                if self._waiting.empty():
                    self._small.set()
        except (WebSocketDisconnect, RuntimeError):
            # Closed under us: by the client, or by our own close, after which ASGI refuses more.
            pass
        finally:
            self._gone = True
            self._small.set()

    async def aclose(self) -> None:
        if not self._gone:
            try:
                async with asyncio.timeout(1):
                    await self._small.wait()
            except TimeoutError:
                figures.SLOW.inc()
        self._task.cancel()
        await asyncio.wait({self._task})


def outlet_of(websocket: WebSocket) -> Outlet:
    """The server's own outlet where it hands one over, else one over `send`. Call after the handshake."""
    extensions: dict[str, Any] = websocket.scope.get("extensions") or {}
    outlet = extensions.get(EXTENSION)
    return outlet if isinstance(outlet, FastOutlet) else PlainOutlet(websocket)
