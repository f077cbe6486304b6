"""Two ingests after the bus was cut between them: one of them has the event, and both recordings are kept."""

from __future__ import annotations

import asyncio
import uuid
from pathlib import Path
from urllib.parse import urlsplit

from ingest.contract import LiveStatus, RecordingClosed, SessionState, Subject
from tests.integration.tcp_proxy import tcp_proxy
from tests.integration.test_ingest_service import Ingest
from tests.waiting import until
from webinar.base.bus import Bus
from webinar.base.embedded import EmbeddedNats
from webinar.base.errors import Unavailable


async def test_an_ingest_that_was_cut_off_gives_the_event_to_the_one_that_took_it(
    nats: EmbeddedNats, tmp_path: Path
) -> None:
    parts = urlsplit(nats.url)
    event_id = str(uuid.uuid4())
    bus = await Bus.connect(nats.url, "tests")
    statuses: list[LiveStatus] = []
    closed: list[RecordingClosed] = []

    async def on_status(payload: bytes) -> None:
        statuses.append(LiveStatus.from_json(payload))

    async def on_closed(payload: bytes) -> None:
        closed.append(RecordingClosed.from_json(payload))

    await bus.subscribe(Subject.status(event_id), on_status)
    await bus.subscribe(Subject.RECORDING, on_closed)
    async with tcp_proxy(parts.port or 4222) as proxy:
        through = parts._replace(netloc=parts.netloc.replace(f":{parts.port}", f":{proxy.port}")).geturl()
        old, new = Ingest(tmp_path / "old", bus, through), Ingest(tmp_path / "new", bus, nats.url)
        try:
            await old.start()
            first = await old.assign(event_id)
            await old.ask(event_id, "start")
            await old.recorded(event_id, 1.5)
            await new.start()
            proxy.cut()
            second = await _taken_over(new, event_id, first)
            await new.ask(event_id, "start")
            proxy.heal()
            await until(
                lambda: any(n.session_id == first for n in closed), timeout_s=30, what="the old session did not end"
            )
            statuses.clear()
            await until(lambda: len(statuses) >= 3, timeout_s=20)
            assert {s.session_id for s in statuses} == {second}
            answers = {(await new.status(event_id)).session_id for _ in range(20)}
            assert answers == {second}
            assert (await new.status(event_id)).state is SessionState.LIVE
            kept = next(n for n in closed if n.session_id == first)
            assert kept.complete
            assert kept.duration_s >= 1.5
            assert old.file(kept).stat().st_size == kept.bytes
        finally:
            await asyncio.gather(old.stop(), new.stop())
            await bus.close()


async def _taken_over(ingest: Ingest, event_id: str, was: str) -> str:
    """As the worker does it: the owner does not answer, another is assigned."""
    found = ""

    async def other() -> bool:
        nonlocal found
        try:
            await ingest.bus.request(Subject.command(event_id, "status"), {}, timeout_s=1)
        except Unavailable:
            found = await ingest.assign(event_id)
        return found not in ("", was)

    await until(other, timeout_s=30, what="nobody took the event over")
    return found
