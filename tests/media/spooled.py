"""Recordings written by the real recorder, for tests of what becomes of them."""

from __future__ import annotations

from pathlib import Path

from ingest.record.recorder import Recorder
from tests.media.encoded import Talk, talk


def feed(recorder: Recorder, made: Talk, lost: range = range(0)) -> None:
    """Gives a talk to a recorder in the order of time; pictures with a number in `lost` are left out."""
    recorder.describe(made.audio)
    recorder.describe(made.video)
    samples = [("video", s, s.pts / 90_000) for n, s in enumerate(made.pictures) if n not in lost]
    samples += [("audio", s, s.pts / 48_000) for s in made.sounds]
    for kind, sample, _ in sorted(samples, key=lambda s: s[2]):
        recorder.put("video" if kind == "video" else "audio", sample)


def closed(path: Path, seconds: int = 4) -> Recorder:
    """A recording that ended in order."""
    ends: list[Exception | None] = []
    recorder = Recorder(path, ends.append)
    recorder.start()
    feed(recorder, talk(seconds))
    recorder.finish()
    recorder.join(10)
    assert ends == [None]
    return recorder


def torn(path: Path, seconds: int = 4) -> bytes:
    """What the file of `closed` held a moment before it was closed."""
    closed(path, seconds)
    data = path.read_bytes()
    end = data.index(b"mdat") - 4
    (large,) = (int.from_bytes(data[end + 8 : end + 16], "big"),)
    whole = data[: end + large]
    live = whole[:end] + (16).to_bytes(4, "big") + b"free" + bytes(8) + whole[end + 16 :]
    path.write_bytes(live)
    return live
