"""Publishers that others wrote, each as a child process that sends to a WHIP address until it is stopped.

`python -m tests.media.whip_others ffmpeg URL` is FFmpeg's own `whip` muxer, out of PyAV's wheel. The others need what a
machine may not have: Debian's GStreamer, npm's werift (in the folder NODE_PATH names), Debian's Firefox.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import os
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
import numpy as np
from av.container import OutputContainer
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.media.whip_sources import HEIGHT, WIDTH, ClockProgram
from webinar.demo.source import BLOCK, FRAME_RATE, SAMPLE_RATE

GSTREAMER: Final = """
import sys, urllib.request, gi
gi.require_version('Gst', '1.0'); gi.require_version('GstWebRTC', '1.0'); gi.require_version('GstSdp', '1.0')
from gi.repository import GLib, Gst, GstSdp, GstWebRTC
Gst.init(None)
pipe = Gst.parse_launch('''webrtcbin name=w bundle-policy=max-bundle
 videotestsrc is-live=true pattern=ball ! video/x-raw,width=640,height=360,framerate=30/1 ! videoconvert
 ! x264enc tune=zerolatency speed-preset=ultrafast bitrate=1000 key-int-max=60
 ! video/x-h264,profile=constrained-baseline
 ! rtph264pay config-interval=-1 aggregate-mode=zero-latency
 ! application/x-rtp,media=video,encoding-name=H264,payload=96,clock-rate=90000 ! w.
 audiotestsrc is-live=true freq=440 volume=0.3 ! audioconvert ! audioresample ! audio/x-raw,rate=48000,channels=2
 ! opusenc inband-fec=true ! rtpopuspay ! application/x-rtp,media=audio,encoding-name=OPUS,payload=97 ! w.''')
w = pipe.get_by_name('w')
def gathered(element, _):
    if element.get_property('ice-gathering-state') != GstWebRTC.WebRTCICEGatheringState.COMPLETE: return
    offer = element.get_property('local-description').sdp.as_text()
    request = urllib.request.Request(sys.argv[1], offer.encode(), {'Content-Type': 'application/sdp'})
    answer = urllib.request.urlopen(request).read().decode()
    _, sdp = GstSdp.SDPMessage.new_from_text(answer)
    description = GstWebRTC.WebRTCSessionDescription.new(GstWebRTC.WebRTCSDPType.ANSWER, sdp)
    element.emit('set-remote-description', description, None)
def negotiate(element):
    for i in range(2):
        element.emit('get-transceiver', i).set_property('direction', GstWebRTC.WebRTCRTPTransceiverDirection.SENDONLY)
    def made(promise, _):
        promise.wait()
        reply = promise.get_reply()
        offer = reply.get_value('offer')
        element.emit('set-local-description', offer, None)
    element.emit('create-offer', None, Gst.Promise.new_with_change_func(made, None))
w.connect('on-negotiation-needed', negotiate)
w.connect('notify::ice-gathering-state', gathered)
pipe.set_state(Gst.State.PLAYING)
GLib.MainLoop().run()
"""

# Its RTP comes from FFmpeg over UDP: werift carries it, and answers NACK and PLI.
WERIFT: Final = """
const {RTCPeerConnection, MediaStreamTrack, RTCRtpCodecParameters, RtpPacket} = require('werift');
const dgram = require('dgram');
const [url, videoPort, audioPort] = process.argv.slice(1);
const pc = new RTCPeerConnection({iceUseIpv4: true, iceUseIpv6: false, iceServers: [],
  iceAdditionalHostAddresses: ['127.0.0.1'], bundlePolicy: 'max-bundle',
  codecs: {video: [new RTCRtpCodecParameters({mimeType: 'video/H264', clockRate: 90000, payloadType: 96,
    parameters: 'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f',
    rtcpFeedback: [{type: 'nack'}, {type: 'nack', parameter: 'pli'}]})],
    audio: [new RTCRtpCodecParameters({mimeType: 'audio/opus', clockRate: 48000, channels: 2, payloadType: 97})]}});
for (const [kind, port] of [['video', videoPort], ['audio', audioPort]]) {
  const track = new MediaStreamTrack({kind});
  pc.addTransceiver(track, {direction: 'sendonly'});
  const socket = dgram.createSocket('udp4');
  socket.bind(Number(port), '127.0.0.1');
  socket.on('message', data => { try { track.writeRtp(data); } catch (error) { console.error(error); } });
}
(async () => {
  await pc.setLocalDescription(await pc.createOffer());
  const answer = await fetch(url, {method: 'POST', headers: {'Content-Type': 'application/sdp'},
    body: pc.localDescription.sdp});
  if (answer.status !== 201) throw new Error(await answer.text());
  await pc.setRemoteDescription({type: 'answer', sdp: await answer.text()});
})();
"""


def ffmpeg(url: str, **options: str) -> None:
    """Sends the clock and the tone until it is killed: by the `whip` muxer, or by `rtp` to two UDP addresses."""
    if not url.startswith("http"):
        _send([av.open(target, "w", format="rtp") for target in url.split(",")])
        return
    with tempfile.TemporaryDirectory() as folder:
        container = av.open(url, "w", format="whip", options=options | _certificate(Path(folder)))
        _send([container, container])


def _certificate(folder: Path) -> dict[str, str]:
    """A P-256 certificate: built on GnuTLS, FFmpeg makes itself one of P-224, which OpenSSL and browsers refuse."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "presenter")])
    now = datetime.datetime.now(datetime.UTC)
    day = datetime.timedelta(days=1)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    certificate = made.not_valid_before(now - day).not_valid_after(now + day).sign(key, hashes.SHA256())
    pem = serialization.Encoding.PEM
    form, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "key.pem").write_bytes(key.private_bytes(pem, form, plain))
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(pem))
    return {"cert_file": str(folder / "certificate.pem"), "key_file": str(folder / "key.pem")}


def _send(containers: Sequence[OutputContainer]) -> None:
    """Picture into the first container, sound into the second, in time."""
    program, began = ClockProgram(), time.monotonic()
    video = containers[0].add_stream("libx264", FRAME_RATE)
    video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    video.bit_rate, video.codec_context.gop_size, video.codec_context.max_b_frames = 1_000_000, FRAME_RATE, 0
    video.options = {
        "preset": "ultrafast",
        "tune": "zerolatency",
        "profile": "baseline",
        "x264-params": "repeat-headers=1",
    }
    audio = containers[1].add_stream("libopus", SAMPLE_RATE)
    audio.layout, audio.bit_rate = "stereo", 64_000
    for k in range(1_000_000):
        due = began + k * BLOCK / SAMPLE_RATE
        time.sleep(max(0.0, due - time.monotonic()))
        sound = av.AudioFrame.from_ndarray(np.ascontiguousarray(program.sound(k)).reshape(1, -1), "s16", "stereo")
        sound.sample_rate, sound.pts, sound.time_base = SAMPLE_RATE, k * BLOCK, Fraction(1, SAMPLE_RATE)
        for packet in audio.encode(sound):
            containers[1].mux(packet)
        for n in range((k * 3 + 4) // 5, ((k + 1) * 3 + 4) // 5):  # 30 pictures and 50 blocks a second
            picture = program.picture(n, round(time.time() * 1000))
            picture.pts = n
            for packed in video.encode(picture):
                containers[0].mux(packed)


@contextlib.asynccontextmanager
async def publishing(name: str, url: str, udp: tuple[int, int] = (0, 0)) -> AsyncIterator[None]:
    """A publisher on its way to `url`; killed when this is left. `udp`: two free ports, for werift."""
    us = [sys.executable, "-m", "tests.media.whip_others", "ffmpeg"]
    commands = {
        "ffmpeg": [[*us, url]],
        "gstreamer": [["/usr/bin/python3", "-c", GSTREAMER, url]],
        "werift": [
            [shutil.which("node") or "node", "-e", WERIFT, "--", url, *map(str, udp)],
            [*us, ",".join(f"rtp://127.0.0.1:{port}?pkt_size=1200" for port in udp)],
        ],
    }[name]
    root = Path(__file__).parents[2]
    children = [
        await asyncio.create_subprocess_exec(*command, cwd=root, env=os.environ | {"PYTHONPATH": str(root)})
        for command in commands
    ]
    try:
        yield
    finally:
        for child in children:
            if child.returncode is None:
                child.kill()
            await child.wait()


if __name__ == "__main__":
    av.logging.set_level(None)
    ffmpeg(sys.argv[2], **dict(pair.split("=", 1) for pair in sys.argv[3:]))
