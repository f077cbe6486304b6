"""Many WHEP viewers in one process, cheap enough not to be what is measured: real ICE, DTLS and SRTP keys, then
plain sockets with UDP_GRO that count packets and look at sequence numbers. Every 50th datagram is decrypted.

Talks JSON lines: offers out and answers in, then one line of figures a second, until standard input is closed.
"""

from __future__ import annotations

import json
import re
import secrets
import selectors
import socket
import struct
import sys
import time
from dataclasses import asdict, dataclass
from typing import Final

from webinar.base.rtc import Certificate, Remote, SrtpError, rtcp, stun
from webinar.base.rtc.dtls import Dtls, DtlsState, Fingerprint
from webinar.base.rtc.srtp import Receiver, Sender

SOL_UDP: Final = 17
UDP_GRO: Final = 104
CHECK_EVERY_S: Final = 4.0
REPORT_EVERY_S: Final = 1.0  # browsers: between once and five times a second
DECRYPT_EVERY: Final = 50
OFFER: Final = """v=0\r
o=- 1 1 IN IP4 127.0.0.1\r
s=-\r
t=0 0\r
a=group:BUNDLE 0 1\r
m=video 9 UDP/TLS/RTP/SAVPF 102 103\r
c=IN IP4 0.0.0.0\r
a=ice-ufrag:{ufrag}\r
a=ice-pwd:{pwd}\r
a=fingerprint:sha-256 {fingerprint}\r
a=setup:active\r
a=mid:0\r
a=recvonly\r
a=rtcp-mux\r
a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time\r
a=rtpmap:102 H264/90000\r
a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f\r
a=rtcp-fb:102 nack\r
a=rtcp-fb:102 nack pli\r
a=rtcp-fb:102 goog-remb\r
a=rtpmap:103 rtx/90000\r
a=fmtp:103 apt=102\r
m=audio 9 UDP/TLS/RTP/SAVPF 111\r
c=IN IP4 0.0.0.0\r
a=ice-ufrag:{ufrag}\r
a=ice-pwd:{pwd}\r
a=fingerprint:sha-256 {fingerprint}\r
a=setup:active\r
a=mid:1\r
a=recvonly\r
a=rtcp-mux\r
a=rtpmap:111 opus/48000/2\r
"""


@dataclass(slots=True)
class Figures:
    """Of all viewers since the start."""

    connected: int = 0
    packets: int = 0
    bytes: int = 0
    calls: int = 0
    lost: int = 0
    decrypted: int = 0
    bad: int = 0  # failed to decrypt


class RawViewer:
    """One socket of its own."""

    def __init__(self, certificate: Certificate, figures: Figures, report_every_s: float = REPORT_EVERY_S) -> None:
        self.ufrag, self.pwd = secrets.token_hex(4), secrets.token_hex(12)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.socket.setblocking(False)
        self.first_packet_s = self.answered_s = self.connected_s = 0.0
        self._report_every_s = report_every_s
        self._certificate = certificate
        self._figures = figures
        self._remote_ufrag = self._remote_pwd = ""
        self._dtls: Dtls | None = None
        self.socket.bind(("0.0.0.0", 0))  # noqa: S104 - whichever address the server is reached by
        self._receiver: Receiver | None = None
        self._sender: Sender | None = None
        self._next: dict[int, int] = {}  # SSRC → sequence number that should come
        self._video_ssrc = 0
        self._lost_since_report = self._since_report = 0
        self._next_check_s = self._next_report_s = 0.0
        self._retry_s = 0.0

    @property
    def port(self) -> int:
        """For servers that check us, too: ours is ICE-lite and never does."""
        return int(self.socket.getsockname()[1])

    def offer(self) -> str:
        return OFFER.format(ufrag=self.ufrag, pwd=self.pwd, fingerprint=self._certificate.fingerprint.value)

    def answer(self, sdp: str) -> None:
        self.answered_s = time.monotonic()
        self._remote_ufrag, self._remote_pwd = _value(sdp, "ice-ufrag"), _value(sdp, "ice-pwd")
        self._video_ssrc = int(_value(sdp, "ssrc").split()[0])
        algorithm, value = _value(sdp, "fingerprint").split()
        remote = Remote(self._remote_ufrag, (Fingerprint(algorithm, value),))
        match = re.search(r"a=candidate:\S+ 1 udp \d+ (\S+) (\d+) typ host", sdp)
        assert match is not None
        self.socket.connect((match[1], int(match[2])))
        self._dtls = Dtls(self._certificate, remote.fingerprints, server=False)
        self.tick(time.monotonic())

    def tick(self, now_s: float) -> None:
        """Consent checks, DTLS retransmission, receiver reports."""
        if now_s >= self._next_check_s:
            self._next_check_s = now_s + (CHECK_EVERY_S if self._receiver else 0.3)
            name = f"{self._remote_ufrag}:{self.ufrag}"
            self._send(
                stun.binding_request(secrets.token_bytes(12), name, self._remote_pwd.encode(), use_candidate=True)
            )
        if self._dtls is not None and self._receiver is None and self._retry_s and now_s >= self._retry_s:
            self._dtls.expired()
            self._flush(now_s)
        if self._sender is not None and now_s >= self._next_report_s:
            self._next_report_s = now_s + self._report_every_s
            self._send(self._sender.protect_rtcp(self._report()))

    def readable(self, now_s: float) -> None:
        for _ in range(64):
            try:
                data, ancillary, _, _ = self.socket.recvmsg(65_535, 64)
            except (BlockingIOError, ConnectionRefusedError):
                return
            first = data[0]
            if first >= 128:
                self._media(data, _segment(ancillary, len(data)), now_s)
            elif first < 4:
                self._checked(data, now_s)
            else:
                self._handshake(data, now_s)

    def _checked(self, data: bytes, now_s: float) -> None:
        if data[:2] == b"\0\1":  # a check of the server's own
            request = stun.parse_binding_request(data)
            here = self.socket.getpeername()
            self._send(stun.binding_success(request.transaction_id, here, self.pwd.encode()))
        if self._dtls is not None and self._dtls.state is DtlsState.HANDSHAKE and not self._retry_s:
            self._dtls.start()
            self._flush(now_s)

    def _handshake(self, data: bytes, now_s: float) -> None:
        assert self._dtls is not None
        self._dtls.receive(data)
        self._flush(now_s)
        if self._dtls.keys is not None and self._receiver is None:
            self._receiver, self._sender = self._dtls.keys.receiver(), self._dtls.keys.sender()
            self.socket.setsockopt(SOL_UDP, UDP_GRO, 1)
            self._figures.connected += 1
            self.connected_s = now_s

    def _flush(self, now_s: float) -> None:
        assert self._dtls is not None
        for datagram in self._dtls.take():
            self._send(datagram)
        self._retry_s = now_s + 0.5

    def _media(self, data: bytes, segment: int, now_s: float) -> None:
        figures = self._figures
        figures.calls += 1
        figures.bytes += len(data)
        if 192 <= data[1] <= 223:
            return
        count = -(-len(data) // segment)
        sequence, _, ssrc = struct.unpack_from("!HII", data, 2)
        if ssrc == self._video_ssrc:
            self.first_packet_s = self.first_packet_s or now_s
        expected = self._next.get(ssrc)
        if expected is not None:
            missing = sequence - expected & 0xFFFF
            if missing < 0x8000:
                figures.lost += missing
                self._lost_since_report += missing
        self._next[ssrc] = sequence + count & 0xFFFF
        figures.packets += count
        self._since_report += count
        if self._receiver is not None and figures.calls % DECRYPT_EVERY == 0:
            try:
                self._receiver.unprotect_rtp(data[:segment])
                figures.decrypted += 1
            except SrtpError:
                figures.bad += 1

    def _report(self) -> bytes:
        total = self._since_report + self._lost_since_report
        fraction = self._lost_since_report / total if total else 0.0
        self._since_report = self._lost_since_report = 0
        block = rtcp.ReportBlock(self._video_ssrc, fraction, 0, self._next.get(self._video_ssrc, 0), 0, 0, 0)
        estimate = rtcp.remb(1, 5_000_000, [self._video_ssrc])
        return rtcp.receiver_report(1, [block]) + rtcp.source_description(1, "bench") + estimate

    def _send(self, datagram: bytes) -> None:
        try:
            self.socket.send(datagram)
        except (BlockingIOError, ConnectionRefusedError):
            pass


def _segment(ancillary: list[tuple[int, int, bytes]], length: int) -> int:
    for level, kind, value in ancillary:
        if level == SOL_UDP and kind == UDP_GRO:
            return int(struct.unpack_from("=i", value.ljust(4, b"\0"))[0])
    return length


def _value(sdp: str, name: str) -> str:
    match = re.search(rf"^a={name}:(.*?)\r?$", sdp, re.MULTILINE)
    assert match is not None, name
    return match[1]


def main(count: int, reports: float, join_over_s: float) -> None:
    """`reports` a second of each viewer; they join evenly over so many seconds, or one after the other when it is 0."""
    began_s = time.monotonic()
    figures, certificate = Figures(), Certificate()
    selector = selectors.DefaultSelector()
    viewers: list[RawViewer] = []
    for n in range(count):
        if join_over_s:
            _serve(selector, viewers, began_s + join_over_s * n / count)
        viewer = RawViewer(certificate, figures, 1 / reports)
        print(json.dumps({"offer": viewer.offer(), "port": viewer.port}), flush=True)
        viewer.answer(json.loads(sys.stdin.readline())["answer"])
        selector.register(viewer.socket, selectors.EVENT_READ, viewer)
        viewers.append(viewer)
        if not join_over_s:
            _serve(selector, viewers, time.monotonic() + 0.005)
    selector.register(sys.stdin, selectors.EVENT_READ, None)
    while _serve(selector, viewers, time.monotonic() + 1.0):
        print(json.dumps({"figures": asdict(figures) | joining(viewers)}), flush=True)


def joining(viewers: list[RawViewer]) -> dict[str, int]:
    """Milliseconds from the answer to the keys, and to the first packet of picture, at p50 and p95 of who has them."""
    found = {}
    for name in ("connected", "first_packet"):
        times = [(getattr(v, f"{name}_s"), v.answered_s) for v in viewers]
        took = sorted(round((then - began) * 1000) for then, began in times if then)
        for share in (50, 95):
            found[f"{name}_p{share}_ms"] = took[min(len(took) - 1, len(took) * share // 100)] if took else 0
    return found


def _serve(selector: selectors.BaseSelector, viewers: list[RawViewer], until_s: float) -> bool:
    """Handle sockets until then; False when standard input was closed."""
    tick_s = 0.0
    while (now_s := time.monotonic()) < until_s:
        for key, _ in selector.select(min(0.05, until_s - now_s)):
            if key.data is None:
                return False
            key.data.readable(now_s)
        if now_s >= tick_s:
            tick_s = now_s + 0.05
            for viewer in viewers:
                viewer.tick(now_s)
    return True


if __name__ == "__main__":
    main(
        int(sys.argv[1]),
        float(sys.argv[2]) if len(sys.argv) > 2 else 1 / REPORT_EVERY_S,
        float(sys.argv[3]) if len(sys.argv) > 3 else 0.0,
    )
