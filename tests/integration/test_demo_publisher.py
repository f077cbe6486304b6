"""The publishing client against a real WHIP endpoint and a plain aiortc peer, over loopback."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import aioice.ice
import numpy as np
import pytest
from aiortc import RTCRtpReceiver
from av import VideoFrame
from starlette.responses import JSONResponse, Response

from tests.media.lipsync_probe import beep_onsets
from tests.media.whip_answerer import WhipAnswerer
from webinar.demo import burned_time
from webinar.demo.publisher import Backoff, PublishState, publish
from webinar.demo.source import pixels
from webinar.demo.talk import Talk
from webinar.demo.whip_client import TAKE_OVER, WhipBusy, WhipRefused

KEY = "a-stream-key-of-the-test"
QUICK = Backoff(first_s=0.05, cap_s=0.2)


@pytest.fixture
async def answerer() -> AsyncIterator[WhipAnswerer]:
    answerer = WhipAnswerer(KEY)
    async with answerer.serving():
        yield answerer


@pytest.fixture(scope="module")
def talk() -> Talk:
    return Talk()


@contextlib.asynccontextmanager
async def publishing(url: str, talk: Talk, states: list[PublishState] | None = None) -> AsyncIterator[None]:
    """A publisher that is stopped, and must have ended without an error, at the end."""
    stop = asyncio.Event()
    on_state = None if states is None else states.append
    task = asyncio.create_task(publish(url, KEY, talk, stop=stop, backoff=QUICK, on_state=on_state), name="publisher")
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait_for(task, 15)


def burned(frame: VideoFrame) -> int | None:
    return burned_time.read(pixels(frame.planes[0]))


async def test_the_talk_arrives_as_720p_with_readable_times_and_sound(answerer: WhipAnswerer, talk: Talk) -> None:
    async with publishing(answerer.url, talk):
        await answerer.until(lambda: answerer.streams and len(answerer.streams[0].pictures) >= 60)
        delay_ms = time.time() * 1000 - (burned(answerer.streams[0].pictures[-1]) or 0)
        (stream,) = answerer.streams
        await answerer.until(lambda: len(stream.sounds) >= 100)
    pictures = stream.pictures[-40:]
    times = [burned(p) for p in pictures]
    assert {(p.width, p.height) for p in pictures} == {(1280, 720)}
    assert None not in times
    steps = np.diff(np.array(times, dtype=np.float64))
    frames = np.rint(steps * 30 / 1000)
    assert frames.min() >= 1
    assert np.abs(steps - frames * 1000 / 30).max() <= 1, (
        "each picture has its own slot of 1/30 s; a busy machine skips"
    )
    assert 0 <= delay_ms < 2000
    sound = np.concatenate([s.to_ndarray().reshape(-1, 2)[:, 0] for s in stream.sounds])
    assert np.abs(sound).max() > 1000


async def test_the_offer_sends_h264_and_opus_only_and_names_no_stun_candidate(
    answerer: WhipAnswerer, talk: Talk
) -> None:
    async with publishing(answerer.url, talk):
        await answerer.until(lambda: answerer.streams)
    offer = answerer.streams[0].offer
    assert offer.count("a=sendonly") == 2
    assert "H264/90000" in offer
    assert "opus/48000" in offer
    assert "VP8" not in offer
    assert "typ srflx" not in offer


async def test_stopping_deletes_the_stream_with_the_key(answerer: WhipAnswerer, talk: Talk) -> None:
    async with publishing(answerer.url, talk):
        await answerer.until(lambda: answerer.streams and answerer.streams[0].pictures)
    assert [d.headers["authorization"] for d in answerer.deletes] == [f"Bearer {KEY}"]
    assert answerer.streams[0].deleted


async def test_a_restarted_server_gets_the_talk_again_where_its_clock_is(talk: Talk) -> None:
    answerer = WhipAnswerer(KEY)
    states: list[PublishState] = []
    async with contextlib.AsyncExitStack() as stack:
        async with answerer.serving():
            await stack.enter_async_context(publishing(answerer.url, talk, states))
            await answerer.until(lambda: answerer.streams and len(answerer.streams[0].pictures) >= 15)
        await answerer.until(lambda: PublishState.WAITING in states)
        async with answerer.serving():
            await answerer.until(lambda: len(answerer.streams) > 1 and len(answerer.streams[-1].pictures) >= 15)
            await stack.aclose()
    before, after = answerer.streams[0].pictures[-1], answerer.streams[-1].pictures[0]
    assert (burned(after) or 0) > (burned(before) or 0)
    on_air = [PublishState.CONNECTING, PublishState.ON_AIR]
    assert states[:2] == on_air
    assert states[-3:] == [*on_air, PublishState.STOPPED]


async def test_a_server_that_falls_silent_is_given_up_long_before_ice_notices(
    answerer: WhipAnswerer, talk: Talk
) -> None:
    async with publishing(answerer.url, talk):
        await answerer.until(lambda: answerer.streams and len(answerer.streams[0].pictures) >= 60)
        silent_at = time.monotonic()
        for receiver in answerer.streams[0].connection.getReceivers():
            await receiver.stop()
        await answerer.until(lambda: len(answerer.streams) > 1)
    assert time.monotonic() - silent_at < 20


async def test_it_takes_over_from_whoever_is_on_air_and_who_was_does_not_fight_back(
    answerer: WhipAnswerer, talk: Talk
) -> None:
    first = asyncio.create_task(publish(answerer.url, KEY, talk, stop=asyncio.Event(), backoff=QUICK), name="first")
    await answerer.until(lambda: answerer.streams and answerer.streams[0].pictures)
    async with publishing(answerer.url, talk):
        with pytest.raises(WhipBusy, match="another presenter is sending"):
            await asyncio.wait_for(first, 30)
        await answerer.until(lambda: answerer.streams[1].pictures)
    assert [p.headers.get(TAKE_OVER) for p in answerer.posts] == [None, None, "1", None]
    assert len(answerer.streams) == 2


async def test_it_gives_way_when_told_not_to_take_over(answerer: WhipAnswerer, talk: Talk) -> None:
    answerer.refuse.append(JSONResponse({"code": "on_air", "detail": "another presenter is sending"}, 409))
    with pytest.raises(WhipBusy, match="another presenter is sending"):
        await publish(answerer.url, KEY, talk, stop=asyncio.Event(), take_over=False)
    assert len(answerer.posts) == 1


async def test_a_wrong_key_ends_it_with_the_servers_reason(answerer: WhipAnswerer, talk: Talk) -> None:
    with pytest.raises(WhipRefused, match="the stream key is wrong"):
        await publish(answerer.url, "wrong", talk, stop=asyncio.Event())
    assert len(answerer.posts) == 1


async def test_an_ended_event_is_not_asked_again(answerer: WhipAnswerer, talk: Talk) -> None:
    answerer.refuse.append(JSONResponse({"code": "ended", "detail": "the event has ended"}, 409))
    with pytest.raises(WhipRefused, match="the event has ended"):
        await publish(answerer.url, KEY, talk, stop=asyncio.Event())


async def test_it_waits_as_long_as_a_full_server_asks(answerer: WhipAnswerer, talk: Talk) -> None:
    answerer.refuse.append(Response(None, 503, {"Retry-After": "1"}))
    asked = time.monotonic()
    async with publishing(answerer.url, talk):
        await answerer.until(lambda: answerer.streams)
    assert time.monotonic() - asked >= 1
    assert len(answerer.posts) == 2


async def test_a_redirect_is_followed(answerer: WhipAnswerer, talk: Talk) -> None:
    answerer.refuse.append(Response(None, 307, {"Location": answerer.url}))
    async with publishing(answerer.url, talk):
        await answerer.until(lambda: answerer.streams)


async def test_it_works_on_a_machine_that_has_only_loopback(
    answerer: WhipAnswerer, talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda use_ipv4, use_ipv6: [])
    async with publishing(answerer.url, talk):
        await answerer.until(lambda: answerer.streams and len(answerer.streams[0].pictures) >= 15)
    assert "127.0.0.1" in answerer.streams[0].offer


async def test_a_keyframe_that_is_asked_for_comes_at_once(answerer: WhipAnswerer, talk: Talk) -> None:
    async with publishing(answerer.url, talk):
        await answerer.until(lambda: answerer.streams and len(answerer.streams[0].pictures) >= 20)
        (stream,) = answerer.streams
        receiver = next(r for r in stream.connection.getReceivers() if r.track.kind == "video")
        await _send_pli(receiver)
        asked = len(stream.pictures)
        await answerer.until(lambda: len(stream.pictures) >= asked + 20)
        assert any(p.key_frame for p in stream.pictures[asked : asked + 20]), (
            "the next one by itself is 60 pictures off"
        )


async def _send_pli(receiver: RTCRtpReceiver) -> None:
    (source,) = {s.source for s in receiver.getSynchronizationSources()}
    await receiver._send_rtcp_pli(source)  # noqa: SLF001 - aiortc asks only when its own buffer overflows


async def test_the_beep_is_heard_through_the_codec(answerer: WhipAnswerer, talk: Talk) -> None:
    def heard() -> list[float]:
        sounds = answerer.streams[0].sounds if answerer.streams else []
        mono = [s.to_ndarray().reshape(-1, 2)[:, 0].astype(np.float32) / 32768 for s in sounds]
        return beep_onsets(np.concatenate(mono), 48_000) if mono else []

    async with publishing(answerer.url, talk):
        await answerer.until(heard)


async def _command(*arguments: str, key: str | None = KEY) -> asyncio.subprocess.Process:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("WEBINAR_")}
    if key is not None:
        environment["WEBINAR_STREAM_KEY"] = key
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "webinar.demo.publish", *arguments, env=environment, stderr=asyncio.subprocess.PIPE
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_the_command_ends_its_stream_and_exits_0_on_a_signal(answerer: WhipAnswerer, number: int) -> None:
    process = await _command("--whip-url", answerer.url)
    await answerer.until(lambda: answerer.streams and answerer.streams[0].pictures)
    process.send_signal(number)
    _, errors = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, errors.decode()
    assert answerer.streams[0].deleted
    assert b"Traceback" not in errors
    assert KEY.encode() not in errors


async def test_the_command_needs_the_key_in_the_environment() -> None:
    process = await _command("--whip-url", "http://127.0.0.1:9/whip/x", key=None)
    _, errors = await process.communicate()
    assert process.returncode == 2
    assert "WEBINAR_STREAM_KEY" in errors.decode()


async def test_the_command_says_in_one_line_what_is_wrong_with_a_clip(tmp_path: Path) -> None:
    clip = tmp_path / "slides.txt"
    clip.write_text("not a clip")
    process = await _command("--whip-url", "http://127.0.0.1:9/whip/x", "--clip", str(clip))
    _, errors = await process.communicate()
    assert process.returncode == 1
    assert errors.decode().strip().splitlines() == [
        f"{clip}: cannot be read as a clip (Invalid data found when processing input)"
    ]
