"""A machine that is too slow, on a conducted clock: real encoders that take as long as they are told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ingest.encode.encoder import EncodedUnit, H264Encoder
from ingest.encode.ladder import Rung
from ingest.program.raw import Picture
from tests.media.conducted import ConductedClock


class Brake:
    """Seconds of the clock that a picture of each rung takes; changed at any time."""

    def __init__(self, clock: ConductedClock) -> None:
        self.seconds: dict[str, float] = {}
        self._clock = clock

    def encoder(self, rung: Rung, preset: str) -> Braked:
        """For `LiveSession`."""
        return Braked(H264Encoder(rung, preset), rung.name, self)

    def hold(self, rung: str) -> None:
        seconds = self.seconds.get(rung, 0.0)
        if seconds:
            self._clock.work(seconds)


class Braked:
    """One rung's encoder."""

    def __init__(self, encoder: H264Encoder, rung: str, brake: Brake) -> None:
        self._encoder = encoder
        self._rung = rung
        self._brake = brake

    def encode(self, picture: Picture) -> Iterator[EncodedUnit]:
        self._brake.hold(self._rung)
        return self._encoder.encode(picture)

    def flush(self) -> Iterable[EncodedUnit]:
        return self._encoder.flush()
