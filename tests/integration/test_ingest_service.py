"""The ingest process on a real bus: its commands, a presenter over WebRTC, its ends in order and by force."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import sys
import time
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ingest.contract import (
    EndOfSession,
    InitSegment,
    LiveStatus,
    Message,
    Part,
    RecordingClosed,
    SessionState,
    Subject,
    Unit,
    decode,
)
from tests.media.camera import sending
from tests.media.reading import watch
from tests.running import environment
from tests.waiting import until
from webinar.base.bus import Bus, Json, NoOwner, Refused
from webinar.base.embedded import EmbeddedNats
from webinar.base.errors import WebinarError


class Ingest:
    """One ingest process on its own folder."""

    def __init__(self, folder: Path, bus: Bus, nats_url: str) -> None:
        self.folder = folder
        self.bus = bus
        self._env = environment(folder, WEBINAR_NATS_URL=nats_url, WEBINAR_LADDER="240p,144p")
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", "from webinar.cli import main; main()", "ingest", env=self._env
        )
        url = ("127.0.0.1", int(self._env["WEBINAR_INGEST_HTTP_PORT"]))

        async def healthy() -> bool:
            try:
                reader, writer = await asyncio.open_connection(*url)
            except OSError:
                return False
            writer.write(b"GET /readyz HTTP/1.0\r\n\r\n")
            answer = await reader.read()
            writer.close()
            return b" 200 " in answer.split(b"\r\n")[0]

        await until(healthy, timeout_s=40, what="ingest did not become ready")

    async def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        assert self._process is not None
        if self._process.returncode is None:
            self._process.send_signal(how)
        return await asyncio.wait_for(self._process.wait(), 30)

    async def ask(self, event_id: str, verb: str, body: Json | None = None) -> Json:
        return await self.bus.request(Subject.command(event_id, verb), body or {}, timeout_s=20)

    async def assign(self, event_id: str) -> str:
        """Until one has it: the subscription of a new process may still be on its way."""
        answer: Json = {}

        async def assigned() -> bool:
            nonlocal answer
            try:
                answer = await self.bus.request(Subject.ASSIGN, {"event_id": event_id})
            except NoOwner:
                return False
            return True

        await until(assigned, timeout_s=20)
        return str(answer["session_id"])

    async def status(self, event_id: str) -> LiveStatus:
        return LiveStatus.from_json(json.dumps(await self.ask(event_id, "status")).encode())

    async def recorded(self, event_id: str, seconds: float) -> None:
        async def enough() -> bool:
            return (await self.status(event_id)).recorded_until_s >= seconds

        await until(enough, timeout_s=40, what=f"{seconds} s were not recorded")

    def file(self, notice: RecordingClosed) -> Path:
        return self.folder / "store" / notice.key


@contextlib.asynccontextmanager
async def _connected(nats: EmbeddedNats) -> AsyncIterator[Bus]:
    bus = await Bus.connect(nats.url, "tests")
    yield bus
    await bus.close()


@pytest.fixture
async def ingest(nats: EmbeddedNats, tmp_path: Path) -> AsyncIterator[Ingest]:
    async with _connected(nats) as bus:
        made = Ingest(tmp_path, bus, nats.url)
        await made.start()
        try:
            yield made
        finally:
            await made.stop()


@pytest.fixture
def event_id() -> str:
    return str(uuid.uuid4())


@contextlib.asynccontextmanager
async def presenting(ingest: Ingest, event_id: str) -> AsyncIterator[str]:
    """An aiortc publisher by the bus' `whip`; the resource."""
    async with sending(lambda body: ingest.ask(event_id, "whip", body)) as (_, resource):
        yield resource


async def _listen(bus: Bus, subject: str) -> list[bytes]:
    heard: list[bytes] = []

    async def keep(payload: bytes) -> None:
        heard.append(payload)

    await bus.subscribe(subject, keep)
    await bus.flush()
    return heard


async def test_a_presenter_goes_on_air_is_seen_and_is_recorded_in_step(ingest: Ingest, event_id: str) -> None:
    session_id = await ingest.assign(event_id)
    assert await ingest.assign(event_id) == session_id
    media = await _listen(ingest.bus, Subject.media(event_id))
    statuses = await _listen(ingest.bus, Subject.status(event_id))
    closed = await _listen(ingest.bus, Subject.RECORDING)
    async with presenting(ingest, event_id) as resource:
        await until(lambda: any(LiveStatus.from_json(s).publisher.has_audio for s in statuses), timeout_s=20)
        assert media == []
        started = await ingest.ask(event_id, "start")
        assert await ingest.ask(event_id, "start") == started
        await ingest.bus.publish_json(Subject.command(event_id, "keyframe"), {"rendition": "240p"})
        await ingest.recorded(event_id, 5)
        snapshot = await _listen(ingest.bus, "snap." + event_id)
        count = (await ingest.ask(event_id, "snapshot", {"to": "snap." + event_id}))["messages"]
        await until(lambda: len(snapshot) == count)
        status = await ingest.status(event_id)
        await ingest.ask(event_id, "whip_delete", {"resource": resource})
    before = time.monotonic()
    ended = await ingest.ask(event_id, "end")
    assert time.monotonic() - before < 10
    assert await ingest.ask(event_id, "end") == ended
    await until(lambda: any(event_id.encode() in c for c in closed))

    messages = [decode(m) for m in media]
    assert isinstance(messages[-1], EndOfSession)
    assert messages[-1].duration == ended["duration_s"]
    assert {type(m) for m in messages} == {InitSegment, Part, Unit, EndOfSession}
    assert all(decode(m) in messages for m in snapshot)
    assert (status.state, status.session_id, status.hls_prefix) == (
        SessionState.LIVE,
        session_id,
        started["hls_prefix"],
    )
    assert (status.publisher.width, status.publisher.height) == (256, 144)
    assert status.publisher.bitrate > 10_000
    told = [LiveStatus.from_json(s) for s in statuses]
    assert told[-1].state is SessionState.ENDED
    assert sum(s.state is SessionState.LIVE for s in told) >= 5
    assert {r.name: r.fps > 0 for r in status.renditions} == dict.fromkeys(("240p", "144p", "audio", "opus"), True)

    notice = next(n for n in map(RecordingClosed.from_json, closed) if n.event_id == event_id)
    assert notice.complete
    assert notice.duration_s == pytest.approx(ended["duration_s"], abs=0.1)
    seen = watch(ingest.file(notice))
    # Rough: aiortc reports when a frame was sent, not captured, and before its first reports nobody can know what
    # belongs together (RFC 3550, 6.4.1). test_ingest_session measures with exact times.
    assert len(seen.flashes) >= 4
    assert min(map(abs, seen.lip_sync())) <= 0.1
    _assert_streams(messages, ended["duration_s"])


def _assert_streams(messages: list[Message], duration_s: float) -> None:
    for name in ("240p", "144p", "audio"):
        init = next(m for m in messages if isinstance(m, InitSegment) and m.rendition.name == name)
        parts = [m for m in messages if isinstance(m, Part) and m.rendition == name]
        seen = watch(init.payload + b"".join(p.payload for p in parts))
        end_s = seen.audio_end if name == "audio" else seen.video_end
        assert end_s == pytest.approx(duration_s, abs=0.05)


async def test_refusals_say_why(ingest: Ingest, event_id: str) -> None:
    with pytest.raises(NoOwner):
        await ingest.ask(event_id, "start")
    with pytest.raises(Refused, match="event_id"):
        await ingest.bus.request(Subject.ASSIGN, {"event_id": "../x"})
    await ingest.assign(event_id)
    with pytest.raises(WebinarError) as refused:
        await ingest.ask(event_id, "whip", {"sdp": "not an sdp"})
    assert refused.value.code == "bad_sdp"
    with pytest.raises(Refused) as early:
        await ingest.ask(event_id, "snapshot", {"to": "x"})
    assert early.value.code == "not_live"
    assert (await ingest.ask(event_id, "end"))["duration_s"] == 0
    with pytest.raises(Refused) as late:
        await ingest.ask(event_id, "whip", {"sdp": "v=0"})
    assert late.value.code == "ended"
    assert await ingest.assign(event_id) != ""


async def test_a_new_session_sorts_behind_the_one_that_web_names(ingest: Ingest, event_id: str) -> None:
    before = "9000000000000-ff"  # of a machine whose clock is far ahead
    reply = await ingest.bus.request(Subject.ASSIGN, {"event_id": event_id, "after": before})
    assert reply["session_id"] > before
    await ingest.ask(event_id, "end")
    assert await ingest.assign(event_id) > reply["session_id"]
    await ingest.ask(event_id, "end")


async def test_killed_and_stopped_in_the_middle_the_event_has_one_recording_of_all_of_it(
    ingest: Ingest, event_id: str
) -> None:
    closed = await _listen(ingest.bus, Subject.RECORDING)
    sessions = []
    for how, seconds in ((signal.SIGKILL, 2.0), (signal.SIGTERM, 1.0)):
        sessions.append(await ingest.assign(event_id))
        await ingest.ask(event_id, "start")
        await ingest.recorded(event_id, seconds)
        await ingest.stop(how)
        await ingest.start()
    sessions.append(await ingest.assign(event_id))
    assert len(set(sessions)) == 3
    await ingest.ask(event_id, "start")
    await ingest.recorded(event_id, 1.0)
    last = (await ingest.ask(event_id, "end"))["duration_s"]

    def notices() -> dict[str, RecordingClosed]:
        """By session; a later one of the same also tells of the sound alone."""
        told = map(RecordingClosed.from_json, closed)
        return {n.session_id: n for n in told if n.event_id == event_id}

    await until(lambda: notices().keys() == set(sessions))
    killed, stopped, whole = (notices()[session] for session in sessions)
    assert (killed.complete, stopped.complete, whole.complete) == (False, True, False)
    assert killed.duration_s >= 2.0
    assert stopped.duration_s >= 1.0
    assert whole.joined == (killed.session_id, stopped.session_id)
    assert whole.duration_s == pytest.approx(killed.duration_s + stopped.duration_s + last, abs=0.2)
    assert watch(ingest.file(whole)).duration == pytest.approx(whole.duration_s, abs=0.01)
