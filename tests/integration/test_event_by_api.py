"""A whole event over the JSON API, without a browser: a real WHIP client, LL-HLS, the recording."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.media.mp4_probe import probe
from tests.running import ROOT, RunningPlatform


@pytest.fixture
def platform() -> Iterator[RunningPlatform]:
    running = RunningPlatform()
    try:
        yield running.start()
    finally:
        running.close()


@pytest.fixture
def presenters() -> Iterator[list[subprocess.Popen[bytes]]]:
    started: list[subprocess.Popen[bytes]] = []
    yield started
    for process in started:
        process.terminate()
        process.wait(20)


@pytest.mark.timeout(180)
def test_an_event_is_made_held_and_downloaded_with_nothing_but_http(
    platform: RunningPlatform, presenters: list[subprocess.Popen[bytes]]
) -> None:
    body = {"title": "By API", "starts_at": "2026-12-01T05:00:00Z", "registration": "approval"}
    made = platform.call("POST", "/api/v1/events", body)
    assert made.status == 201, made.body
    event = made.json()
    call = f"/api/v1/events/{event['id']}"

    # Registration with approval: no media before it.
    person = platform.call("POST", f"{call}/attendees", {"name": "Mina", "email": "mina@example.org"}).json()
    assert person["status"] == "pending"
    assert not person.get("viewer_token")
    approved = platform.call("PATCH", f"{call}/attendees/{person['id']}", {"status": "approved"}).json()
    viewer = approved["viewer_token"]
    assert platform.call("GET", "/api/v1/playback", token=viewer).json()["state"] == "scheduled"

    # A presenter rehearses, then the event goes live.
    env = {**os.environ, "WEBINAR_STREAM_KEY": event["stream_key"]}
    argv = [sys.executable, "-m", "webinar.demo.publish", "--whip-url", event["whip_url"]]
    presenters.append(subprocess.Popen(argv, cwd=ROOT, env=env))

    def live() -> Any:
        return platform.call("GET", f"{call}/live").json()

    platform.wait_for(lambda: (live()["publisher"] or {}).get("connected"), 60, "the presenter")
    assert platform.call("POST", f"{call}/start").json()["state"] == "live"

    def playback() -> Any:
        return platform.call("GET", "/api/v1/playback", token=viewer).json()

    platform.wait_for(lambda: playback()["hls_url"], 40, "something to play")
    now = playback()
    assert now["state"] == "live"
    assert b"#EXT-X-STREAM-INF" in platform.call("GET", now["hls_url"], token="").body
    assert now["chat"]["url"].startswith("ws://")
    refused = platform.call(
        "POST", now["whep_url"], b"not SDP", token=viewer, headers={"Content-Type": "application/sdp"}
    )
    assert refused.status == 400
    platform.wait_for(lambda: live()["recorded_until_s"] > 4, 40, "four seconds on disk")

    assert platform.call("POST", f"{call}/end").json()["state"] == "ended"
    assert playback()["state"] == "ended"
    platform.wait_for(
        lambda: platform.call("GET", f"{call}/recordings").json()["items"][0]["state"] == "ready", 40, "the recording"
    )
    (recording,) = platform.call("GET", f"{call}/recordings").json()["items"]
    whole = platform.call("GET", recording["download_url"], token="")
    assert hashlib.sha256(whole.body).hexdigest() == recording["sha256"]
    part = platform.call("GET", recording["download_url"], token="", headers={"Range": "bytes=100-199"})
    assert (part.status, part.body) == (206, whole.body[100:200])
    file = platform.folder / "downloaded.mp4"
    file.write_bytes(whole.body)
    report = probe(file)
    assert report.errors == []
    assert abs(report.duration_s - recording["duration_s"]) <= 0.5

    def sound() -> Any:
        return platform.call("GET", f"{call}/recordings").json()["items"][0]["audio_url"]

    platform.wait_for(sound, 40, "the sound alone")
    heard = platform.call("GET", sound(), token="", headers={"Range": "bytes=0-"})
    assert heard.status == 206
    file = platform.folder / "downloaded.m4a"
    file.write_bytes(heard.body)
    alone = probe(file)
    assert (alone.errors, alone.gaps, alone.frames) == ([], [], 0)
    assert alone.audio_duration_s == report.audio_duration_s
