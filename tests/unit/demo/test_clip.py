from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from webinar.demo.clip import Clip
from webinar.demo.source import BLOCK, UnusableClip, pixels


def make(
    path: Path,
    *,
    size: tuple[int, int] = (320, 180),
    seconds: float = 1.0,
    fps: int = 10,
    tone: bool = True,
    rotation: int = 0,
    aspect: Fraction | None = None,
) -> Path:
    """A clip whose pictures have the luma 40 + 10 (n % 20) (upper half black), with a 440 Hz tone."""
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264" if path.suffix == ".mp4" else "libvpx", rate=fps)
        video.width, video.height, video.pix_fmt = *size, "yuv420p"
        if aspect is not None:
            video.codec_context.sample_aspect_ratio = aspect
        if rotation:
            video.set_display_rotation(rotation)
        audio = container.add_stream("aac" if path.suffix == ".mp4" else "libopus", rate=48_000) if tone else None
        for n in range(round(seconds * fps)):
            frame = av.VideoFrame(*size, "yuv420p")
            for plane, level in zip(frame.planes, (40 + 10 * (n % 20), 128, 128), strict=True):
                pixels(plane)[:] = level
            pixels(frame.planes[0])[: size[1] // 2] = 16
            frame.pts = n
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        if audio is not None:
            samples = (8000 * np.sin(2 * np.pi * 440 * np.arange(round(seconds * 48_000)) / 48_000)).astype(np.int16)
            for start in range(0, len(samples), BLOCK):
                block = np.repeat(samples[start : start + BLOCK], 2).reshape(1, -1)
                sound = av.AudioFrame.from_ndarray(block, format="s16", layout="stereo")
                sound.sample_rate, sound.pts = 48_000, start
                container.mux(audio.encode(sound))
            container.mux(audio.encode(None))
    return path


def level(frame: av.VideoFrame) -> float:
    """Mean luma of the lower half."""
    return float(pixels(frame.planes[0])[frame.height // 2 + 4 :].mean())


def test_pictures_are_shown_when_they_are_due_and_the_clip_goes_round(tmp_path: Path) -> None:
    program = Clip(make(tmp_path / "clip.mp4", tone=False)).begin()
    levels = [level(program.picture(n, 0)) for n in range(60)]
    program.close()
    expected = [40 + 10 * (n // 3 % 10) for n in range(60)]
    assert levels == pytest.approx(expected, abs=4)


def test_sound_goes_round_with_the_pictures(tmp_path: Path) -> None:
    program = Clip(make(tmp_path / "clip.mp4")).begin()
    period = round(program._form.period_s * 50)  # noqa: SLF001 - in blocks of 20 ms
    blocks = [program.sound(k) for k in range(2 * period)]
    program.close()
    assert {b.shape for b in blocks} == {(BLOCK, 2)}
    assert {b.dtype for b in blocks} == {np.dtype(np.int16)}
    again = np.concatenate(blocks[period : period + 40]).astype(float), np.concatenate(blocks[:40]).astype(float)
    assert np.abs(again[0]).max() > 6000
    assert np.corrcoef(again[0][:, 0], again[1][:, 0])[0, 1] > 0.95


def test_a_clip_without_sound_is_silent(tmp_path: Path) -> None:
    program = Clip(make(tmp_path / "clip.mp4", tone=False)).begin()
    assert not np.concatenate([program.sound(k) for k in range(100)]).any()
    program.close()


@pytest.mark.parametrize(
    ("size", "shown"),
    [((320, 180), (320, 180)), ((1920, 1080), (1280, 720)), ((1080, 1920), (404, 720)), ((642, 362), (642, 362))],
)
def test_it_is_scaled_down_to_720p_and_never_up(tmp_path: Path, size: tuple[int, int], shown: tuple[int, int]) -> None:
    program = Clip(make(tmp_path / "clip.mp4", size=size, tone=False)).begin()
    frame = program.picture(0, 0)
    program.close()
    assert (frame.width, frame.height, frame.format.name) == (*shown, "yuv420p")


def test_pixels_that_are_not_square_are_made_square(tmp_path: Path) -> None:
    program = Clip(make(tmp_path / "clip.mp4", aspect=Fraction(2, 1), tone=False)).begin()
    frame = program.picture(0, 0)
    program.close()
    assert (frame.width, frame.height) == (640, 180)


def test_a_phones_rotation_is_applied(tmp_path: Path) -> None:
    program = Clip(make(tmp_path / "clip.mp4", rotation=90, tone=False)).begin()
    frame = program.picture(0, 0)
    program.close()
    assert (frame.width, frame.height) == (180, 320)
    left, right = np.hsplit(pixels(frame.planes[0]), 2)
    assert left.mean() < right.mean(), "counterclockwise: what was above is on the left"


def test_a_file_that_names_no_duration_is_measured(tmp_path: Path) -> None:
    """As a browser's MediaRecorder writes it."""
    whole = make(tmp_path / "clip.webm", tone=False)
    with av.open(str(whole)) as container, av.open(str(tmp_path / "live.webm"), "w", options={"live": "1"}) as out:
        stream = out.add_stream_from_template(container.streams.video[0])
        for packet in container.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                out.mux(packet)
    program = Clip(tmp_path / "live.webm").begin()
    assert program._form.period_s == pytest.approx(1.0, abs=0.15)  # noqa: SLF001
    program.close()


def test_a_torn_file_plays_as_far_as_it_goes(tmp_path: Path) -> None:
    whole = make(tmp_path / "clip.webm", seconds=3)
    torn = tmp_path / "torn.webm"
    torn.write_bytes(whole.read_bytes()[: whole.stat().st_size * 2 // 3])
    program = Clip(torn).begin()
    frames = [program.picture(n, 0) for n in range(150)]
    blocks = [program.sound(k) for k in range(250)]
    program.close()
    assert len(frames) == 150
    assert len(blocks) == 250


def _text(path: Path) -> Path:
    path.write_text("not a clip")
    return path


def _sound_only(path: Path) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=48_000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 96_000), np.int16), format="s16", layout="stereo")
        frame.sample_rate = 48_000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def _still(path: Path) -> Path:
    Image.new("RGB", (64, 64)).save(path)
    return path


def test_what_is_no_clip_is_refused_in_one_line_that_names_the_file(tmp_path: Path) -> None:
    cases = {
        tmp_path / "none.mp4": "No such file or directory",
        tmp_path: "Is a directory",
        _text(tmp_path / "text.mp4"): "Invalid data",
        _sound_only(tmp_path / "sound.mp4"): "has no video",
        _still(tmp_path / "still.png"): "still picture",
    }
    for path, words in cases.items():
        with pytest.raises(UnusableClip) as caught:
            Clip(path)
        assert words in caught.value.message
        assert caught.value.message.startswith(f"{path}: ")
        assert "\n" not in caught.value.message


def test_a_clip_that_vanishes_while_it_plays_says_so(tmp_path: Path) -> None:
    path = make(tmp_path / "clip.mp4", tone=False)
    program = Clip(path).begin()
    path.unlink()
    with pytest.raises(UnusableClip, match="No such file"):
        program.picture(60, 0)
    program.close()
