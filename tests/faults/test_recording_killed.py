"""A recorder killed at any moment: what it said was saved is there, repaired, and joined with what follows."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from ingest.record.spool import Spool
from tests.media.encoded import talk
from tests.media.mp4_probe import probe
from tests.media.reading import watch
from tests.media.recording_child import killed, write_talk
from tests.media.spooled import closed
from webinar.base.settings import Settings
from webinar.base.storage import Storage

_SECONDS = 10
_PICTURE_S, _AAC_FRAME_S = 1 / 30, 1024 / 48_000


@pytest.mark.parametrize("seed", [random.randrange(10**6) for _ in range(3)], ids=range(3))
async def test_a_killed_recorder_loses_at_most_a_second_and_the_next_half_joins_without_a_seam(
    tmp_path: Path, seed: int
) -> None:
    made = talk(_SECONDS)
    write_talk(made, tmp_path / "talk")
    storage = Storage.open(Settings.read(data_dir=tmp_path))
    spool = Spool(tmp_path / "spool", storage)
    first = spool.path("event", "1-a")
    told = killed(first, tmp_path / "talk", random.Random(seed), len(made.pictures))

    (half,) = await spool.sweep(frozenset())
    stored = storage.local_path(half.key)
    assert stored is not None
    first_report = report = probe(stored)
    assert (report.errors, report.gaps) == ([], [])
    assert half.duration_s == pytest.approx(report.duration_s, abs=0.002)
    assert report.duration_s >= told.saved_s
    assert report.duration_s >= told.put_s - 1.0

    second = closed(spool.path("event", "2-b"), 4)
    whole = await spool.store_joined("event", "2-b", second.path, second.duration_s, second.sha256)
    joined = storage.local_path(whole.key)
    assert joined is not None
    report = probe(joined)
    assert report.errors == []
    # Halves meet where the sound of the first ends: the picture being written to it may have come first.
    sound_s = (first_report.audio_start_s or 0) + first_report.audio_duration_s
    assert half.duration_s - sound_s < _PICTURE_S + _AAC_FRAME_S
    assert whole.duration_s == pytest.approx(sound_s + second.duration_s, abs=0.002)
    assert report.duration_s == pytest.approx(whole.duration_s, abs=0.002)
    seen = watch(joined)
    assert len(seen.lip_sync()) == len(seen.flashes) >= int(half.duration_s) + 4
    assert max(map(abs, seen.lip_sync())) < 0.04
