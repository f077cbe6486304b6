"""Whoever presents a live session: what they send is decoded here and waits for its moment in the program."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Final

from ingest.accept.sink import EncodedFrame, PublisherState
from ingest.contract import PublisherHealth
from ingest.encode.ladder import FRAME_RATE, Ladder
from ingest.outside import Outside, publisher_health
from ingest.program.canvas import Canvas
from ingest.program.clock import Clock
from ingest.program.decode import AudioDecoder, VideoDecoder
from ingest.program.source import Source
from webinar.base import log

_log = log.get(__name__)

_TAKE_OVER_HOLD_S: Final = 3.0  # the last picture stands while the next presenter's first one comes


class Presenter:
    """The `PublisherSink` of one live session, for all its publishers one after the other.

    `changed` is called when one comes or goes. All methods belong to the event loop but `end`, which blocks.
    """

    def __init__(
        self, event_id: str, ladder: Ladder, outside: Outside, clock: Clock, changed: Callable[[], None]
    ) -> None:
        self.source = Source(1 / FRAME_RATE)
        self.last_s = time.monotonic()  # when something came
        self._event_id = event_id
        self._publishers = outside.presenters
        self._clock = clock
        self._changed = changed
        self._loop = asyncio.get_running_loop()
        self._generation = 0
        self._state = PublisherState.GONE
        canvas = Canvas(ladder.top.width, ladder.top.height)
        self._video = VideoDecoder(canvas, self.source, clock, self._need_keyframe)
        self._audio = AudioDecoder(self.source, clock, outside.opus)

    def start(self) -> None:
        """Starts the threads that decode."""
        self._video.start()
        self._audio.start()

    def end(self) -> None:
        """Ends them and waits for that."""
        for decoder in (self._video, self._audio):
            decoder.close()
            decoder.join()

    @property
    def busy(self) -> list[threading.Thread]:
        """Threads that have not decoded all that came."""
        return [decoder for decoder in (self._video, self._audio) if not decoder.idle]

    @property
    def decoding_s(self) -> float:
        """Seconds that decoding pictures has taken so far."""
        return self._video.spent_s

    @property
    def delay_s(self) -> float:
        """From capture, as far as it can be known here, to the program."""
        return self.source.offset(self._clock.now())

    def health(self) -> PublisherHealth:
        """What the host sees of who presents."""
        return publisher_health(self._publishers.health(self._event_id), self._video.size)

    def on_video(self, frame: EncodedFrame) -> None:
        self.last_s = time.monotonic()
        if not self._video.put(self._generation, frame):
            self._publishers.request_keyframe(self._event_id)

    def on_audio(self, frame: EncodedFrame) -> None:
        self.last_s = time.monotonic()
        self._audio.put(self._generation, frame)

    def on_state(self, state: PublisherState, reason: str) -> None:
        _log.info("presenter", event_id=self._event_id, state=state.value, reason=reason)
        if state is PublisherState.CONNECTED:
            if self._state is PublisherState.GONE:
                self._generation += 1
                self.source.join(self._generation)
            else:
                self.source.resume()
        else:
            hold_s = _TAKE_OVER_HOLD_S if reason == "taken_over" else 0.0
            self.source.leave(self._clock.now(), hold_s)
        self._state = state
        self._changed()

    def _need_keyframe(self) -> None:
        """From the decoder's thread."""
        self._loop.call_soon_threadsafe(self._publishers.request_keyframe, self._event_id)
