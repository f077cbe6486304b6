"""The threads of a live program and how they are wired: program → encoders → outlets → {feed, recording}.

    program ─pictures─▶ Balance ─▶ H.264 worker a rung ─▶ VideoOutlet ─┐
            └─sound──▶ AAC worker, Opus worker ─▶ outlets ─────────────┼─▶ deliver (any of the threads)
                                top rung and AAC ──────────────────────┴─▶ recorder

One instance a program: started once, stopped once.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import av

from ingest.balance import Balance
from ingest.contract import AUDIO_CLOCK, VIDEO_CLOCK
from ingest.encode.encoder import AudioEncoder, EncodedUnit, H264Encoder
from ingest.encode.ladder import FRAME_RATE, GOP_FRAMES, Ladder, Rung
from ingest.encode.queue import PictureQueue, SoundQueue
from ingest.encode.worker import Encoder, Queue, Worker
from ingest.outlet import AacOutlet, Deliver, Identity, OpusOutlet, Outlet, VideoOutlet
from ingest.program.clock import Clock
from ingest.program.program import Program
from ingest.program.raw import Picture, Sound
from ingest.program.source import Source
from ingest.record.recorder import Recorder
from webinar.base import log

_log = log.get(__name__)

# Encoders need a moment to open; the first pictures wait for them rather than be dropped.
LEAD_S: Final = 0.1

_Raw = TypeVar("_Raw")
MakeVideo = Callable[[Rung, str], Encoder[Picture]]  # of a rung and libx264's preset


@dataclass(frozen=True, slots=True)
class Stopped:
    """How a program ended, and what was recorded of it.

    `duration_s` is of the program, `recorded_s` of the closed file `recording`: 0 and None where the program did not
    run long enough to have one. `sha256` is the file's, "" when it is still to be computed. `unclosed`: the disk
    refused to close a recording that had begun.
    """

    duration_s: float
    recorded_s: float
    recording: Path | None = None
    sha256: str = ""
    unclosed: bool = False


class Pipeline:
    """From `start()` to `stop()`. `deliver` is called in encoder threads; `on_failed(what, error)` in any of them."""

    def __init__(
        self,
        identity: Identity,
        ladder: Ladder,
        source: Source,
        slate: av.VideoFrame,
        recording: Path,
        deliver: Deliver,
        on_failed: Callable[[str, Exception], None],
        decoded_s: Callable[[], float],
        clock: Clock,
        make_video: MakeVideo = H264Encoder,
    ) -> None:
        self._clock = clock
        self._on_failed = on_failed
        self._source = source
        self._recording = recording
        self.recorder = Recorder(recording, self._ended("recorder"))
        self.outlets: list[Outlet] = []
        self._pictures: list[Worker[Picture]] = []
        self._sounds: list[Worker[Sound]] = []
        rungs = [
            VideoOutlet(rung, identity, deliver, self.recorder if rung is ladder.top else None) for rung in ladder.rungs
        ]
        for outlet, rung in zip(rungs, ladder.rungs, strict=True):
            make = functools.partial(make_video, rung, ladder.preset)
            self._pictures.append(self._worker(outlet, outlet.put, PictureQueue(), make, VIDEO_CLOCK))
        self.outlets += rungs
        self._balance = Balance(self._pictures, rungs, decoded_s, clock)
        self._add_audio(AacOutlet(identity, deliver, self.recorder), OpusOutlet(identity, deliver))
        self._program = Program(
            source, slate, FRAME_RATE, GOP_FRAMES, self._on_picture, self._on_sound, self._ended("program"), clock
        )

    @property
    def _workers(self) -> list[Worker[Any]]:
        return [*self._pictures, *self._sounds]

    @property
    def duration_s(self) -> float:
        """Of the program so far."""
        return self._program.duration_s

    @property
    def dropped(self) -> int:
        """Raw frames that encoders were too late for, all renditions."""
        return sum(worker.dropped for worker in self._workers)

    @property
    def busy(self) -> list[Worker[Any]]:
        """Encoders that have not encoded everything the program made so far."""
        return [worker for worker in self._workers if not worker.idle]

    @property
    def overload(self) -> int:
        """By how many steps the ladder is lowered."""
        return self._balance.step

    def start(self) -> None:
        """Starts all threads; program time 0 is 0.1 s from now."""
        epoch_s = self._clock.now() + LEAD_S
        self.recorder.start()
        for worker in self._workers:
            worker.start()
        self._source.go_live()
        self._program.start_at(epoch_s)

    def request_keyframe(self) -> None:
        """An IDR in every rendition soon, at most one a second."""
        self._program.request_keyframe()

    def hold(self, slate: av.VideoFrame) -> None:
        """Another picture from now on, where the presenter's is missing."""
        self._program.slate = slate

    def end_program(self) -> float:
        """Ends the program, encodes and delivers what is queued; the length in seconds. Blocks for some 0.1 s."""
        self._program.stop()
        self._program.join()
        for worker in self._workers:
            worker.finish()
        for worker in self._workers:
            worker.join()
        return self._program.duration_s

    def stop(self) -> Stopped:
        """The same, and closes the recording. Blocks for as long as the disk takes. Repeating it changes nothing."""
        self.end_program()
        self.recorder.finish()
        self.recorder.join()
        recorded_s = self.recorder.duration_s
        return Stopped(
            self._program.duration_s,
            recorded_s,
            self._recording if recorded_s else None,
            self.recorder.sha256,
            unclosed=self.recorder.saved_s > 0 and not recorded_s,
        )

    def _add_audio(self, aac: AacOutlet, opus: OpusOutlet) -> None:
        def make_aac() -> AudioEncoder:
            encoder = AudioEncoder("aac")
            aac.begin(encoder.config)
            return encoder

        self.outlets += [aac, opus]
        self._sounds.append(self._worker(aac, aac.put, SoundQueue(), make_aac, AUDIO_CLOCK))
        make_opus = functools.partial(AudioEncoder, "libopus")
        self._sounds.append(self._worker(opus, opus.put, SoundQueue(), make_opus, AUDIO_CLOCK))

    def _worker(
        self,
        outlet: Outlet,
        put: Callable[[EncodedUnit], None],
        queue: Queue[_Raw],
        make: Callable[[], Encoder[_Raw]],
        timescale: int,
    ) -> Worker[_Raw]:
        """An encoder's thread; `put` is the outlet's."""

        def on_unit(unit: EncodedUnit) -> None:
            put(unit)
            outlet.late(self._clock.now() - self._program.moment(unit.pts / timescale))

        return Worker(outlet.name, queue, make, on_unit, self._flushed(outlet), self._clock)

    def _on_picture(self, picture: Picture) -> None:
        self._balance.offer(picture, self._program.tick_late_s)

    def _on_sound(self, sound: Sound) -> None:
        for worker in self._sounds:
            worker.offer(sound)

    def _flushed(self, outlet: Outlet) -> Callable[[Exception | None], None]:
        """What an encoder's end means for its outlet."""
        ended = self._ended(outlet.name)

        def on_end(error: Exception | None) -> None:
            outlet.flush()
            ended(error)

        return on_end

    def _ended(self, what: str) -> Callable[[Exception | None], None]:
        def on_end(error: Exception | None) -> None:
            if error is not None:
                _log.error("a thread of the program failed", part=what, error=repr(error))
                self._on_failed(what, error)

        return on_end
