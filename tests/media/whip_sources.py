"""What publishers send where freezes, gaps and delays are measured: a burned-in clock and a steady tone."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np

from webinar.demo import burned_time
from webinar.demo.source import BLOCK, FRAME_RATE, SAMPLE_RATE, Samples, pixels

WIDTH, HEIGHT = 640, 360
_SCALE = burned_time.CANVAS_WIDTH // WIDTH
_CELL = burned_time.CELL // _SCALE
_TONE_HZ = 440


class ClockProgram:
    """A `webinar.demo.source.Program`: the time over a moving pattern, and a steady tone without an end."""

    def __init__(self) -> None:
        noise = np.random.default_rng(1).integers(90, 150, (HEIGHT // 8, WIDTH // 8 + 64), np.uint8)
        self._pattern = noise.repeat(8, axis=0).repeat(8, axis=1)

    def picture(self, n: int, wall_ms: int) -> av.VideoFrame:
        frame = av.VideoFrame(WIDTH, HEIGHT, "yuv420p")
        luma = pixels(frame.planes[0])
        shift = n * 4 % 512
        luma[:] = self._pattern[:, shift : shift + WIDTH]
        for plane in frame.planes[1:]:
            pixels(plane)[:] = 128
        levels = np.where(burned_time.cells(wall_ms), np.uint8(235), np.uint8(16))
        block = levels.repeat(_CELL, axis=0).repeat(_CELL, axis=1)
        top, left = burned_time.TOP // _SCALE, burned_time.LEFT // _SCALE
        luma[top : top + block.shape[0], left : left + block.shape[1]] = block
        frame.time_base = Fraction(1, FRAME_RATE)
        return frame

    def sound(self, k: int) -> Samples:
        at = np.arange(k * BLOCK, (k + 1) * BLOCK) / SAMPLE_RATE
        tone = (np.sin(2 * np.pi * _TONE_HZ * at) * 10_000).astype(np.int16)
        return np.repeat(tone[:, None], 2, axis=1)

    def close(self) -> None:
        """Nothing is held."""


@dataclass(frozen=True)
class Clock:
    """A `webinar.demo.source.Source`."""

    def begin(self) -> ClockProgram:
        return ClockProgram()


# The same in a browser: `clock(fps, width, detail)` gives the stream, `publish(stream, url)` sends it as the studio
# does. `detail` adds noise that no encoder can save.
PAGE = """<!doctype html><title>presenter</title><canvas></canvas><script>
const CELLS = {rows: 2, columns: 30, cell: 24, left: 24, top: 612};
function code(ms) {
  let remainder = BigInt(ms) << 12n;
  for (let bit = 55n; bit > 11n; bit--) if (remainder >> bit & 1n) remainder ^= (1n << 12n | 0x80Fn) << (bit - 12n);
  return BigInt(ms) << 12n | (remainder ^ 0xFFFn);
}
function drawClock(pen, scale) {
  const word = code(Date.now());
  for (let r = 0; r < 2; r++) for (let c = 0; c < 30; c++) {
    const white = c === 0 ? r === 0 : c === 29 ? r === 1 : word >> BigInt(55 - (r * 28 + c - 1)) & 1n;
    pen.fillStyle = white ? '#fff' : '#000';
    pen.fillRect((24 + c * 24) * scale, (612 + r * 24) * scale, 24 * scale, 24 * scale);
  }
}
function clock(fps = 30, width = 640, detail = 0) {
  const canvas = document.querySelector('canvas'), scale = width / 1280;
  canvas.width = width; canvas.height = width * 9 / 16;
  const pen = canvas.getContext('2d'), stream = canvas.captureStream(0), track = stream.getVideoTracks()[0];
  let n = 0;
  setInterval(() => {
    n += 1;
    pen.fillStyle = '#446'; pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.fillStyle = '#8a6'; pen.fillRect(n * 7 % width, 20, 60 * scale, 120 * scale);
    for (let i = 0; i < detail; i++) {
      pen.fillStyle = `hsl(${Math.random() * 360} 60% ${20 + Math.random() * 60}%)`;
      pen.fillRect(Math.random() * width, Math.random() * canvas.height * 0.8, 24 * scale, 24 * scale);
    }
    drawClock(pen, scale);
    (track.requestFrame ? track : stream).requestFrame(); // Firefox has it on the stream
  }, 1000 / fps);
  const context = new AudioContext(), out = context.createMediaStreamDestination();
  const gain = new GainNode(context, {gain: 0.3}), tone = new OscillatorNode(context, {frequency: 440});
  tone.connect(gain).connect(out); tone.start();
  return new MediaStream([track, ...out.stream.getTracks()]);
}
async function publish(stream, {url = '/whip/event', hint = '', audioNack = false, max = 2500000} = {}) {
  const pc = window.pc = new RTCPeerConnection({bundlePolicy: 'max-bundle'});
  for (const track of stream.getTracks()) {
    if (track.kind === 'video' && hint) track.contentHint = hint;
    pc.addTransceiver(track, {direction: 'sendonly', streams: [stream],
      ...(track.kind === 'video' ? {sendEncodings: [{maxBitrate: max, maxFramerate: 30}]} : {})});
  }
  const offer = await pc.createOffer();
  if (audioNack) offer.sdp = offer.sdp.replace(/a=rtpmap:([0-9]+) opus.*\\r\\n/, '$&a=rtcp-fb:$1 nack\\r\\n');
  await pc.setLocalDescription(offer);
  const reply = await fetch(url, {method: 'POST', headers: {'Content-Type': 'application/sdp'},
    body: pc.localDescription.sdp});
  if (reply.status !== 201) throw new Error(await reply.text());
  window.resource = reply.headers.get('Location'); window.etag = reply.headers.get('ETag');
  await pc.setRemoteDescription({type: 'answer', sdp: await reply.text()});
}
// An ICE restart over the same WHIP session (RFC 9725, 4.3.3); the status of the answer.
async function restartIce(ifMatch = '*') {
  await pc.setLocalDescription(await pc.createOffer({iceRestart: true}));
  const mine = pc.localDescription.sdp, line = name => mine.match(new RegExp(`^a=${name}:.*$`, 'm'))[0].trim();
  const reply = await fetch(window.resource, {method: 'PATCH',
    headers: {'Content-Type': 'application/trickle-ice-sdpfrag', 'If-Match': ifMatch},
    body: [line('ice-ufrag'), line('ice-pwd'), ''].join('\\r\\n')});
  if (reply.status !== 200) { await pc.setLocalDescription({type: 'rollback'}); return reply.status; }
  const theirs = await reply.text(), value = name => theirs.match(new RegExp(`^a=${name}:.*$`, 'm'))[0].trim();
  window.etag = reply.headers.get('ETag');
  const answer = pc.remoteDescription.sdp.replace(/^a=ice-ufrag:.*$/gm, value('ice-ufrag'))
    .replace(/^a=ice-pwd:.*$/gm, value('ice-pwd'));
  await pc.setRemoteDescription({type: 'answer', sdp: answer});
  return reply.status;
}
// More candidates for the ICE session `etag`; the status of the answer.
async function trickle(etag) {
  const line = name => pc.localDescription.sdp.match(new RegExp(`^a=${name}:.*$`, 'm'))[0].trim();
  const body = [line('ice-ufrag'), line('ice-pwd'), 'm=audio 9 UDP/TLS/RTP/SAVPF 0', 'a=mid:0',
    'a=candidate:1 1 udp 1 192.0.2.1 9 typ host', ''].join('\\r\\n');
  const headers = {'Content-Type': 'application/trickle-ice-sdpfrag', 'If-Match': etag};
  return (await fetch(window.resource, {method: 'PATCH', headers, body})).status;
}
// Longest time for which the page itself made no sound, s: a busy machine is not the network's fault.
window.unheard = 0;
function listen() {
  let energy = 0, at = performance.now();
  setInterval(async () => {
    const sender = pc.getSenders().find(s => s.track && s.track.kind === 'audio');
    for (const s of (await sender.getStats()).values()) if (s.type === 'media-source') {
      const now = performance.now(), expected = 0.03 * (now - at) / 1000;
      if (s.totalAudioEnergy - energy < expected / 2) window.unheard = Math.max(window.unheard, (now - at) / 1000);
      energy = s.totalAudioEnergy; at = now;
    }
  }, 100);
}
async function sent() {
  for (const s of (await window.pc.getStats()).values())
    if (s.type === 'outbound-rtp' && s.kind === 'video') return {...s, at: performance.now()};
}
</script>"""
