"""One message to one address: resolved once, sent to the very address that was checked, no redirects, within bounds.

A receiver chooses its own name and may answer whatever it likes: neither may reach a network that is not public, nor
keep us reading.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

import h11

from webinar.hooks.model import may_reach

LIMIT_S: Final = 15.0
_MOST_ANSWER: Final = 16 * 1024  # bytes of an answer that are read: its status is all that counts
_CHUNK: Final = 4096


class NotSent(Exception):
    """No answer. The text says why, for the host."""


class Sender:
    """One a worker. `inside`: addresses of private networks and plain http are taken too."""

    def __init__(self, *, inside: bool, tls: ssl.SSLContext | None = None) -> None:
        self._inside = inside
        self._tls = tls or ssl.create_default_context()

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        """The status of the answer. Raises `NotSent`."""
        try:
            async with asyncio.timeout(LIMIT_S):
                return await self._post(url, headers, body)
        except TimeoutError as error:
            raise NotSent(f"no answer within {LIMIT_S:.0f} s") from error
        except ssl.SSLError as error:
            raise NotSent(f"TLS: {error.reason or error}") from error
        except OSError as error:
            raise NotSent(f"no connection: {error.strerror or type(error).__name__}") from error
        except h11.RemoteProtocolError as error:
            raise NotSent("the answer is not HTTP") from error

    async def _post(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        parts = urlsplit(url)
        host, secure = parts.hostname or "", parts.scheme == "https"
        if not secure and not self._inside:
            raise NotSent("the address is not https")
        port = parts.port or (443 if secure else 80)
        address = await self._resolve(host, port)
        reader, writer = await asyncio.open_connection(
            address, port, ssl=self._tls if secure else None, server_hostname=host if secure else None, limit=_CHUNK
        )
        try:
            return await _talk(reader, writer, parts.netloc, _target(parts.path, parts.query), headers, body)
        finally:
            # There is an answer, or will be none. A receiver that does not take leave of TLS, as many do not, would be
            # waited for so long that what it has taken counted as not sent.
            writer.transport.abort()
            with contextlib.suppress(OSError, ssl.SSLError):
                await writer.wait_closed()

    async def _resolve(self, host: str, port: int) -> str:
        """The address that is connected to. One that is not allowed spoils the name: it is not that of a receiver."""
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (socket.gaierror, UnicodeError) as error:
            raise NotSent("the name is not known") from error
        addresses = [str(entry[4][0]) for entry in found]
        if not addresses or not all(may_reach(address, inside=self._inside) for address in addresses):
            raise NotSent("the address is not on the public internet")
        return addresses[0]


def _target(path: str, query: str) -> str:
    return (path or "/") + (f"?{query}" if query else "")


async def _talk(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    host: str,
    target: str,
    headers: Mapping[str, str],
    body: bytes,
) -> int:
    """One request over one connection (RFC 9112); the status of the final answer."""
    http = h11.Connection(h11.CLIENT, max_incomplete_event_size=_MOST_ANSWER)
    fields = {"Host": host, "Content-Length": str(len(body)), "Connection": "close", **headers}
    sent = http.send(h11.Request(method="POST", target=target, headers=list(fields.items())))
    writer.write((sent or b"") + (http.send(h11.Data(data=body)) or b"") + (http.send(h11.EndOfMessage()) or b""))
    await writer.drain()
    received = 0
    while True:
        event = http.next_event()
        if event is h11.NEED_DATA:
            data = await reader.read(_CHUNK)
            received += len(data)
            if received > 4 * _MOST_ANSWER:
                raise NotSent("the answer is too long")
            http.receive_data(data)
        elif isinstance(event, h11.Response):
            return event.status_code
        elif isinstance(event, h11.ConnectionClosed):
            raise NotSent("the connection was closed without an answer")
