"""Where in time the player is, and what follows when a stream comes to its end. Sessions are stand-ins here."""

from __future__ import annotations

from tests.media import scripts

_IMPORTS = """
import assert from "node:assert/strict";
import { Player } from "./media/player.js";
// A session as the player sees one: it plays at once, and ends when the test says so.
class Session {
  constructor({ past, whole, quality }) {
    this.kind = past === null ? "whep" : "hls";
    Object.assign(this, { live: past === null, at: past ?? 0, whole, rate: 1, length: 100, closed: false });
    this.rendition = this.kind === "hls" ? quality : "";
    this.figures = { behindS: 0.2, height: 480 };
    this.avoided = null;
    this.ended = new Promise((resolve) => (this.end = resolve));
  }
  hurry() {}
  avoid(resting) { this.avoided = resting; }
  seek(at) { this.at = this.sought = at; }
  async choose(rendition) { this.rendition = rendition; return true; }
  close() { this.closed = true; this.end("closed"); }
}
const opened = [];
const video = { currentTime: 0, playbackRate: 1 };
const player = new Player(video, "token");
player.opener.open = async (wish) => {
  opened.push(new Session(wish));
  video.currentTime = wish.past ?? 0;
  return opened.at(-1);
};
const live = (n) => ({
  whep_url: "/whep", hls_url: `/hls/${n}/index.m3u8`, rewind_url: `/hls/${n}/full.m3u8`, replay_url: null,
  startedMs: Date.now() - 100_000,
});
const settle = () => new Promise((done) => setTimeout(done, 5));
const open = () => opened.filter((session) => !session.closed).length;
player.play(live(1));
await settle();
"""


def run(script: str) -> None:
    scripts.run(_IMPORTS, script)


def test_seeking_leaves_live_and_the_newest_seconds_are_live_again() -> None:
    run(
        """
        assert.equal(player.timeline.past, false);
        assert.ok(Math.abs(player.timeline.length - 100) < 1);
        player.seek(30);
        await settle();
        assert.deepEqual([opened.at(-1).kind, opened.at(-1).at, open()], ["hls", 30, 1]);
        player.seek(50);
        assert.deepEqual([opened.length, opened.at(-1).sought], [2, 50]);
        player.accelerate(2);
        player.seek(97);
        await settle();
        assert.deepEqual([opened.at(-1).kind, player.past, player.speed, open()], ["whep", null, 1, 1]);
        """
    )


def test_a_speed_that_is_chosen_while_the_past_is_being_opened_is_kept() -> None:
    run(
        """
        player.seek(0);
        player.accelerate(1.5);
        await settle();
        assert.deepEqual([opened.at(-1).at, opened.at(-1).rate, video.playbackRate], [0, 1.5, 1.5]);
        """
    )


def test_who_catches_up_is_live_and_who_loses_the_past_finds_it_where_it_was() -> None:
    run(
        """
        player.seek(30);
        await settle();
        opened.at(-1).at = 41;
        opened.at(-1).end("lost");
        player.addEventListener("trouble", () => setTimeout(() => player.retry(), 1), { once: true });
        await settle();
        await settle();
        assert.deepEqual([opened.at(-1).kind, opened.at(-1).at, open()], ["hls", 41, 1]);
        opened.at(-1).end("edge");
        await settle();
        assert.deepEqual([opened.at(-1).kind, player.past, open()], ["whep", null, 1]);
        """
    )


def test_the_past_goes_on_in_the_playlist_of_the_next_live_session() -> None:
    run(
        """
        player.seek(30);
        await settle();
        player.play(live(2));
        await settle();
        assert.equal(opened.length, 2);  // the old one is played to its end
        opened.at(-1).at = 60;
        opened.at(-1).end("finished");
        await settle();
        assert.deepEqual([opened.at(-1).whole, opened.at(-1).at, open()], ["/hls/2/full.m3u8", 60, 1]);
        // All that has been was watched, and the event goes on: live.
        opened.at(-1).end("finished");
        await settle();
        assert.deepEqual([opened.at(-1).kind, player.past], ["whep", null]);
        """
    )


def test_after_the_end_who_is_behind_watches_on_and_then_it_is_over() -> None:
    run(
        """
        let finished = 0;
        player.addEventListener("finished", () => (finished += 1));
        player.seek(30);
        await settle();
        const ended = { whep_url: null, hls_url: null, rewind_url: null, replay_url: "/hls/1/full.m3u8", startedMs: 0 };
        player.play(ended);
        await settle();
        assert.deepEqual([opened.length, player.state], [2, "playing"]);
        opened.at(-1).end("finished");
        await settle();
        assert.deepEqual([finished, player.state, open()], [1, "idle", 0]);
        player.watch(ended, 0);
        await settle();
        assert.deepEqual([opened.at(-1).whole, opened.at(-1).at, player.state], ["/hls/1/full.m3u8", 0, "playing"]);
        """
    )


def test_a_quality_outlives_the_session_it_was_chosen_in() -> None:
    run(
        """
        await player.choose("240p");
        assert.equal(opened.at(-1).rendition, "240p");
        opened.at(-1).end("silent");
        player.addEventListener("trouble", () => setTimeout(() => player.retry(), 1), { once: true });
        await settle();
        await settle();
        assert.deepEqual([opened.length, opened.at(-1).rendition], [2, "240p"]);
        player.seek(30);
        await settle();
        // The sound alone is another stream over HLS: the place is kept.
        opened.at(-1).at = 44;
        await player.choose("audio");
        await settle();
        assert.deepEqual([opened.at(-1).rendition, opened.at(-1).at, open()], ["audio", 44, 1]);
        """
    )


def test_a_quality_outlives_one_question_that_got_lost_after_a_reconnect() -> None:
    run(
        """
        await player.choose("240p");
        // Whoever asks just now is told when it cannot be had.
        const refuse = async () => false;
        opened.at(-1).choose = refuse;
        await player.choose("480p");
        assert.equal(player.quality, "240p");
        let asked = 0;
        Session.prototype.choose = async function (rendition) {
          asked += 1;
          if (asked === 1) return false;
          this.rendition = rendition;
          return true;
        };
        player.addEventListener("trouble", () => setTimeout(() => player.retry(), 1), { once: true });
        opened.at(-1).end("silent");
        await settle();
        await settle();
        assert.deepEqual([opened.length, opened.at(-1).rendition, player.quality], [2, "", "240p"]);
        await new Promise((done) => setTimeout(done, 1600));
        assert.deepEqual([asked, opened.at(-1).rendition, player.quality], [2, "240p", "240p"]);
        """
    )


def test_a_replay_that_cannot_be_had_comes_to_an_end_and_is_said_once() -> None:
    run(
        """
        const said = [];
        for (const type of ["trouble", "finished"]) player.addEventListener(type, () => said.push(type));
        let tries = 0;
        player.opener.open = async () => {
          tries += 1;
          setTimeout(() => player.retry(), 1);
          return null;
        };
        player.watch({ whep_url: null, hls_url: null, replay_url: "/hls/1/full.m3u8" }, 30);
        await new Promise((done) => setTimeout(done, 200));
        assert.deepEqual(said, ["trouble", "finished"]);
        assert.ok(tries > 4 && tries < 12, String(tries));
        assert.deepEqual([player.state, player.past], ["idle", null]);
        // What is on air is tried for ever.
        player.play(live(1));
        await new Promise((done) => setTimeout(done, 200));
        assert.ok(tries > 20, String(tries));
        assert.equal(player.state, "reconnecting");
        player.stop();
        """
    )


def test_who_plays_hls_is_told_which_renditions_rest_also_when_that_changed_while_the_session_opened() -> None:
    run(
        """
        const { open: opener } = player.opener;
        player.opener.open = async (wish) => {
          player.play({ ...live(1), resting: ["720p"] });
          const session = await opener(wish);
          session.kind = "hls";
          return session;
        };
        opened.at(-1).end("silent");
        player.addEventListener("trouble", () => setTimeout(() => player.retry(), 1), { once: true });
        await settle();
        await settle();
        assert.deepEqual([opened.length, opened.at(-1).avoided], [2, ["720p"]]);
        player.play(live(1));
        assert.deepEqual([opened.length, opened.at(-1).avoided], [2, []]);
        """
    )


def test_who_fell_back_to_hls_gets_the_shortest_delay_by_asking_for_it() -> None:
    run(
        """
        player.prefer(null);
        assert.equal(opened.length, 1);  // nothing to change
        player.opener.transports.whepOut = true;
        player.session.kind = "hls";
        player.prefer(null);
        await settle();
        assert.deepEqual([opened.length, player.opener.transports.whepOut, open()], [2, false, 1]);
        """
    )
