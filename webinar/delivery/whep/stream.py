"""One outgoing RTP stream to one viewer: its own SSRC, payload type and contiguous sequence numbers."""

from __future__ import annotations

from collections import deque

from webinar.base.rtc import Peer
from webinar.base.rtc.srtp import GcmSender, Sender
from webinar.delivery.whep.packetizer import RTP_HEADER, Frame, Run, SendBuffer


class OutStream:
    """Seals frames into the shared buffer and sends each with one call.

    `history` frames are remembered for retransmission: only references, the payloads are shared by all viewers.
    """

    __slots__ = (
        "_base",
        "_buffer",
        "_head",
        "_history",
        "_index",
        "_peer",
        "_repair",
        "_repair_index",
        "_seal",
        "_sender",
        "_ssrc",
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
    ) -> None:
        """`sequence`: the first one, below 2^15 (RFC 3711 section 3.3.1). `repair`: SSRC and payload type of RTX."""
        self.packets = 0
        self.octets = 0  # of payload, as sender reports count them
        self.unanswered = 0  # sequence numbers asked for that are not remembered any more
        self._peer = peer
        self._sender = sender
        self._buffer = buffer.data
        self._ssrc = ssrc
        self._head = payload_type
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
        for run in frame.runs:
            if self._seal is not None:
                self._peer.send_segments(self._sealed(run, timestamp), run.segment)
            else:
                data, segment = self._protected(run, timestamp)
                self._peer.send_segments(memoryview(data), segment)
        self.packets += len(frame.payloads)
        self.octets += frame.size

    def _sealed(self, run: Run, timestamp: int) -> memoryview:
        """The hot loop: a header and an AEAD call a packet, straight into the send buffer (RFC 7714 section 8)."""
        seal = self._seal
        assert seal is not None  # noqa: S101 - `send` has looked
        buffer, base, head, ssrc, index = self._buffer, self._base, self._head, self._ssrc, self._index
        for payload, offset, header, body, flags in run.slots:
            RTP_HEADER.pack_into(buffer, offset, flags | head, index & 0xFFFF, timestamp, ssrc)
            seal((base ^ index).to_bytes(12, "big"), payload, header, body)
            index += 1
        self._index = index
        return run.view

    def _protected(self, run: Run, timestamp: int) -> tuple[bytes, int]:
        """The same through libsrtp, for a peer without GCM."""
        packets = []
        for payload, _, _, _, flags in run.slots:
            header = RTP_HEADER.pack(flags | self._head, self._index & 0xFFFF, timestamp, self._ssrc)
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
            payload, flags, timestamp = found
            if self._repair is None:
                header = RTP_HEADER.pack(flags | self._head, sequence, timestamp, self._ssrc)
                self._peer.send(self._sender.protect_again(header + payload, index))
            else:
                ssrc, payload_type = self._repair
                header = RTP_HEADER.pack(flags | payload_type, self._repair_index & 0xFFFF, timestamp, ssrc)
                self._repair_index += 1
                self._peer.send_rtp(header + sequence.to_bytes(2, "big") + payload)
            done += 1
        return done

    def _find(self, index: int) -> tuple[bytes, int, int] | None:
        """(payload, flags, timestamp) of a packet that was sent, newest frames first: that is what is asked for."""
        for first, frame, timestamp in reversed(self._history or ()):
            if index >= first:
                n = index - first
                if n >= len(frame.payloads):
                    return None
                last = frame.marker and n == len(frame.payloads) - 1
                return frame.payloads[n], 0x8080 if last else 0x8000, timestamp
        return None
