"""Recordings written by the real recorder, for tests of what becomes of them."""

from __future__ import annotations

import asyncio
from pathlib import Path

from ingest.contract import RecordingClosed
from ingest.record.movie import GROUP_BYTES, HEAD, PLACE, hiding
from ingest.record.recorder import Recorder
from ingest.record.spool import Spool
from tests.media.encoded import Talk, talk
from tests.waiting import until
from webinar.base.settings import Settings
from webinar.base.storage import Storage

_GROUP = 4096  # bytes: many in a few seconds


def feed(recorder: Recorder, made: Talk, lost: range = range(0), *, pictures_late_s: float = 0.0) -> None:
    """Gives a talk to a recorder in the order of time; pictures with a number in `lost` are left out.

    `pictures_late_s`: how much later than the sound of their moment they come, or earlier when it is negative.
    """
    recorder.describe(made.audio)
    recorder.describe(made.video)
    samples = [("video", s, s.pts / 90_000 + pictures_late_s) for n, s in enumerate(made.pictures) if n not in lost]
    samples += [("audio", s, s.pts / 48_000) for s in made.sounds]
    for kind, sample, _ in sorted(samples, key=lambda s: s[2]):
        recorder.put("video" if kind == "video" else "audio", sample)


def closed(path: Path, seconds: int = 4, group_bytes: int = GROUP_BYTES, *, pictures_late_s: float = 0.0) -> Recorder:
    """A recording that ended in order."""
    ends: list[Exception | None] = []
    recorder = Recorder(path, ends.append, group_bytes=group_bytes)
    recorder.start()
    feed(recorder, talk(seconds), pictures_late_s=pictures_late_s)
    recorder.finish()
    recorder.join(10)
    assert ends == [None]
    return recorder


def torn(path: Path, seconds: int = 4, group_bytes: int = GROUP_BYTES, *, pictures_late_s: float = 0.0) -> bytes:
    """What the file of `closed` held a moment before it was closed."""
    closed(path, seconds, group_bytes, pictures_late_s=pictures_late_s)
    data = bytearray(path.read_bytes())
    at = len(HEAD)
    while data[at : at + 8] == hiding(0)[:8]:
        size = int.from_bytes(data[at + 8 : at + 16], "big")
        data[at : at + 16] = PLACE
        at += size
    path.write_bytes(data[:at])
    return bytes(data[:at])


def spool_in(folder: Path, storage_url: str | None = None) -> tuple[Spool, Storage]:
    """A spool and a store of a folder's, or one that is elsewhere."""
    storage = Storage.open(Settings.read(data_dir=folder, storage_url=storage_url))
    return Spool(folder / "spool", storage), storage


def left_in(folder: Path) -> list[str]:
    """Names of the files in the spool of `spool_in`."""
    return sorted(path.name for path in (folder / "spool").glob("*/*"))


async def two_halves(spool: Spool) -> RecordingClosed:
    """The second half, stored at the end of its event."""
    first = closed(spool.path("event", "1-a"), 2)
    await spool.store_sound(await spool.store("event", "1-a", first.path, first.duration_s))
    last = closed(spool.path("event", "2-b"), 2)
    notice = await spool.store_joined("event", "2-b", last.path, last.duration_s)
    await spool.store_sound(notice)
    return notice


async def live(spool: Spool, session: str, seconds: int = 4) -> Recorder:
    """A recorder that has most of a talk in its file, in many groups, and goes on."""
    recorder = Recorder(spool.path("event", session), lambda _: None, group_bytes=_GROUP)
    recorder.start()
    feed(recorder, talk(seconds))
    await until(lambda: recorder.saved_s >= seconds - 1, what="nothing was written")
    return recorder


async def lay_ahead(spool: Spool, recorder: Recorder) -> None:
    """All that can be laid down while the recorder's session is live."""
    while await spool.join_ahead("event", recorder.path.stem, recorder.heads):
        pass


async def end(spool: Spool, recorder: Recorder) -> RecordingClosed:
    """Of the event, in the session of the recorder."""
    recorder.finish()
    await asyncio.to_thread(recorder.join)
    session = recorder.path.stem
    notice = await spool.store_joined("event", session, recorder.path, recorder.duration_s, recorder.sha256)
    await spool.forget(session)
    return notice


async def stored_half(spool: Spool, session: str = "1-a") -> RecordingClosed:
    """A session that was interrupted."""
    half = closed(spool.path("event", session), 2, _GROUP)
    return await spool.store("event", session, half.path, half.duration_s, half.sha256)
