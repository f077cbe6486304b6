"""A publisher that others wrote: FFmpeg's `whip` muxer, which offers to be the DTLS server."""

from __future__ import annotations

from pathlib import Path

from ingest.accept import PublisherState
from tests.media.whip_others import publishing
from tests.media.whip_stage import stage
from tests.waiting import until


async def test_ffmpeg_publishes_picture_and_sound(tmp_path: Path) -> None:
    async with stage(tmp_path) as it:
        async with publishing("ffmpeg", f"{it.url}/whip/event"):
            await it.on_air()
            await it.go_live()
            await it.lasts(3)
            await until(lambda: it.health.synchronized, what="no sender reports")
            health, shown = it.health, await it.end()
        assert it.states[0] == (PublisherState.CONNECTED, "")
    assert health.video_codec == "h264"
    assert health.frames_dropped == health.packets_lost == 0
    read = {code for code in shown.codes if code is not None}
    assert len(read) > 30, "its pictures move"
    assert shown.levels[-200:].mean() > 0.05, "its tone is heard"
