"""A process that records a talk until it is killed: `python -m tests.media.recording_child FILE TALK PACE`.

TALK is what `write_talk` made. Before each picture it gives to the recorder it prints the program time of its end, and
what the recorder has told as saved: "3.2 2.5". PACE is `clock` (real time) or `disk`: a picture then waits until all
but the last 0.9 s before it are told as saved, which is as fast as the disk is and no promise about its speed.
"""

from __future__ import annotations

import pickle
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ingest.package.boxes import Sample, Track
from ingest.record.recorder import Recorder

if TYPE_CHECKING:
    from tests.media.encoded import Talk

BEHIND_S: Final = 0.9
Recorded = tuple[Track, Track, tuple[Sample, ...], tuple[Sample, ...]]


@dataclass(frozen=True)
class Told:
    """The last words of a killed recorder's process, s of program."""

    put_s: float
    saved_s: float


def write_talk(made: Talk, path: Path) -> None:
    """What the process needs of a talk: samples and tracks, no encoder."""
    path.write_bytes(pickle.dumps((made.video, made.audio, made.pictures, made.sounds)))


def killed(path: Path, talk: Path, chance: random.Random, pictures: int, pace: str = "disk") -> Told:
    """Records at `path` and kills the process at a moment drawn by `chance`, before it has put all `pictures`."""
    command = [sys.executable, "-m", "tests.media.recording_child", str(path), str(talk), pace]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        try:
            said = [child.stdout.readline() for _ in range(chance.randrange(45, pictures))]
            time.sleep(chance.random() * 0.03)  # into the middle of whatever is being done
        finally:
            child.send_signal(signal.SIGKILL)
        said += child.stdout.readlines()
    put, saved = [line for line in said if line.endswith("\n")][-1].split()
    return Told(float(put), float(saved))


def main(path: Path, talk: Path, pace: str) -> None:
    recorded: Recorded = pickle.loads(talk.read_bytes())  # noqa: S301 - made by the test
    video, audio, pictures, sounds = recorded
    recorder = Recorder(path, lambda _: None)
    recorder.start()
    recorder.describe(video)
    recorder.describe(audio)
    heard = iter(sounds)
    sound = next(heard)
    began = time.monotonic()
    for picture in pictures:
        end_s = (picture.pts + picture.duration) / video.timescale
        while (recorder.saved_s < end_s - BEHIND_S) if pace == "disk" else (time.monotonic() - began < end_s):
            time.sleep(0.001)
        sys.stdout.write(f"{end_s} {recorder.saved_s}\n")
        sys.stdout.flush()
        recorder.put("video", picture)
        while sound.pts / audio.timescale < end_s:
            recorder.put("audio", sound)
            sound = next(heard)
    signal.pause()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
