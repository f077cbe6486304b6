"""The measuring instruments, measured: on files whose faults are known."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from tests.media.lipsync_probe import flash_beep_offsets, match
from tests.media.mp4_probe import probe
from webinar.demo.source import BLOCK
from webinar.demo.talk import Talk, TalkProgram

NOW = 1_764_012_345_000


@pytest.fixture(scope="module")
def talk() -> Talk:
    return Talk()


def make(path: Path, talk: Talk, *, seconds: int, sound_late_s: float = 0.0, drop: range = range(0)) -> Path:
    """The talk as 240p MP4; the pictures of `drop` are left out."""
    program = TalkProgram(talk._slides, talk._speech)  # noqa: SLF001 - from program time 0
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=30, options={"preset": "ultrafast", "tune": "zerolatency"})
        video.width, video.height, video.pix_fmt, video.bit_rate = 426, 240, "yuv420p", 300_000
        audio = container.add_stream("aac", rate=48_000)
        for n in range(seconds * 30):
            if n not in drop:
                frame = program.picture(n, NOW + n * 40).reformat(426, 240, "yuv420p")
                frame.pts, frame.time_base = n, Fraction(1, 30)
                container.mux(video.encode(frame))
        for k in range(seconds * 50):
            sound = av.AudioFrame.from_ndarray(program.sound(k).reshape(1, -1), format="s16", layout="stereo")
            sound.sample_rate, sound.time_base = 48_000, Fraction(1, 48_000)
            sound.pts = k * BLOCK + round(sound_late_s * 48_000)
            container.mux(audio.encode(sound))
        container.mux(video.encode(None))
        container.mux(audio.encode(None))
    return path


@pytest.fixture(scope="module")
def whole(talk: Talk, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eleven faultless seconds: three flashes, two slides."""
    return make(tmp_path_factory.mktemp("talk") / "talk.mp4", talk, seconds=11)


def test_the_lip_sync_probe_finds_none_where_none_was_made(whole: Path) -> None:
    offsets = flash_beep_offsets(whole)
    assert len(offsets) == 3
    assert offsets == pytest.approx([0] * 3, abs=0.002)
    with av.open(str(whole), "r") as container:
        assert flash_beep_offsets(container) == offsets


def test_the_lip_sync_probe_finds_the_offset_that_was_made(tmp_path: Path, talk: Talk) -> None:
    offsets = flash_beep_offsets(make(tmp_path / "talk.mp4", talk, seconds=6, sound_late_s=0.08))
    assert offsets == pytest.approx([0.08] * 2, abs=0.002)


def test_a_flash_without_a_beep_gives_no_offset() -> None:
    assert match([0.0, 5.0, 10.0], [0.01, 10.02]) == pytest.approx([0.01, 0.02])
    assert match([0.0], []) == []


def test_a_whole_recording_is_reported_whole(whole: Path) -> None:
    report = probe(whole, read_burned_time=True)
    assert report.errors == []
    assert report.gaps == []
    assert (report.frames, report.width, report.height) == (330, 426, 240)
    assert (report.video_codec, report.audio_codec) == ("h264", "aac")
    assert report.duration_s == pytest.approx(11.0, abs=0.05)
    assert report.container_duration_s == pytest.approx(11.0, abs=0.05)
    assert report.burned_ms == [NOW + n * 40 for n in range(330)]


def test_pictures_that_are_missing_are_a_gap(tmp_path: Path, talk: Talk) -> None:
    report = probe(make(tmp_path / "talk.mp4", talk, seconds=3, drop=range(60, 75)))
    (gap,) = report.gaps
    assert gap.kind == "video"
    assert gap.at_s == pytest.approx(59 / 30, abs=0.001)
    assert gap.length_s == pytest.approx(0.5, abs=0.001)


def test_damage_and_a_torn_end_are_errors(tmp_path: Path, whole: Path) -> None:
    sound = whole.read_bytes()
    damaged = bytearray(sound)
    middle = len(sound) // 3
    damaged[middle : middle + 4000] = np.random.default_rng(1).bytes(4000)
    (tmp_path / "damaged.mp4").write_bytes(damaged)
    (tmp_path / "torn.mp4").write_bytes(sound[: len(sound) // 2])
    assert probe(tmp_path / "damaged.mp4").errors
    assert probe(tmp_path / "torn.mp4").errors
    with pytest.raises(FileNotFoundError):
        probe(tmp_path / "none.mp4")
