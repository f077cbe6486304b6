"""The recording of a long event: how long after End it is there, and what a killed recorder loses.

    python -m tests.bench.recording [--hours 2] [--kills 20]

The long event is made of a short talk over and over at 1.8 + 0.13 Mbit/s, as fast as the disk takes it. The killed
recorders record in real time, on this machine's disk, and are killed at random moments.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import os
import random
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from ingest.package.boxes import Sample
from ingest.record.recorder import Recorder
from ingest.record.repair import repair
from ingest.record.spool import Spool
from tests.media.encoded import talk
from tests.media.mp4_probe import probe
from tests.media.recording_child import killed, write_talk
from webinar.base.settings import Settings
from webinar.base.storage import Storage

_PICTURE_BYTES: Final = 1_800_000 // 8 // 30
_SOUND_BYTES: Final = 128_000 * 1024 // 48_000 // 8
_BACKLOG_S: Final = 60.0
_LOOP_S: Final = 4


def _filled(data: bytes, size: int) -> bytes:
    """An access unit brought to `size` by a filler NAL unit (ITU-T H.264, 7.3.2.7)."""
    more = size - len(data) - 6
    return data + (more + 2).to_bytes(4, "big") + b"\x0c" + b"\xff" * more + b"\x80" if more > 0 else data


def record(path: Path, seconds: int) -> Recorder:
    """A recording of the talk over and over, not yet finished; all of it is on the disk but the last moments."""
    made = talk(_LOOP_S)
    recorder = Recorder(path, lambda _: None)
    recorder.start()
    recorder.describe(made.video)
    recorder.describe(made.audio)
    pictures = [replace(p, data=_filled(p.data, _PICTURE_BYTES)) for p in made.pictures]
    sounds = [replace(s, data=s.data.ljust(_SOUND_BYTES, b"\x07")) for s in made.sounds]
    heard = 0
    for number in range(seconds * 30):
        at_s = number / 30
        while recorder.saved_s < at_s - _BACKLOG_S:
            time.sleep(0.01)
        recorder.put("video", replace(pictures[number % len(pictures)], pts=number * 3000))
        while heard * 1024 / 48_000 < at_s + 1 / 30:
            sound: Sample = sounds[heard % len(sounds)]
            recorder.put("audio", replace(sound, pts=heard * 1024))
            heard += 1
    while recorder.saved_s < seconds - 1:
        time.sleep(0.01)
    return recorder


async def long_event(folder: Path, hours: float) -> dict[str, Any]:
    """One event of `hours`, then the same length in two halves, laid ahead while the second one is live."""
    storage = Storage.open(Settings.read(data_dir=folder))
    spool = Spool(folder / "spool", storage)
    seconds = round(hours * 3600)
    recorder = record(spool.path("one", "1-a"), seconds)
    ended = time.perf_counter()
    recorder.finish()
    recorder.join()
    closed_s = time.perf_counter() - ended
    notice = await spool.store("one", "1-a", recorder.path, recorder.duration_s, recorder.sha256)
    ready_s = time.perf_counter() - ended
    path = storage.local_path(notice.key)
    assert path is not None
    began = time.perf_counter()
    heard = await spool.store_sound(notice)
    sound_s = time.perf_counter() - began
    assert heard is not None

    def digest() -> str:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    whole_s, value = _timed(digest)
    assert value == notice.sha256
    await storage.remove_all("recordings/one")

    first = record(spool.path("two", "1-a"), seconds // 2)
    first.finish()
    first.join()
    await spool.store("two", "1-a", first.path, first.duration_s, first.sha256)
    second = record(spool.path("two", "2-b"), seconds // 2)
    while await spool.join_ahead("two", "2-b", second.heads):
        pass
    os.sync()  # in real time an hour would have passed
    ended = time.perf_counter()
    second.finish()
    second.join()
    joined = await spool.store_joined("two", "2-b", second.path, second.duration_s, second.sha256)
    joined_s = time.perf_counter() - ended
    await spool.forget("2-b")
    await storage.remove_all("recordings/two")
    return {
        "hours": hours,
        "bytes": notice.bytes,
        "closed_s": round(closed_s, 3),
        "in_store_s": round(ready_s, 3),
        "sound_alone_s": round(sound_s, 2),
        "sound_bytes": heard.audio_bytes,
        "hashing_all_of_it_s": round(whole_s, 2),
        "two_halves_in_store_s": round(joined_s, 2),
        "joined_bytes": joined.bytes,
    }


def _timed(work: Callable[[], str]) -> tuple[float, str]:
    began = time.perf_counter()
    value = work()
    return time.perf_counter() - began, value


def kills(folder: Path, count: int) -> dict[str, Any]:
    """What killed recorders lose of the pictures that were given to them."""
    made = talk(10)
    write_talk(made, folder / "talk")
    chance = random.Random()
    lost, broken = [], 0
    for number in range(count):
        path = folder / f"{number}.mp4"
        told = killed(path, folder / "talk", chance, len(made.pictures), "clock")
        repair(path)
        report = probe(path)
        broken += bool(report.errors or report.gaps or report.duration_s < told.saved_s)
        lost.append(told.put_s - report.duration_s)
    return {
        "kills": count,
        "lost_s_worst": round(max(lost), 2),
        "lost_s_mean": round(sum(lost) / count, 2),
        "broken": broken,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=2.0)
    parser.add_argument("--kills", type=int, default=20)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="webinar-recording-") as name:
        if arguments.hours:
            print(json.dumps(asyncio.run(long_event(Path(name), arguments.hours))), flush=True)
        if arguments.kills:
            print(json.dumps(kills(Path(name), arguments.kills)), flush=True)


if __name__ == "__main__":
    main()
