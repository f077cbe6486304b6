"""One outgoing RTP stream to one viewer: its own SSRC, payload type and contiguous sequence numbers."""

from __future__ import annotations

import struct
import time
from collections import deque
from typing import Final

from webinar.base.rtc import Peer
from webinar.base.rtc.srtp import TAG_LENGTH, GcmSender, Sender
from webinar.delivery.whep.packetizer import (
    EXTENDED_LENGTH,
    EXTENSION,
    HEADER_LENGTH,
    MARKER,
    VERSION,
    Frame,
    Run,
    SendBuffer,
)

_PLAIN: Final = struct.Struct("!HH8s")  # flags, sequence number, the rest of the header
_EXTENDED: Final = struct.Struct("!HH16s")
_REST: Final = struct.Struct("!II")  # timestamp, SSRC
_REST_EXTENDED: Final = struct.Struct("!IIII")
_ONE_BYTE_HEADERS: Final = 0xBEDE0001  # profile and length in words (RFC 8285 section 4.2)
_SEND_TIME: Final = 1 << 18  # units a second of abs-send-time: 24 bits, 6.18 fixed point
_MAX_REPEATED: Final = 16  # packets at a time


class OutStream:
    """Seals frames into the shared buffer and sends each with one call.

    `history` frames are remembered for retransmission: only references, the payloads are shared by all viewers.
    """

    __slots__ = (
        "_base",
        "_buffer",
        "_extension",
        "_head",
        "_header",
        "_header_length",
        "_history",
        "_index",
        "_peer",
        "_repair",
        "_repair_index",
        "_seal",
        "_sender",
        "_ssrc",
        "_version",
        "octets",
        "packets",
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
    ) -> None:
        """`sequence`: the first one, below 2^15 (RFC 3711 section 3.3.1). `repair`: SSRC and payload type of RTX.

        `send_time`: id of the header extension abs-send-time, which keeps what we are late out of the receiver's
        estimate of its network; 0 where it was not negotiated.
        """
        self.packets = 0
        self.octets = 0  # of payload, as sender reports count them
        self.unanswered = 0  # sequence numbers asked for that are not remembered any more
        self._peer = peer
        self._sender = sender
        self._buffer = buffer.data
        self._ssrc = ssrc
        self._head = payload_type
        # Without RTX a packet is sent again under its old nonce: it must be the very same one, so it tells no time.
        extended = bool(send_time) and repair is not None
        self._extension = send_time << 28 | 2 << 24  # three bytes follow
        self._header, self._header_length = (_EXTENDED, EXTENDED_LENGTH) if extended else (_PLAIN, HEADER_LENGTH)
        self._version = VERSION | EXTENSION if extended else VERSION
        self._index = sequence  # 48 bits: rollover counter and sequence number
        self._repair = repair
        self._repair_index = sequence
        self._history: deque[tuple[int, Frame, int]] | None = deque(maxlen=history) if history else None
        gcm = sender if isinstance(sender, GcmSender) else None
        self._seal = gcm.seal if gcm is not None else None
        self._base = gcm.nonce_base(ssrc) if gcm is not None else 0

    def send(self, frame: Frame, timestamp: int) -> None:
        """Send all packets of a frame under a 32-bit timestamp. What the socket does not take counts as lost."""
        if self._history is not None:
            self._history.append((self._index, frame, timestamp))
        rest, send_segments = self._rest(timestamp, self._ssrc), self._peer.send_segments
        for run in frame.runs(self._header_length):
            if self._seal is not None:
                send_segments(self._sealed(run, rest), run.segment)
            else:
                data, segment = self._protected(run, rest)
                send_segments(memoryview(data), segment)
        self.packets += len(frame.payloads)
        self.octets += frame.size

    def _rest(self, timestamp: int, ssrc: int) -> bytes:
        """Of the header, what all packets of a frame have in common."""
        if self._header is _PLAIN:
            return _REST.pack(timestamp, ssrc)
        now = int(time.monotonic() * _SEND_TIME) & 0xFFFFFF
        return _REST_EXTENDED.pack(timestamp, ssrc, _ONE_BYTE_HEADERS, self._extension | now)

    def _sealed(self, run: Run, rest: bytes) -> memoryview:
        """The hot loop: a header and an AEAD call a packet, straight into the send buffer (RFC 7714 section 8)."""
        seal = self._seal
        assert seal is not None  # noqa: S101 - `send` has looked
        buffer, base, head, index, pack_into = self._buffer, self._base, self._head, self._index, self._header.pack_into
        for payload, offset, header, body, flags in run.slots:
            pack_into(buffer, offset, flags | head, index & 0xFFFF, rest)
            seal((base ^ index).to_bytes(12, "big"), payload, header, body)
            index += 1
        self._index = index
        return run.view

    def _protected(self, run: Run, rest: bytes) -> tuple[bytes, int]:
        """The same through libsrtp, for a peer without GCM."""
        packets = []
        for payload, _, _, _, flags in run.slots:
            header = self._header.pack(flags | self._head, self._index & 0xFFFF, rest)
            packets.append(self._sender.protect_rtp(header + payload))
            self._index += 1
        return b"".join(packets), len(packets[0])

    def resend(self, sequences: tuple[int, ...]) -> int:
        """Answer a NACK: by RTX where it was negotiated (RFC 4588), else by the packet as it was. Gives how many."""
        done = 0
        for sequence in sequences:
            index = self._index - (self._index - sequence & 0xFFFF)
            found = self._find(index)
            if found is None:
                self.unanswered += 1
                continue
            if self._repair is not None:
                self._send_repair(sequence, *found)
            else:
                payload, flags, timestamp = found
                header = self._header.pack(flags | self._head, sequence, self._rest(timestamp, self._ssrc))
                self._peer.send(self._sender.protect_again(header + payload, index))
            done += 1
        return done

    def repeat(self, budget: int) -> int:
        """Send the newest packets again on the RTX stream until `budget` bytes are used up. Gives the bytes sent."""
        used, index = 0, self._index
        for _ in range(_MAX_REPEATED):
            index -= 1
            if used >= budget or (found := self._find(index)) is None:
                break
            self._send_repair(index & 0xFFFF, *found)
            used += len(found[0]) + EXTENDED_LENGTH + TAG_LENGTH
        return used

    def forget(self) -> None:
        """What was sent is of no use any more: nobody gets it again."""
        if self._history is not None:
            self._history.clear()

    def _send_repair(self, sequence: int, payload: bytes, flags: int, timestamp: int) -> None:
        assert self._repair is not None  # noqa: S101 - the callers have looked
        ssrc, payload_type = self._repair
        header = self._header.pack(flags | payload_type, self._repair_index & 0xFFFF, self._rest(timestamp, ssrc))
        self._repair_index += 1
        self._peer.send_rtp(header + sequence.to_bytes(2, "big") + payload)

    def _find(self, index: int) -> tuple[bytes, int, int] | None:
        """(payload, flags, timestamp) of a packet that was sent, newest frames first: that is what is asked for."""
        for first, frame, timestamp in reversed(self._history or ()):
            if index >= first:
                n = index - first
                if n >= len(frame.payloads):
                    return None
                last = frame.marker and n == len(frame.payloads) - 1
                return frame.payloads[n], self._version | (MARKER if last else 0), timestamp
        return None
