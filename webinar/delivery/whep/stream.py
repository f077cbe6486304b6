"""One outgoing RTP stream to one viewer: its own SSRC, payload type and contiguous sequence numbers."""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import Final

from webinar.base.rtc import Peer
from webinar.base.rtc.srtp import TAG_LENGTH, GcmSender, Sender
from webinar.delivery.whep.pacer import Pacer
from webinar.delivery.whep.packetizer import (
    EXTENDED_LENGTH,
    EXTENSION,
    HEADER_LENGTH,
    MARKER,
    NONCE_LENGTH,
    SLICE,
    VERSION,
    Frame,
    Run,
    SendBuffer,
)

# Nonce, of which only the end differs from packet to packet, then the header: flags, sequence number, what all packets
# of a frame have in common. With the nonce as one large number a packet cost 0.05 µs more.
_SEALED: Final = {HEADER_LENGTH: struct.Struct("!10sHHH8s"), EXTENDED_LENGTH: struct.Struct("!10sHHH16s")}
_HEADER: Final = struct.Struct("!HH")
_REST: Final = struct.Struct("!II")  # timestamp, SSRC
_REST_EXTENDED: Final = struct.Struct("!IIII")
_ONE_BYTE_HEADERS: Final = 0xBEDE0001  # profile and length in words (RFC 8285 section 4.2)
_SEND_TIME: Final = 1 << 18  # units a second of abs-send-time: 24 bits, 6.18 fixed point
_MAX_REPEATED: Final = 16  # packets at a time
PATIENCE_S: Final = 0.15  # what a burst may delay live frames: slices of some 600 packets, two seconds of a GOP


class OutStream:
    """Seals frames into the shared buffer and sends each with one call.

    `history` frames are remembered for retransmission: only references, the payloads are shared by all viewers.
    """

    __slots__ = (
        "_buffer",
        "_extended",
        "_extension",
        "_first",
        "_gcm",
        "_head",
        "_header_length",
        "_history",
        "_index",
        "_nonce",
        "_nonce_base",
        "_paced",
        "_pacer",
        "_patient_until_s",
        "_peer",
        "_repair",
        "_repair_index",
        "_rollover",
        "_sender",
        "_ssrc",
        "_version",
        "_waiting",
        "octets",
        "unanswered",
    )

    def __init__(
        self,
        peer: Peer,
        sender: Sender,
        buffer: SendBuffer,
        *,
        ssrc: int,
        payload_type: int,
        sequence: int,
        repair: tuple[int, int] | None = None,
        history: int = 0,
        send_time: int = 0,
        pacer: Pacer | None = None,
    ) -> None:
        """`sequence`: the first one, below 2^15 (RFC 3711 section 3.3.1). `repair`: SSRC and payload type of RTX.

        `send_time`: id of the header extension abs-send-time, which keeps what we are late out of the receiver's
        estimate of its network; 0 where it was not negotiated. Without `pacer` frames are sent whole.
        """
        self.octets = 0  # of payload, as sender reports count them
        self.unanswered = 0  # sequence numbers asked for that are not remembered any more
        self._peer = peer
        self._sender = sender
        self._buffer = buffer.data
        self._ssrc = ssrc
        self._head = payload_type
        # Without RTX a packet is sent again under its old nonce: it must be the very same one, so it tells no time.
        self._extended = bool(send_time) and repair is not None
        self._extension = send_time << 28 | 2 << 24  # three bytes follow
        self._header_length = EXTENDED_LENGTH if self._extended else HEADER_LENGTH
        self._version = VERSION | EXTENSION if self._extended else VERSION
        self._first = self._index = sequence  # 48 bits: rollover counter and sequence number
        self._repair = repair
        self._repair_index = sequence
        self._pacer = pacer
        self._paced = False  # in the pacer's queue
        self._patient_until_s = 0.0  # monotonic
        self._waiting: deque[tuple[Run, int, int]] = deque()  # run, first index, timestamp: of one GOP at most
        self._history: deque[tuple[int, Frame, int]] | None = deque(maxlen=history) if history else None
        self._gcm: tuple[Callable[..., object], Callable[..., None], int] | None = None
        self._nonce, self._rollover = b"", -1  # the first ten bytes of nonces in this round of sequence numbers
        if isinstance(sender, GcmSender):
            self._nonce_base = sender.nonce_base(ssrc)
            self._gcm = sender.seal, _SEALED[self._header_length].pack_into, self._nonce_base & 0xFFFF

    @property
    def packets(self) -> int:
        """Sent, without those that were sent again."""
        return self._reached - self._first

    def send(self, frame: Frame, timestamp: int, *, behind: bool = False) -> None:
        """Send a frame under a 32-bit timestamp; of one that is large the first slice now, the others by the pacer.

        What still waits of the frame before goes first: at once, or in its own time when this one may wait `behind` it.
        The frames after a burst of such wait too, for a moment: else the first of them would send it all at once.
        """
        waiting = self._waiting
        if behind:
            self._patient_until_s = monotonic() + PATIENCE_S
        elif waiting and monotonic() >= self._patient_until_s:
            self._flush()
        index = self._index
        if self._history is not None:
            self._history.append((index, frame, timestamp))
        runs = frame.layouts.get(self._header_length) or frame.runs(self._header_length)
        self._index = index + frame.count
        if not waiting and len(runs) == 1:
            self._transmit(runs[0], index, timestamp)
        else:
            self._begin(runs, index, timestamp)

    def _begin(self, runs: tuple[Run, ...], index: int, timestamp: int) -> None:
        begins = not self._waiting
        for run in runs:
            self._waiting.append((run, index, timestamp))
            index += len(run.slots)
        if self._pacer is None:
            self._flush()
        elif begins:
            self._slice()
            if self._waiting and not self._paced:
                self._paced = True
                self._pacer.add(self)

    def go_on(self) -> tuple[int, bool]:
        """For the pacer, which has this stream no more unless something still waits."""
        sent = self._slice()
        self._paced = bool(self._waiting)
        return sent, self._paced

    def _slice(self) -> int:
        sent, waiting = 0, self._waiting
        while waiting and sent < SLICE:
            run, index, timestamp = waiting.popleft()
            self._transmit(run, index, timestamp)
            sent += len(run.slots)
        return sent

    def _flush(self) -> None:
        while self._waiting:
            self._transmit(*self._waiting.popleft())

    def _transmit(self, run: Run, index: int, timestamp: int) -> None:
        """Seal and send a run. What the socket does not take counts as lost.

        The hot loop: a nonce with a header and an AEAD call a packet, straight into the send buffer (RFC 7714
        section 8). A name looked up in here is looked up some 10,000 times a second.
        """
        self.octets += run.size
        rest = self._rest(timestamp, self._ssrc)
        slots = run.slots
        count = len(slots)
        sequence = (index & 0xFFFF) + count  # the one after the last
        if self._gcm is None or sequence > 0x10000:
            self._transmit_protected(run, index, rest)
            return
        if index >> 16 != self._rollover:
            self._rollover = index >> 16
            self._nonce = (self._nonce_base ^ index).to_bytes(NONCE_LENGTH, "big")[:-2]
        seal, pack_into, mask = self._gcm
        buffer, start, flags, usual = self._buffer, self._nonce, run.last_flags | self._head, run.flags | self._head
        for payload, offset, nonce, header, body in slots:
            sequence -= 1
            pack_into(buffer, offset, start, sequence ^ mask, flags, sequence, rest)
            seal(nonce, payload, header, body)
            flags = usual
        self._peer.send_segments(run.view, run.segment, count)

    def _transmit_protected(self, run: Run, index: int, rest: bytes) -> None:
        """The same packet by packet: for a peer without GCM, and where sequence numbers begin again within the run."""
        packets: list[bytes] = []
        for payload, *_ in reversed(run.slots):
            flags = run.flags if len(packets) < len(run.slots) - 1 else run.last_flags
            header = _HEADER.pack(flags | self._head, index & 0xFFFF) + rest
            packets.append(self._sender.protect_at(header + payload, index))
            index += 1
        self._peer.send_segments(memoryview(b"".join(packets)), len(packets[0]), len(packets))

    def _rest(self, timestamp: int, ssrc: int) -> bytes:
        """Of the header, what all packets of a frame have in common."""
        if not self._extended:
            return _REST.pack(timestamp, ssrc)
        now = int(monotonic() * _SEND_TIME) & 0xFFFFFF
        return _REST_EXTENDED.pack(timestamp, ssrc, _ONE_BYTE_HEADERS, self._extension | now)

    @property
    def _reached(self) -> int:
        """The index after the last packet that was sent."""
        return self._waiting[0][1] if self._waiting else self._index

    def resend(self, sequences: tuple[int, ...]) -> int:
        """Answer a NACK: by RTX where it was negotiated (RFC 4588), else by the packet as it was. Gives how many."""
        done, reached = 0, self._reached
        for sequence in sequences:
            index = reached - (reached - sequence & 0xFFFF)
            if index == reached:
                index -= 0x10000  # not sent yet: of the round before
            found = self._find(index)
            if found is None:
                self.unanswered += 1
                continue
            if self._repair is not None:
                self._send_repair(sequence, *found)
            else:
                payload, flags, timestamp = found
                header = _HEADER.pack(flags | self._head, sequence) + self._rest(timestamp, self._ssrc)
                self._peer.send(self._sender.protect_at(header + payload, index))
            done += 1
        return done

    def repeat(self, budget: int) -> int:
        """Send the newest packets again on the RTX stream until `budget` bytes are used up. Gives the bytes sent."""
        used, index = 0, self._reached
        for _ in range(_MAX_REPEATED):
            index -= 1
            if used >= budget or (found := self._find(index)) is None:
                break
            self._send_repair(index & 0xFFFF, *found)
            used += len(found[0]) + EXTENDED_LENGTH + TAG_LENGTH
        return used

    def forget(self) -> None:
        """What was sent is of no use any more: nobody gets it again, and what waits is never sent."""
        self._index = self._reached  # these numbers and nonces were not used
        self._waiting.clear()
        if self._history is not None:
            self._history.clear()

    def _send_repair(self, sequence: int, payload: bytes, flags: int, timestamp: int) -> None:
        assert self._repair is not None  # noqa: S101 - the callers have looked
        ssrc, payload_type = self._repair
        header = _HEADER.pack(flags | payload_type, self._repair_index & 0xFFFF) + self._rest(timestamp, ssrc)
        self._repair_index += 1
        self._peer.send_rtp(header + sequence.to_bytes(2, "big") + payload)

    def _find(self, index: int) -> tuple[bytes, int, int] | None:
        """(payload, flags, timestamp) of a packet that was sent, newest frames first: that is what is asked for."""
        for first, frame, timestamp in reversed(self._history or ()):
            if index >= first:
                n = index - first
                if n >= frame.count:
                    return None
                last = frame.marker and n == frame.count - 1
                return frame.payloads[n], self._version | (MARKER if last else 0), timestamp
        return None
