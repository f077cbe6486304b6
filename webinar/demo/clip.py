"""A user's own clip as a source: looped for ever, at most 1280x720, 30 pictures a second, sound or silence.

Pictures and sound are read by two decoders of their own, for each track asks at its own pace. Both go round after the
same period, so picture and sound stay as far apart as they are in the file.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from webinar.demo.source import BLOCK, FRAME_RATE, MAX_HEIGHT, MAX_WIDTH, SAMPLE_RATE, Samples, UnusableClip, pixels

_SHORTEST_S: Final = 0.5  # a shorter "clip" is a still picture
_DRIFT: Final = SAMPLE_RATE // 25  # samples: timestamps may be this far off before anything is done about it

_Pictures = Generator[tuple[float, av.VideoFrame], None, None]


@dataclass(frozen=True, slots=True)
class _Form:
    """What was found in the file."""

    path: Path
    video: int  # index of the stream
    audio: int | None
    begins_s: float  # of the earliest stream
    period_s: float
    pixel_aspect: float  # width of a pixel over its height


class Clip:
    """The source. Raises `UnusableClip` at once for a file that cannot be read or has no moving picture."""

    def __init__(self, path: Path) -> None:
        with _opened(path) as container:
            self._form = _examine(path, container)
        self.begin().close()

    def begin(self) -> ClipProgram:
        """The clip from its start."""
        return ClipProgram(self._form)


def _opened(path: Path) -> InputContainer:
    try:
        return av.open(str(path), "r")
    except (OSError, av.FFmpegError) as error:
        raise UnusableClip(f"{path}: cannot be read as a clip ({error.strerror})") from error


def _examine(path: Path, container: InputContainer) -> _Form:
    videos = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    if not videos:
        raise UnusableClip(f"{path}: has no video")
    audios = container.streams.audio
    begins_s = (container.start_time or 0) / av.time_base
    period_s = container.duration / av.time_base if container.duration else _end_s(container) - begins_s
    if period_s < _SHORTEST_S:
        raise UnusableClip(f"{path}: is a still picture or shorter than {_SHORTEST_S} s")
    whole_frames = round(period_s * FRAME_RATE) / FRAME_RATE
    audio = audios[0].index if audios else None
    return _Form(path, videos[0].index, audio, begins_s, whole_frames, float(videos[0].sample_aspect_ratio or 1))


def _end_s(container: InputContainer) -> float:
    """The end of the last packet: for files that do not say how long they are, such as a browser's WebM."""
    end = 0.0
    try:
        for packet in container.demux():
            if packet.pts is not None and packet.time_base is not None:
                end = max(end, float((packet.pts + (packet.duration or 0)) * packet.time_base))
    except av.FFmpegError:
        pass  # a torn file is as long as what can be read of it
    return end


def _frames(container: InputContainer, stream: VideoStream | AudioStream) -> Iterator[av.VideoFrame | av.AudioFrame]:
    """What can be decoded of a stream. Damaged packets are passed over, a torn file ends where it is torn."""
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except av.FFmpegError:
            return
        if packet is None:
            return
        try:
            frames = packet.decode()
        except av.FFmpegError:
            continue
        yield from cast("list[av.VideoFrame | av.AudioFrame]", frames)


def _all_pictures(form: _Form) -> _Pictures:
    """(time of display in s, frame) for ever."""
    turn = 0
    while True:
        shown = 0
        with _opened(form.path) as container:
            stream = cast("VideoStream", container.streams[form.video])
            stream.thread_type = "AUTO"
            for frame in _frames(container, stream):
                at = (frame.time or 0.0) - form.begins_s
                if at >= form.period_s:
                    break
                shown += 1
                yield turn * form.period_s + max(at, 0.0), cast("av.VideoFrame", frame)
        if not shown:
            raise UnusableClip(f"{form.path}: no picture of it can be decoded")
        turn += 1


def _all_samples(form: _Form) -> Generator[Samples, None, None]:
    """48 kHz stereo for ever, each turn exactly one period; silence where the clip has no sound."""
    length = round(form.period_s * SAMPLE_RATE)
    while True:
        written = 0
        for at, samples in _turn_of_samples(form):
            while at - written > _DRIFT and written < length:
                silence = min(SAMPLE_RATE, at - written, length - written)
                yield np.zeros((silence, 2), np.int16)
                written += silence
            if written - at > _DRIFT:
                continue
            piece = samples[: length - written]
            written += len(piece)
            yield piece
        while written < length:
            silence = min(SAMPLE_RATE, length - written)
            yield np.zeros((silence, 2), np.int16)
            written += silence


def _turn_of_samples(form: _Form) -> Iterator[tuple[int, Samples]]:
    """(place in samples, samples) of the clip once through."""
    if form.audio is None:
        return
    with _opened(form.path) as container:
        resampler = av.AudioResampler(format="s16", layout="stereo", rate=SAMPLE_RATE)
        for frame in _frames(container, cast("AudioStream", container.streams[form.audio])):
            at = round(((frame.time or 0.0) - form.begins_s) * SAMPLE_RATE)
            if at >= form.period_s * SAMPLE_RATE:
                return
            for out in resampler.resample(cast("av.AudioFrame", frame)):
                samples = cast("Samples", out.to_ndarray()).reshape(-1, 2)
                yield at, samples
                at += len(samples)


class ClipProgram:
    """The clip from its start on."""

    def __init__(self, form: _Form) -> None:
        self._form = form
        self._pictures = _all_pictures(form)
        self._samples = _all_samples(form)
        self._fitting = _Fitting(form.pixel_aspect)
        self._next_due_s, self._next = next(self._pictures)
        self._shown = self._fitting.fit(self._next)
        self._rest: Samples = np.zeros((0, 2), np.int16)

    def picture(self, n: int, wall_ms: int) -> av.VideoFrame:
        """The last picture of the clip that is due at n/30 s."""
        newest: av.VideoFrame | None = None
        while self._next_due_s <= n / FRAME_RATE:
            newest = self._next
            self._next_due_s, self._next = next(self._pictures)
        if newest is not None:
            self._shown = self._fitting.fit(newest)
        return self._shown

    def sound(self, k: int) -> Samples:
        while len(self._rest) < BLOCK:
            self._rest = np.concatenate((self._rest, next(self._samples)))
        block, self._rest = self._rest[:BLOCK], self._rest[BLOCK:]
        return np.ascontiguousarray(block)

    def close(self) -> None:
        self._pictures.close()
        self._samples.close()


class _Fitting:
    """Brings pictures of any size, shape of pixel and rotation to one size within 1280x720."""

    def __init__(self, pixel_aspect: float) -> None:
        self._pixel_aspect = pixel_aspect
        self._scaler = VideoReformatter()
        self._size: tuple[int, int] | None = None  # before turning; the encoder keeps the first for the whole run

    def fit(self, frame: av.VideoFrame) -> av.VideoFrame:
        quarters = round((frame.rotation or 0) / 90) % 4
        if self._size is None:
            self._size = _size(frame.width * self._pixel_aspect, frame.height, turned=quarters % 2 == 1)
        width, height = self._size
        fitted = self._scaler.reformat(frame, width, height, "yuv420p", interpolation="BILINEAR")
        return _turned(fitted, quarters) if quarters else fitted


def _size(width: float, height: float, *, turned: bool) -> tuple[int, int]:
    """Width and height, even, with square pixels, that fit into the largest canvas when turned as asked; never more
    than the clip has.
    """
    room = (MAX_HEIGHT, MAX_WIDTH) if turned else (MAX_WIDTH, MAX_HEIGHT)
    scale = min(1.0, room[0] / width, room[1] / height)
    return max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2)


def _turned(frame: av.VideoFrame, quarters: int) -> av.VideoFrame:
    """The picture turned counterclockwise, as a phone's display matrix asks for."""
    width, height = (frame.height, frame.width) if quarters % 2 else (frame.width, frame.height)
    turned = av.VideoFrame(width, height, "yuv420p")
    for source, target in zip(frame.planes, turned.planes, strict=True):
        pixels(target)[:] = np.rot90(pixels(source), quarters)
    return turned
