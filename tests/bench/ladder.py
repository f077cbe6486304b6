"""The whole ladder's CPU against the FFmpeg command line doing the same: decode, scale, encode, AAC, Opus, fMP4.

`python -m tests.bench.ladder [--seconds N] [--rounds R] [--ladder 1080p,720p,…] [--instructions]`. The same clip (the
generated talk, H.264 at 30 in the top rung's size, so that neither enlarges it, and Opus), the same settings of
libx264, one thread a codec. Ours is what a live session runs: decoders, canvas, workers, outlets with their parts,
units and bus messages; only the network and waiting for the clock are missing. CPU is user and system time of the
whole process after its imports, which a service pays once. Rounds alternate; the median counts. Rounds of one and the
same command differ by up to half on a shared machine, so `--instructions` counts those instead: the same number every
time.
"""

from __future__ import annotations

import argparse
import datetime
import json
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
from av.bitstream import BitStreamFilterContext
from av.video.reformatter import VideoReformatter

from ingest.accept.sink import CodecName, EncodedFrame
from ingest.contract import AUDIO_CLOCK, Message
from ingest.encode.encoder import AudioEncoder, EncodedUnit, H264Encoder
from ingest.encode.ladder import FRAME_RATE, GOP_FRAMES, Ladder, Rung, choose
from ingest.encode.queue import SOUNDS, PictureQueue, SoundQueue
from ingest.encode.worker import Worker
from ingest.outlet import AacOutlet, Identity, OpusOutlet, VideoOutlet
from ingest.program.canvas import Canvas
from ingest.program.clock import SystemClock
from ingest.program.decode import AudioDecoder, VideoDecoder
from ingest.program.opus import Libopus
from ingest.program.raw import Picture, Samples, Sound
from ingest.program.source import Source
from tests.bench.instructions import instructions
from tests.bench.ladder_ffmpeg import command, theirs
from webinar.demo.source import BLOCK
from webinar.demo.talk import Talk

_SOUND_WAITING: Final = 8  # packets of sound under way to the decoder: more, and it runs ahead of the encoders
_SHORT_S: Final = 2.0  # of talk, taken off a longer one: both start alike
_WAITING: Final = 5  # frames under way: more, and the decoder would leave pictures out


def make_clip(path: Path, seconds: float, top: Rung) -> None:
    """The generated talk as a presenter's browser would send it for a ladder with this top rung, in one file."""
    program, scaler = Talk().begin(), VideoReformatter()
    with av.open(str(path), "w", format="matroska") as container:
        video = container.add_stream("libx264", rate=FRAME_RATE)
        video.width, video.height, video.pix_fmt, video.bit_rate = (
            top.width,
            top.height,
            "yuv420p",
            top.bitrate * 7 // 5,
        )
        video.options = {"preset": "superfast", "tune": "zerolatency", "profile": "baseline"}
        audio = container.add_stream("libopus", rate=AUDIO_CLOCK, layout="stereo")
        for number in range(round(seconds * FRAME_RATE)):
            frame = scaler.reformat(program.picture(number, number * 33), top.width, top.height)
            frame.pts, frame.time_base = number, Fraction(1, FRAME_RATE)
            container.mux(video.encode(frame))
        for block in range(round(seconds * AUDIO_CLOCK / BLOCK)):
            samples = np.ascontiguousarray(program.sound(block).reshape(1, -1))
            sound = av.AudioFrame.from_ndarray(samples, "flt" if samples.dtype == np.float32 else "s16", "stereo")
            sound.sample_rate, sound.pts, sound.time_base = AUDIO_CLOCK, block * BLOCK, Fraction(1, AUDIO_CLOCK)
            container.mux(audio.encode(sound))
        container.mux(video.encode(None))
        container.mux(audio.encode(None))
    program.close()


class _Take(Source):
    """Stands where the program's source is: every picture and sound goes on at once, on the program's grid."""

    def __init__(self, workers: list[Worker[Picture]], sounds: list[Worker[Sound]]) -> None:
        super().__init__(1 / FRAME_RATE)
        self._workers = workers
        self._sounds = sounds
        self._number = 0
        self._start = 0

    def put_picture(self, generation: int, capture_s: float, frame: av.VideoFrame, ready_s: float) -> None:
        picture = Picture(self._number, frame, self._number % GOP_FRAMES == 0)
        for worker in self._workers:
            worker.offer(picture)
        self._number += 1

    def put_sound(self, generation: int, capture_s: float, samples: Samples, ready_s: float) -> None:
        block = AUDIO_CLOCK // FRAME_RATE // 2  # as the program hands it on
        for at in range(0, len(samples), block):
            for worker in self._sounds:
                worker.offer(Sound(self._start, samples[at : at + block]))
            self._start += len(samples[at : at + block])


def _encoded(path: Path) -> Iterator[EncodedFrame]:
    """The clip as the receiver hands it on: H.264 in Annex B form."""
    with av.open(str(path)) as container:
        as_stream = BitStreamFilterContext("h264_mp4toannexb", container.streams.video[0])
        for packet in container.demux():
            kind: CodecName = "h264" if packet.stream.type == "video" else "opus"
            for whole in as_stream.filter(packet) if kind == "h264" else [packet]:
                if whole.size and whole.pts is not None:
                    at_s = float(whole.pts * whole.time_base)
                    yield EncodedFrame(kind, bytes(whole), at_s, whole.is_keyframe, 0.0)


def ours(path: Path, ladder: Ladder) -> dict[str, float]:
    """CPU seconds of the engine on the clip, and how many units came out."""
    frames = list(_encoded(path))
    started = resource.getrusage(resource.RUSAGE_SELF)
    clock, counted = SystemClock(), [0, 0]
    done: list[Exception | None] = []

    def deliver(message: Message, data: bytes) -> None:
        counted[0] += 1
        counted[1] += len(data)

    identity = Identity.of("session", "event", "prefix", datetime.datetime.now(datetime.UTC), ladder)
    aac, opus = AacOutlet(identity, deliver, None), OpusOutlet(identity, deliver)

    def make_aac() -> AudioEncoder:
        encoder = AudioEncoder("aac")
        aac.begin(encoder.config)
        return encoder

    outlets = [VideoOutlet(rung, identity, deliver, None) for rung in ladder.rungs]
    rooms = [threading.Semaphore(_WAITING) for _ in outlets]
    pictures = [
        _rung(rung, ladder.preset, outlet, room, done)
        for rung, outlet, room in zip(ladder.rungs, outlets, rooms, strict=True)
    ]
    sounds = [
        Worker("aac", SoundQueue(), make_aac, aac.put, done.append, clock),
        Worker("opus", SoundQueue(), lambda: AudioEncoder("libopus"), opus.put, done.append, clock),
    ]
    source = _Take(pictures, sounds)
    video = VideoDecoder(Canvas(ladder.top.width, ladder.top.height), source, clock, lambda: None)
    audio = AudioDecoder(source, clock, Libopus())
    threads: list[threading.Thread] = [*pictures, *sounds, video, audio]
    for thread in threads:
        thread.start()
    waiting: list[Worker[Picture] | Worker[Sound]] = [*pictures, *sounds]
    _feed(frames, video, audio, rooms, sounds)
    for worker in waiting:
        worker.finish()
        worker.join()
    for decoder in (video, audio):
        decoder.close()
        decoder.join()
    used = resource.getrusage(resource.RUSAGE_SELF)
    assert not any(done), done
    assert not any(worker.dropped for worker in waiting)
    wanted = sum(frame.codec == "h264" for frame in frames)
    assert [outlet.units for outlet in outlets] == [wanted] * len(outlets)
    return {
        "cpu_s": used.ru_utime + used.ru_stime - started.ru_utime - started.ru_stime,
        "messages": counted[0],
        "bytes": counted[1],
    }


def _feed(
    frames: list[EncodedFrame],
    video: VideoDecoder,
    audio: AudioDecoder,
    rooms: list[threading.Semaphore],
    sounds: list[Worker[Sound]],
) -> None:
    """As fast as the encoders take it; returns when all of it has gone through."""
    given = 0
    for frame in frames:
        if frame.codec == "opus":
            audio.put(0, frame)
            given += 1
            while (given % _SOUND_WAITING == 0 and not audio.idle) or any(w.waiting > SOUNDS // 2 for w in sounds):
                time.sleep(0.005)
            continue
        for room in rooms:
            room.acquire()
        video.put(0, frame)
    for room in rooms:
        for _ in range(_WAITING):
            room.acquire()
    while not audio.idle:
        time.sleep(0.01)


def _rung(
    rung: Rung, preset: str, outlet: VideoOutlet, room: threading.Semaphore, done: list[Exception | None]
) -> Worker[Picture]:
    """As the pipeline makes it; `room` bounds what is under way, so that nothing is dropped and nobody polls."""

    def put(unit: EncodedUnit) -> None:
        outlet.put(unit)
        room.release()

    return Worker(rung.name, PictureQueue(), lambda: H264Encoder(rung, preset), put, done.append, SystemClock())


def _ours(clip: Path, names: str) -> list[str]:
    return [sys.executable, "-m", "tests.bench.ladder", "--ladder", names, "--ours", str(clip)]


def by_time(ladder: Ladder, names: str, seconds: float, rounds: int) -> dict[str, Any]:
    """CPU time on one clip, in rounds by turns."""
    with tempfile.TemporaryDirectory() as folder:
        clip = Path(folder) / "talk.mkv"
        make_clip(clip, seconds, ladder.top)
        mine, other = [], []
        for _ in range(rounds):
            answer = subprocess.run(_ours(clip, names), check=True, capture_output=True)
            mine.append(float(json.loads(answer.stdout.splitlines()[-1])["cpu_s"]))
            other.append(theirs(clip, ladder)["cpu_s"])
    ours_s, theirs_s = statistics.median(mine), statistics.median(other)
    return {
        "ours_cores": round(ours_s / seconds, 3),
        "ffmpeg_cores": round(theirs_s / seconds, 3),
        "ratio": round(ours_s / theirs_s, 3),
        "ours_rounds_s": [round(s, 2) for s in mine],
        "ffmpeg_rounds_s": [round(s, 2) for s in other],
    }


def by_instructions(ladder: Ladder, names: str, seconds: float) -> dict[str, Any]:
    """Instructions a second of the talk: what a clip longer by `seconds` takes more, so that no start counts."""
    counted: dict[str, list[int]] = {"ours": [], "ffmpeg": []}
    with tempfile.TemporaryDirectory() as folder:
        for length in (_SHORT_S, _SHORT_S + seconds):
            clip = Path(folder) / f"{length}.mkv"
            make_clip(clip, length, ladder.top)
            counted["ours"].append(instructions(_ours(clip, names)))
            counted["ffmpeg"].append(instructions(command(clip, ladder, Path(folder))))
    mine, other = ((longer - short) / seconds for short, longer in counted.values())
    return {
        "ours_millions_a_second": round(mine / 1e6),
        "ffmpeg_millions_a_second": round(other / 1e6),
        "ratio": round(mine / other, 3),
    }


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--ladder", default="")
    parser.add_argument("--instructions", action="store_true")
    parser.add_argument("--ours", type=Path)
    arguments = parser.parse_args()
    av.logging.set_level(None)
    ladder = choose(tuple(n for n in arguments.ladder.split(",") if n))
    if arguments.ours is not None:
        print(json.dumps(ours(arguments.ours, ladder)))
        return 0
    if shutil.which("ffmpeg") is None:
        sys.exit("the ffmpeg command is missing (Debian: apt-get install ffmpeg)")
    found = (
        by_instructions(ladder, arguments.ladder, arguments.seconds or 3.0)
        if arguments.instructions
        else by_time(ladder, arguments.ladder, arguments.seconds or 20.0, arguments.rounds)
    )
    print(json.dumps({"ladder": [rung.name for rung in ladder.rungs], "preset": ladder.preset, **found, "goal": 1.05}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
