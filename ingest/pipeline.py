"""The threads of a live program and how they are wired: program → encoders → outlets → {feed, recording}.

    program ─pictures─▶ H.264 worker a rung ─▶ VideoOutlet ─┐
            └─sound──▶ AAC worker, Opus worker ─▶ outlets ──┼─▶ deliver (any of the threads)
                                top rung and AAC ───────────┴─▶ recorder

One instance a program: started once, stopped once.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import av

from ingest.encode.encoder import AudioEncoder, H264Encoder
from ingest.encode.ladder import FRAME_RATE, GOP_FRAMES, Ladder, Rung
from ingest.encode.queue import PictureQueue, SoundQueue
from ingest.encode.worker import Worker
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


@dataclass(frozen=True, slots=True)
class Stopped:
    """How a program ended. `duration_s` is of the program, `recorded_s` of the file, 0 when there is none.

    `sha256` is the file's, "" when it is not known yet.
    """

    duration_s: float
    recorded_s: float
    sha256: str = ""


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
        clock: Clock,
    ) -> None:
        self._clock = clock
        self._on_failed = on_failed
        self._source = source
        self.recorder = Recorder(recording, self._ended("recorder"))
        self.outlets: list[Outlet] = []
        self._pictures: list[Worker[Picture]] = []
        self._sounds: list[Worker[Sound]] = []
        for rung in ladder.rungs:
            recorder = self.recorder if rung is ladder.top else None
            self._add_video(VideoOutlet(rung, identity, deliver, recorder), rung, ladder.preset)
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
    def idle(self) -> bool:
        """Whether everything the program made so far has been encoded."""
        return all(worker.idle for worker in self._workers)

    @property
    def late_s(self) -> float:
        """The most that the program was behind its clock."""
        return self._program.late_s

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
        return Stopped(self._program.duration_s, self.recorder.duration_s, self.recorder.sha256)

    def _add_video(self, outlet: VideoOutlet, rung: Rung, preset: str) -> None:
        make = functools.partial(H264Encoder, rung, preset)
        self.outlets.append(outlet)
        self._pictures.append(Worker(rung.name, PictureQueue(), make, outlet.put, self._flushed(outlet)))

    def _add_audio(self, aac: AacOutlet, opus: OpusOutlet) -> None:
        def make_aac() -> AudioEncoder:
            encoder = AudioEncoder("aac")
            aac.begin(encoder.config)
            return encoder

        self.outlets += [aac, opus]
        self._sounds.append(Worker(aac.name, SoundQueue(), make_aac, aac.put, self._flushed(aac)))
        make_opus = functools.partial(AudioEncoder, "libopus")
        self._sounds.append(Worker(opus.name, SoundQueue(), make_opus, opus.put, self._flushed(opus)))

    def _on_picture(self, picture: Picture) -> None:
        for worker in self._pictures:
            worker.offer(picture)

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
