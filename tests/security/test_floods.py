"""Too much of something, or something made to hurt: bounded, refused in words, and nobody else notices."""

from __future__ import annotations

import gzip
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest_asyncio
from starlette.datastructures import MutableHeaders

from tests.fake_ingest import FakeIngest
from tests.integration.test_whep_endpoint import UFRAG, Client, opened, register
from tests.security.pages_client import fill
from tests.web_stage import Web, web_service
from webinar.api.operations import OPERATIONS
from webinar.base.embedded import EmbeddedNats
from webinar.base.rtc import stun
from webinar.base.rtc.dtls import DtlsState
from webinar.base.settings import Settings
from webinar.pages.headers import SecurityHeaders

pytest_plugins = ["tests.web_stage"]

OFFER = (Path(__file__).parents[1] / "media/offers/chromium-156-viewer.sdp").read_text().replace("\r\n", "\n")
SDP = {"Content-Type": "application/sdp"}


def crlf(text: str) -> str:
    return text.replace("\n", "\r\n")


@pytest_asyncio.fixture
async def small(database: str, nats: EmbeddedNats, folder: Path) -> AsyncIterator[Web]:
    """A web service with seats for three."""
    async with (
        web_service(database, nats.url, folder, whep_seats=3) as made,
        FakeIngest(made.ingest_bus, made.platform.storage),
    ):
        yield made


async def play(web: Web, event: dict[str, Any], person: dict[str, Any], offer: str = OFFER) -> httpx.Response:
    content = crlf(offer).encode(errors="surrogatepass")
    return await web.call("POST", f"/whep/{event['id']}", person["viewer_token"], content=content, headers=SDP)


async def test_one_person_holds_no_seat_that_another_needs(small: Web) -> None:
    event = await small.live_event()
    one, two = [await small.attendee(event, f"{n}@example.org") for n in range(2)]
    many = [await play(small, event, one) for _ in range(3)]
    assert [reply.status_code for reply in many] == [201] * 3, "while there is room, nobody is counted"
    assert (await play(small, event, one)).status_code == 503
    second = await play(small, event, two)
    assert second.status_code == 201
    gone = await small.call("DELETE", many[0].headers["location"], one["viewer_token"])
    assert (gone.status_code, gone.json()["code"]) == (404, "unknown_resource"), "their oldest made room"
    # One against two, then: who has as many as the others takes none of theirs.
    for person in (one, two):
        refused = await play(small, event, person)
        assert (refused.status_code, refused.json()["code"]) == (503, "no_room")
    assert (await small.call("DELETE", second.headers["location"], two["viewer_token"])).status_code == 200
    # A session that ended by itself counts for nobody: now it is the other who holds two.
    assert small.platform.live is not None
    small.platform.live.whep.delete(many[1].headers["location"].rpartition("/")[2])
    held = [await play(small, event, two) for _ in range(2)]
    three = await small.attendee(event, "3@example.org")
    assert (await play(small, event, three)).status_code == 201
    assert (await small.call("DELETE", held[0].headers["location"], two["viewer_token"])).status_code == 404


async def test_offers_that_are_huge_or_damaged_take_no_seat(small: Web) -> None:
    event = await small.live_event()
    person = await small.attendee(event)
    live = small.platform.live
    assert live is not None
    candidates = "".join(f"a=candidate:{n} 1 udp 1 192.0.2.{n % 250} {9000 + n} typ host\n" for n in range(5000))
    assert (await play(small, event, person, OFFER + candidates)).status_code == 413
    flood = await play(small, event, person, OFFER + candidates[:40_000].rpartition("\n")[0] + "\n")
    assert flood.status_code in (201, 400)
    if flood.status_code == 201:
        await small.call("DELETE", flood.headers["location"], person["viewer_token"])
    chance = random.Random(5)
    lines = OFFER.splitlines(keepends=True)
    for _ in range(60):
        made = lines[:]
        for _ in range(chance.randint(1, 6)):
            at = chance.randrange(len(made))
            made[at : at + 1] = chance.choice(
                (
                    [],
                    [made[at]] * 40,
                    [made[at][: chance.randrange(len(made[at]))]],
                    [chance.choice(lines)],
                    ["a=\x01\n"],
                )
            )
        reply = await play(small, event, person, "".join(made))
        assert reply.status_code in (201, 400), reply.text
        if reply.status_code == 201:
            assert (await small.call("DELETE", reply.headers["location"], person["viewer_token"])).status_code == 200
        else:
            assert reply.json()["detail"]
    assert live.whep.taken == 0


async def test_no_body_of_a_call_makes_it_fail(web: Web) -> None:
    """Deeper than any parser follows, compressed without end, of numbers without end: refused, in words."""
    event = await web.event()
    person = await web.attendee(event)
    deep = b'{"title":' + b"[" * 10_000 + b"]" * 10_000 + b"}"
    bodies: tuple[tuple[bytes, dict[str, str]], ...] = (
        (deep, {}),
        (b"[" * 60_000, {}),
        (b'{"title":' + b"9" * 60_000 + b"}", {}),
        (b'{"title":"\\ud800","name":"\\u0000"}', {}),
        (gzip.compress(b'{"title":"' + b"a" * (8 << 20) + b'"}'), {"Content-Encoding": "gzip"}),
    )
    taking = [operation for operation in OPERATIONS if operation.body is not None]
    assert len(taking) > 20
    for operation in taking:
        path = fill(operation.path, event_id=event["id"], attendee_id=person["id"])
        token = person["viewer_token"] if operation.name == "reportAttendance" else web.token
        for body, headers in bodies:
            reply = await web.call(
                operation.method,
                f"/api/v1{path}",
                token,
                content=body,
                headers={"Content-Type": "application/json", **headers},
            )
            said = (operation.name, body[:20], reply.status_code)
            assert reply.status_code in (400, 403, 404, 409, 413, 422), said


async def test_what_a_datagram_brings_back_is_never_worth_forging_one() -> None:
    async with opened() as endpoint:
        client = Client(endpoint)
        peer, _ = register(endpoint, client)
        name, key = f"{peer.ufrag}:{UFRAG}", peer.pwd.encode()
        check = stun.binding_request(bytes(12), name, key, use_candidate=True)
        for _ in range(5):
            client.socket.send(check)
            assert len(await client.receive()) <= len(check)
        # Only an address that has shown the password is answered by DTLS: one flight, of a few datagrams.
        client.dtls.start()
        (hello,) = client.dtls.take()
        client.socket.send(hello)
        flight = len(await client.receive())
        for _ in range(10):
            client.socket.send(hello)  # once more brings nothing more, but what the flight's own timer repeats
        while True:
            try:
                flight += len(await client.receive(timeout_s=0.3))
            except TimeoutError:
                break
        assert flight <= 5 * len(hello), (flight, len(hello))
        assert client.dtls.state is not DtlsState.CONNECTED


def test_behind_tls_browsers_are_told_to_stay_there() -> None:
    def headers(url: str) -> dict[str, str]:
        made = MutableHeaders()
        SecurityHeaders(Settings.read(public_url=url)).write(made)
        return dict(made)

    assert headers("https://webinar.example.org")["strict-transport-security"] == "max-age=31536000"
    assert "strict-transport-security" not in headers("http://localhost:8000")
