"""Packets in, whole frames out, in order, as early as can be.

A video frame leaves with its last packet (the marker bit, RFC 6184 5.1), not with the first of the next frame: at
5 frames/s of screen sharing that alone saves 200 ms. There is no fixed delay here; the program's clock smooths what
comes unevenly.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from ingest.accept.assembly import Fragment, VideoCodec

# 1024 packets of 1,200 bytes: 2.4 s at 4 Mbit/s, twice the time after which a packet is given up.
VIDEO_CAPACITY: Final = 1024
# A keyframe behind a hole is taken when the hole is this old: a retransmission had its time.
SKIP_AFTER_S: Final = 0.2
AUDIO_CAPACITY: Final = 32
AUDIO_WAIT_S: Final = 0.06  # for a packet that was overtaken, until it is known how long they take
AUDIO_OVERTAKEN_S: Final = 0.1  # at most
AUDIO_REPAIR_S: Final = 0.15  # a packet that was asked for again; later than that its repair is the lesser evil
_LONGER_S: Final = 0.02  # after each that came too late
_SHORTER_S: Final = 0.00002  # after each that is released: 0.06 a minute


@dataclass(frozen=True, slots=True)
class VideoPacket:
    seq: int  # extended
    timestamp: int  # extended, 90 kHz
    marker: bool
    codec: VideoCodec
    fragment: Fragment


@dataclass(frozen=True, slots=True)
class AssembledFrame:
    timestamp: int
    codec: VideoCodec
    data: bytes
    keyframe: bool
    gap: bool  # frames before it are missing


class VideoBuffer:
    """Puts packets in order and releases whole frames that can be decoded. Pure: the time comes in.

    It starts at a keyframe. A hole stops it; it goes on when the hole is filled, or at a whole keyframe behind the
    hole once that is `SKIP_AFTER_S` old. When it is full everything in it is dropped and it starts anew at a keyframe.
    """

    def __init__(self, capacity: int = VIDEO_CAPACITY) -> None:
        self._capacity = capacity
        self._parameters_known = False  # an H.264 IDR without parameter sets is of use only after some were seen
        self._packets: dict[int, VideoPacket] = {}
        self._openers: list[int] = []  # packets in the buffer where decoding could start, ascending
        self._next: int | None = None  # the packet that is to be read next; None: waiting for a keyframe
        self._open: list[VideoPacket] = []  # read, but their frame is not whole yet
        self._floor: int | None = None  # nothing before this is of use
        self._read_to: int | None = None  # the packet before this one was read as the end of a frame or part of one
        self._gap = False
        self._begun = False  # a frame was handed on
        self.blocked_since: float | None = None
        self.frames_dropped = 0
        self.overflows = 0

    @property
    def waits_for_keyframe(self) -> bool:
        return self._next is None

    @property
    def sees_keyframe(self) -> bool:
        """A keyframe has begun to arrive and is not whole yet."""
        return bool(self._openers)

    @property
    def floor(self) -> int | None:
        """Packets before this sequence number are of no use any more."""
        return self._floor

    def add(self, packet: VideoPacket, now: float) -> list[AssembledFrame]:
        """Takes a packet; gives the frames that are whole now. Late and repeated packets are ignored."""
        if (self._floor is not None and packet.seq < self._floor) or packet.seq in self._packets:
            return []
        if self._next is not None and packet.seq - self._next >= self._capacity:
            self._start_anew(packet.seq)
        self._packets[packet.seq] = packet
        self._parameters_known |= packet.fragment.has_parameters
        if packet.fragment.opens_keyframe:
            self._openers.append(packet.seq)
            self._openers.sort()
        if len(self._packets) > self._capacity:
            self._start_anew(packet.seq + 1)
        return self.advance(now)

    def advance(self, now: float) -> list[AssembledFrame]:
        """Gives the frames that are whole, also by the passing of time alone."""
        frames: list[AssembledFrame] = []
        self._read(frames)
        if self._next is None or self._is_blocked(now):
            opener = self._whole_keyframe()
            if opener is not None and self._may_skip(now):
                self._jump(opener)
                self._read(frames)
                self._is_blocked(now)
        return frames

    def _may_skip(self, now: float) -> bool:
        return self._next is None or (self.blocked_since is not None and now - self.blocked_since >= SKIP_AFTER_S)

    def _is_blocked(self, now: float) -> bool:
        if self._next is None or not self._packets:
            self.blocked_since = None
            return False
        if self.blocked_since is None:
            self.blocked_since = now
        return True

    def _read(self, frames: list[AssembledFrame]) -> None:
        """Reads on from `_next` as far as packets follow one another."""
        while self._next is not None and (packet := self._packets.get(self._next)) is not None:
            if self._open and packet.timestamp != self._open[0].timestamp:
                # A sender that sets no marker: the next timestamp ends the frame.
                self._close(frames)
                continue
            del self._packets[self._next]
            self.blocked_since = None
            self._next = self._floor = self._read_to = self._next + 1
            if self._openers and self._openers[0] < self._next:
                self._openers.pop(0)
            if packet.fragment.data or packet.fragment.broken:
                self._open.append(packet)
            if packet.marker and self._open:
                self._close(frames)

    def _close(self, frames: list[AssembledFrame]) -> None:
        packets, self._open = self._open, []
        if any(p.fragment.broken for p in packets):
            self.frames_dropped += 1
            self._next = None
            self._gap = self._begun
            return
        keyframe = any(p.fragment.has_keyframe for p in packets)
        data = b"".join(p.fragment.data for p in packets)
        frames.append(AssembledFrame(packets[0].timestamp, packets[0].codec, data, keyframe, self._gap))
        self._gap, self._begun = False, True

    def _whole_keyframe(self) -> int | None:
        """Where the newest whole keyframe in the buffer begins."""
        for opener in reversed(self._openers):
            if self._begins_here(opener) and self._is_whole(opener):
                return opener
        return None

    def _begins_here(self, opener: int) -> bool:
        """False when something of this keyframe, its parameter sets above all, stands or may stand before it."""
        packet = self._packets[opener]
        if packet.fragment.has_parameters:
            return True
        before = self._packets.get(opener - 1)
        if not self._parameters_known:
            return False
        return opener == self._read_to if before is None else before.timestamp != packet.timestamp

    def _is_whole(self, seq: int) -> bool:
        timestamp, keyframe = self._packets[seq].timestamp, False
        while (packet := self._packets.get(seq)) is not None:
            if packet.timestamp != timestamp:
                return keyframe
            keyframe |= packet.fragment.has_keyframe
            if packet.marker:
                return keyframe
            seq += 1
        return False

    def _jump(self, seq: int) -> None:
        skipped = [p for p in self._packets.values() if p.seq < seq]
        if self._next is not None:
            self._gap = self._begun
        self._drop(skipped)
        self._next = self._floor = seq

    def _start_anew(self, floor: int) -> None:
        self.overflows += 1
        self._drop(self._packets.values())
        self._next, self._floor, self._gap, self.blocked_since = None, floor, self._begun, None

    def _drop(self, packets: Iterable[VideoPacket]) -> None:
        gone = list(packets)
        self.frames_dropped += len({p.timestamp for p in (*gone, *self._open)})
        for packet in gone:
            del self._packets[packet.seq]
        self._openers = [s for s in self._openers if s in self._packets]
        self._open = []


@dataclass(frozen=True, slots=True)
class AudioPacket:
    seq: int  # extended
    timestamp: int  # extended, 48 kHz
    payload: bytes


class AudioBuffer:
    """Puts Opus packets in order; waits for a missing one, at most `most_s` from when one behind it came. Pure.

    It waits for `AUDIO_WAIT_S`, and longer once packets come that it did not wait for: who waits longer than the
    program has sound for makes a hole, and a few short ones are not heard. Waits do not add up: of several missing
    packets each has been waited for since it was seen to be missing.
    """

    def __init__(self, capacity: int = AUDIO_CAPACITY, most_s: float = AUDIO_OVERTAKEN_S) -> None:
        self._capacity = capacity
        self._most_s = most_s
        self._wait_s = AUDIO_WAIT_S
        self._packets: dict[int, AudioPacket] = {}
        self._next: int | None = None
        self._arrived: dict[int, float] = {}  # when what is held came
        self._given_up: deque[int] = deque(maxlen=capacity)  # the last ones that were not waited for any longer
        self.skipped = 0

    def add(self, packet: AudioPacket, now: float) -> list[tuple[AudioPacket, bool]]:
        """Takes a packet; gives (packet, packets before it were lost) of what can be played now."""
        if self._next is None:
            self._next = packet.seq
        if packet.seq < self._next:
            if packet.seq in self._given_up:
                self._given_up.remove(packet.seq)
                self._wait_s = min(self._most_s, self._wait_s + _LONGER_S)
            return []
        self._packets[packet.seq] = packet
        self._arrived.setdefault(packet.seq, now)
        return self.advance(now)

    def advance(self, now: float) -> list[tuple[AudioPacket, bool]]:
        """The same by the passing of time alone."""
        ready: list[tuple[AudioPacket, bool]] = []
        gap = False
        while self._packets and self._next is not None:
            packet = self._packets.pop(self._next, None)
            if packet is not None:
                ready.append((packet, gap))
                del self._arrived[self._next]
                self._next += 1
                self._wait_s = max(AUDIO_WAIT_S, self._wait_s - _SHORTER_S)
                gap = False
                continue
            if now - min(self._arrived.values()) < self._wait_s and len(self._packets) < self._capacity:
                break
            first = min(self._packets)
            self.skipped += first - self._next
            self._given_up.extend(range(max(self._next, first - self._capacity), first))
            self._next, gap = first, True
        return ready
