"""A part of a recording as a file of its own, with chapters."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import av
import pytest

from ingest.contract import Chapter, within
from ingest.record.parsing import NotARecording
from ingest.record.trim import trim
from tests.media.mp4_probe import probe
from tests.media.spooled import closed, spool_in, two_halves

CHAPTERS = (Chapter(0.0, "시작"), Chapter(2.0, "두 번째 순서"), Chapter(3.5, "질문: 왜?"))


def packets(path: Path, kind: str) -> list[bytes]:
    with av.open(str(path), "r") as container:
        streams = container.streams.video if kind == "video" else container.streams.audio
        return [bytes(p) for p in container.demux(streams[0]) if p.size]


def chapters(path: Path) -> list[tuple[float, str]]:
    with av.open(str(path), "r") as container:
        return [
            (round(float(one["start"] * (one["time_base"] or 0)), 3), one["metadata"].get("title", ""))
            for one in container.chapters()
        ]


@pytest.fixture
def film(tmp_path: Path) -> Path:
    return closed(tmp_path / "film.mp4", 8, group_bytes=4096).path


def test_the_whole_with_chapters_has_the_same_frames_and_plays_while_it_loads(film: Path, tmp_path: Path) -> None:
    target, steps = tmp_path / "made.mp4", list[float]()
    made = trim(film, target, chapters=CHAPTERS, progress=steps.append)
    assert (packets(target, "video"), packets(target, "audio")) == (packets(film, "video"), packets(film, "audio"))
    report = probe(target)
    assert (report.errors, report.gaps) == ([], [])
    assert chapters(target) == [(0.0, "시작"), (2.0, "두 번째 순서"), (3.5, "질문: 왜?")]
    data = target.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    assert (made.bytes, made.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert made.begins_s == 0.0
    assert made.ends_s == pytest.approx(8.0, abs=0.03)
    assert steps[-1] == 1.0


def test_a_part_begins_at_the_key_frame_before_and_decodes_without_a_gap(film: Path, tmp_path: Path) -> None:
    target = tmp_path / "made.mp4"
    made = trim(film, target, 3.4, 6.2, CHAPTERS)
    assert 3.4 - 2.0 <= made.begins_s <= 3.4
    assert made.ends_s == pytest.approx(6.2, abs=0.03)
    report = probe(target)
    assert (report.errors, report.gaps) == ([], [])
    assert report.duration_s == pytest.approx(made.ends_s - made.begins_s, abs=0.03)
    assert abs((report.video_start_s or 0) - (report.audio_start_s or 0)) < 0.02
    pictures, sounds = packets(film, "video"), packets(film, "audio")
    for kind, whole in (("video", pictures), ("audio", sounds)):
        part = packets(target, kind)
        first = whole.index(part[0])
        assert whole[first : first + len(part)] == part
    first_at_s = pictures.index(packets(target, "video")[0]) / (len(pictures) / 8)
    assert first_at_s == pytest.approx(made.begins_s, abs=0.001)
    assert chapters(target)[0] == (0.0, "두 번째 순서" if made.begins_s >= 2 else "시작")
    assert ("질문: 왜?" in dict(map(reversed, chapters(target)))) == (made.begins_s < 3.5)  # type: ignore[arg-type]


async def test_a_part_across_the_seam_of_joined_halves_decodes(tmp_path: Path) -> None:
    spool, storage = spool_in(tmp_path)
    await two_halves(spool)
    (key,) = [key for key in await storage.list_keys("recordings/event") if key.endswith("2-b.mp4")]
    target = tmp_path / "made.mp4"
    trim(storage.local_path(key) or Path(), target, 1.0, None, CHAPTERS)
    report = probe(target)
    assert (report.errors, [gap for gap in report.gaps if gap.kind == "audio"]) == ([], [])


def test_nothing_is_left_of_a_part_in_which_nothing_is(film: Path, tmp_path: Path) -> None:
    target = tmp_path / "made.mp4"
    with pytest.raises(NotARecording):
        trim(film, target, 4.0, 4.0)
    assert not target.exists()


def test_the_command_tells_how_far_it_is_and_what_it_made(film: Path, tmp_path: Path) -> None:
    wish = {"from_s": 2.0, "to_s": None, "chapters": [{"at_s": 2.0, "title": "둘"}]}
    (tmp_path / "wish").write_text(json.dumps(wish), "utf-8")
    run = [sys.executable, "-m", "ingest.record.trim", *(str(tmp_path / n) for n in ("film.mp4", "made.mp4", "wish"))]
    done = subprocess.run(run, capture_output=True, text=True, check=True)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines[-2:] == [{"progress": 1.0}, {"done": lines[-1]["done"]}]
    assert lines[-1]["done"]["bytes"] == (tmp_path / "made.mp4").stat().st_size
    run[3] = str(tmp_path / "missing.mp4")
    failed = subprocess.run(run, capture_output=True, text=True, check=False)
    assert (failed.returncode, "problem" in json.loads(failed.stdout)) == (1, True)


def test_chapters_of_a_part_are_on_its_clock() -> None:
    assert within(CHAPTERS, 2.5, 3.6) == [Chapter(0.0, "두 번째 순서"), Chapter(1.0, "질문: 왜?")]
    assert within(CHAPTERS, 0.0, 3.5) == [CHAPTERS[0], CHAPTERS[1]]
    assert within((Chapter(5.0, "later"),), 1.0, 9.0) == [Chapter(4.0, "later")]
    assert within((), 0.0, 10.0) == []
