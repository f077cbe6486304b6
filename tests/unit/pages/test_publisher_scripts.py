"""Who sends from a browser, and whether they may take the stage (back), run by Node as the browser runs it."""

from __future__ import annotations

import pytest

from tests.media import scripts

_IMPORTS = """
import assert from "node:assert/strict";
import { Publisher } from "./media/whip.js";

const made = [];
const way = "a=ice-ufrag:theirs\\r\\na=ice-pwd:secretsecretsecretsecret\\r\\n";
class Connection extends EventTarget {
  connectionState = "connected";
  iceConnectionState = "connected";
  iceGatheringState = "complete";
  localDescription = { type: "offer", sdp: "v=0\\r\\na=candidate:1 1 udp 1 192.0.2.1 9 typ host\\r\\n" };
  answers = 0;
  constructor() { super(); made.push(this); }
  addTransceiver() { return { setCodecPreferences() {} }; }
  getTransceivers() { return []; }
  getSenders() { return [{ transport: { state: "connected" } }]; }
  async getStats() { return new Map(); }
  async createOffer() { return this.localDescription; }
  async setLocalDescription() {}
  async setRemoteDescription(answer) {
    this.answers += 1;
    if (this.answers > 1) throw new DOMException("no", "OperationError");
    this.remoteDescription = answer;
  }
  restartIce() {}
  close() { this.connectionState = "closed"; }
}
globalThis.RTCPeerConnection = Connection;
globalThis.RTCRtpSender = { getCapabilities: () => null };

// A session is lost, and its ICE restart answered with `patched`: the headers of the offer that follows.
async function after(patched) {
  const offers = [];
  globalThis.fetch = async (url, { method, headers }) => {
    if (method === "PATCH") return patched();
    if (method === "DELETE") return new Response(null, { status: 200 });
    offers.push(headers);
    return new Response(way, { status: 201, headers: { Location: "http://host/session/1" } });
  };
  const publisher = new Publisher("http://host/whip", "key");
  publisher.start(true);
  const until = async (there) => { while (!there()) await new Promise((done) => setTimeout(done, 10)); };
  await until(() => publisher.state === "sending");
  made.at(-1).connectionState = "failed";
  await until(() => offers.length === 2 && publisher.state === "sending");
  publisher.stop();
  return offers.map((headers) => [headers["X-Webinar-Take-Over"] ?? "", headers["X-Webinar-Resume"] ?? ""]);
}
"""


@pytest.mark.parametrize("status", [404, 410])
def test_whoever_took_the_stage_from_a_session_that_is_gone_keeps_it(status: int) -> None:
    scripts.run(
        _IMPORTS,
        f"assert.deepEqual(await after(() => new Response(null, {{ status: {status} }})), [['1', ''], ['', '']]);",
    )


@pytest.mark.parametrize("answer", ["new Response(null, { status: 503 })", "new Response(way, { status: 200 })"])
def test_a_session_that_cannot_be_moved_makes_room_for_the_next_one_of_the_same_presenter_alone(answer: str) -> None:
    """The second answer is one that the browser does not take."""
    scripts.run(_IMPORTS, f"assert.deepEqual(await after(() => {answer}), [['1', ''], ['', '1']]);")
