"""The player's pure modules, run by Node as the browser runs them."""

from __future__ import annotations

from tests.media import scripts

_IMPORTS = """
import assert from "node:assert/strict";
import { Watchdog } from "./media/watchdog.js";
import { Transports } from "./media/transports.js";
import { Pace } from "./media/pace.js";
import { cap } from "./media/cap.js";
import { answerWith, fragmentOf } from "./media/ice.js";
import { mock } from "node:test";
import { HlsSession } from "./media/hls.js";
import { loadHls } from "./media/hls_library.js";
import { fetchLadder, readLadder, rungName } from "./media/ladder.js";
import { NoMedia, Refused, Unreachable } from "./media/signalling.js";
import { isFile } from "./media/source.js";
// A session looked at every 300 ms. `flows(t)` says what comes at t: picture, sound, answers to ICE's checks.
function verdicts(flows, until, { blind = false, doubtAt = Infinity } = {}) {
  const dog = new Watchdog();
  const look = { now: 0, wall: 0, frames: 0, video: 0, audio: 0, checks: 0 };
  const out = [];
  for (let now = 0; now <= until; now += 300) {
    const { picture = false, packets = picture, sound = false, checks = false } = flows(now);
    Object.assign(look, { now, wall: now });
    look.frames += picture ? 9 : 0;
    look.video += packets ? 9000 : 0;
    look.audio += sound ? 900 : 0;
    look.checks += checks ? 1 : 0;
    if (now >= doubtAt && now < doubtAt + 300) dog.doubt(now);
    const verdict = dog.look({ ...look }, blind);
    if (verdict !== (out.at(-1)?.verdict ?? "")) out.push({ now, verdict });
    if (verdict === "frozen" || verdict === "silent") break;
  }
  return out;
}
const all = { picture: true, sound: true, checks: true };
"""


def run(script: str) -> None:
    scripts.run(_IMPORTS, script)


def test_a_picture_that_stands_still_is_said_within_a_second_and_a_half_and_given_up_after_two() -> None:
    run(
        """
        const frozen = verdicts((t) => (t < 3000 ? all : { packets: true, sound: true, checks: true }), 20000);
        assert.deepEqual(frozen.map((v) => v.verdict), ["stalled", "frozen"]);
        assert.ok(frozen[0].now - 2700 <= 1500 && frozen[1].now - 2700 <= 2400, JSON.stringify(frozen));
        assert.deepEqual(verdicts(() => all, 60000), []);
        // A stutter of less than a second is nothing.
        assert.deepEqual(verdicts((t) => (t > 3000 && t < 3900 ? { sound: true } : all), 20000), []);
        """
    )


def test_silence_of_a_server_that_answers_is_waited_out_and_that_of_a_dead_path_is_not() -> None:
    run(
        """
        const outage = verdicts((t) => (t > 3000 && t < 9000 ? { checks: true } : all), 20000);
        assert.deepEqual(outage.map((v) => v.verdict), ["stalled", ""]);
        const dead = verdicts((t) => (t > 3000 ? {} : all), 20000);
        assert.deepEqual(dead.map((v) => v.verdict), ["stalled", "silent"]);
        assert.ok(dead[1].now <= 3000 + 4000, JSON.stringify(dead));
        // Not for ever: the server may have forgotten who it answers.
        const long = verdicts((t) => (t > 3000 ? { checks: true } : all), 60000);
        assert.deepEqual(long.map((v) => v.verdict), ["stalled", "silent"]);
        """
    )


def test_a_doubted_silence_is_given_up_soon() -> None:
    run(
        """
        const doubted = verdicts((t) => (t > 3000 ? { checks: true } : all), 20000, { doubtAt: 3300 });
        assert.equal(doubted.at(-1).verdict, "silent");
        assert.ok(doubted.at(-1).now <= 3000 + 1800, JSON.stringify(doubted));
        assert.deepEqual(verdicts(() => all, 20000, { doubtAt: 3300 }), []);
        """
    )


def test_a_session_that_was_slow_to_begin_is_not_given_up_at_the_first_look_for_that() -> None:
    run(
        """
        const dog = new Watchdog();
        const look = { now: 3000, wall: 3000, frames: 1, video: 900, audio: 90, checks: 4 };
        dog.doubt(3000);
        assert.equal(dog.look({ ...look }, false), "");
        look.now = look.wall = 3300;
        look.frames += 9;
        look.video += 9000;
        assert.equal(dog.look({ ...look }, false), "");
        // Doubt still makes an end of one that goes quiet.
        look.now = look.wall = 4500;
        assert.equal(dog.look({ ...look }, false), "silent");
        """
    )


def test_who_listens_only_is_not_told_that_the_picture_stands_still() -> None:
    run(
        """
        assert.deepEqual(verdicts(() => ({ sound: true, checks: true }), 20000, { blind: true }), []);
        const gone = verdicts((t) => (t < 3000 ? { sound: true } : {}), 20000, { blind: true });
        assert.deepEqual(gone.map((v) => v.verdict), ["stalled", "silent"]);
        """
    )


def test_a_machine_that_slept_gives_its_session_a_second_and_no_more() -> None:
    run(
        """
        for (const clock of ["now", "wall"]) {
          const dog = new Watchdog();
          const look = { now: 0, wall: 0, frames: 9, video: 9, audio: 9, checks: 1 };
          assert.equal(dog.look({ ...look }, false), "");
          look.now += 300;
          look.wall += 300;
          look[clock] += 40000;
          assert.equal(dog.look({ ...look }, false), "");
          const waked = look.now;
          for (let verdict = ""; verdict !== "silent"; verdict = dog.look({ ...look }, false)) {
            assert.ok(look.now - waked < 1800);
            look.now += 300;
            look.wall += 300;
          }
        }
        """
    )


def test_whep_comes_first_and_what_fails_says_what_comes_next() -> None:
    run(
        """
        const source = { whep_url: "/whep", hls_url: "/hls" };
        const order = (t) => t.order(source, true).join();
        let t = new Transports(null);
        assert.equal(order(t), "whep,hls");
        assert.equal(t.order(source, false).join(), "hls");
        // No seat: not asked again while HLS plays well, but again once HLS is lost, too.
        assert.equal(t.failed("whep", new Refused(503, "no_seat", "")), "next");
        assert.equal(order(t), "hls");
        assert.equal(t.failed("hls", new NoMedia("")), "wait");
        assert.equal(order(t), "whep,hls");
        // No UDP: HLS at once. But where WHEP has played, it gets a second try.
        t = new Transports(null);
        assert.equal(t.failed("whep", new NoMedia("")), "next");
        t = new Transports(null);
        t.played("whep");
        assert.equal(t.failed("whep", new NoMedia("")), "wait");
        assert.equal(order(t), "whep,hls");
        assert.equal(t.failed("whep", new NoMedia("")), "next");
        // A live session that is being replaced, a server that restarts, a seat taken back.
        t = new Transports(null);
        for (const status of [404, 409]) {
          assert.equal(t.failed("whep", new Refused(status, "", "")), "next");
          assert.equal(order(t), "whep,hls");
        }
        t.played("whep");
        // Where it has played it is waited for: HLS would be kept.
        for (const status of [404, 409]) assert.equal(t.failed("whep", new Refused(status, "", "")), "wait");
        assert.equal(t.failed("whep", new Refused(503, "no_seat", "")), "next");
        assert.equal(t.failed("whep", new Unreachable(null)), "wait");
        assert.equal(t.failed("whep", new Refused(401, "", "")), "denied");
        assert.equal(new Transports("whep").order(source, true).join(), "whep");
        assert.equal(new Transports("hls").order(source, true).join(), "hls");
        """
    )


def test_qualities_are_read_from_the_multivariant_playlist_best_first() -> None:
    run(
        """
        const text = [
          "#EXTM3U",
          '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="audio",URI="audio/index.m3u8"',
          '#EXT-X-STREAM-INF:BANDWIDTH=400000,AVERAGE-BANDWIDTH=300000,CODECS="avc1.42c015,mp4a.40.2",RESOLUTION=426x240',
          "240p/index.m3u8",
          '#EXT-X-STREAM-INF:BANDWIDTH=2000000,AVERAGE-BANDWIDTH=1900000,RESOLUTION=1280x720,AUDIO="audio"',
          "720p/index.m3u8", "",
        ].join("\\n");
        const ladder = readLadder(text, "http://host/hls/prefix/index.m3u8");
        assert.equal(ladder.audio, "http://host/hls/prefix/audio/index.m3u8");
        assert.deepEqual(ladder.rungs, [
          { name: "720p", height: 720, bitrate: 2000000 }, { name: "240p", height: 240, bitrate: 400000 },
        ]);
        assert.equal(rungName("http://host/hls/prefix/480p/full.m3u8?x=1"), "480p");
        assert.deepEqual(readLadder("", "http://host/"), { rungs: [], audio: "" });
        """
    )


def test_hls_goes_no_higher_than_the_picture_is_shown_and_not_to_a_rung_that_rests_while_there_is_a_lower_one() -> None:
    run(
        """
        const levels = [["240p", 426, 240], ["480p", 854, 480], ["720p", 1280, 720]]
          .map(([name, width, height]) => ({ name, width, height }));
        const best = (width, height, ...resting) => levels[cap(levels, { width, height }, resting)]?.name;
        assert.equal(best(1920, 1080), "720p");
        assert.equal(best(800, 450), "480p");
        assert.equal(best(1280, 2000), "720p");
        assert.equal(best(390, 219), "240p");
        assert.equal(best(0, 0), "720p");  // not laid out: nothing is known
        assert.equal(best(1920, 1080, "720p"), "480p");
        assert.equal(best(0, 0, "720p", "480p"), "240p");
        assert.equal(best(390, 219, "720p"), "240p");
        assert.equal(best(1920, 1080, "480p"), "720p");
        assert.equal(best(1920, 1080, "720p", "480p", "240p"), "240p");
        assert.equal(best(1920, 1080, "1080p"), "720p");
        assert.equal(cap([], { width: 9, height: 9 }, []), -1);
        """
    )


def test_what_does_not_come_is_not_waited_for_longer_than_seconds() -> None:
    run(
        """
        mock.timers.enable({ apis: ["setTimeout"] });
        const signal = new AbortController().signal;
        globalThis.location = { href: "http://host/" };
        globalThis.fetch = (_url, { signal }) => new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason));
        });
        const ladder = fetchLadder("/index.m3u8", signal);
        mock.timers.tick(4000);
        assert.deepEqual(await ladder, { rungs: [], audio: "" });
        const left = new AbortController();
        const leaving = fetchLadder("/index.m3u8", left.signal);
        left.abort(new Error("left"));
        await assert.rejects(leaving, /left/);

        // hls.js: an element that hangs goes, and the next who asks gets a new one; two who ask share one.
        const scripts = [];
        class Script extends EventTarget {
          remove() { if (scripts.includes(this)) scripts.splice(scripts.indexOf(this), 1); }
        }
        globalThis.document = {
          scripts, createElement: () => new Script(), head: { append: (script) => scripts.push(script) },
        };
        const hangs = loadHls(signal);
        mock.timers.tick(10_000);
        await assert.rejects(hangs, NoMedia);
        assert.equal(scripts.length, 0);
        const gone = new AbortController();
        const both = [loadHls(gone.signal), loadHls()];
        assert.equal(scripts.length, 1);
        gone.abort(new Error("left"));
        await assert.rejects(both[0], /left/);
        globalThis.Hls = class {};
        scripts[0].dispatchEvent(new Event("load"));
        assert.equal(await both[1], globalThis.Hls);
        assert.equal(scripts.length, 0);
        """
    )


def test_a_player_that_is_behind_live_comes_near_in_seconds_and_without_running_dry() -> None:
    run(
        """
        // Parts of a third of a second arrive in time; the player is `behind` and shows what it has. `begun`: it has
        // played for a minute.
        function follow(behind, seconds, { late = () => 0, begun = true } = {}) {
          const pace = new Pace();
          if (begun) pace.look({ now: -60_000, behind: 1.05, wanted: 1.05, ahead: 0.9 });
          let [shown, stalls, jumps, dry] = [-behind, 0, 0, false];
          const path = [];
          for (let now = 0; now < seconds * 1000; now += 50) {
            const edge = Math.floor((now / 1000 - late(now)) * 3) / 3;
            if (now % 250 === 0) {
              const { rate, jump } = pace.look({ now, behind: now / 1000 - shown, wanted: 1.05, ahead: edge - shown });
              shown += jump;
              jumps += jump > 0;
              path.push({ now, behind: now / 1000 - shown, rate });
            }
            const next = shown + 0.05 * pace.rate;
            if (next > edge && !dry) stalls++;
            dry = next > edge;
            shown = Math.min(next, edge);
          }
          return { path, stalls, jumps, last: path.at(-1) };
        }
        const near = follow(1.05, 60);
        assert.deepEqual([near.stalls, near.jumps], [0, 0]);
        assert.ok(Math.abs(near.last.behind - 1.05) < 0.15, JSON.stringify(near.last));

        const slow = follow(1.9, 30);
        assert.deepEqual([slow.stalls, slow.jumps], [0, 0]);
        assert.ok(slow.last.behind < 1.25, JSON.stringify(slow.last));
        assert.ok(slow.path.every(({ rate }) => rate >= 0.97 && rate <= 1.1));

        const far = follow(4.5, 15);
        assert.deepEqual([far.stalls, far.jumps], [0, 1]);
        assert.ok(far.last.behind < 1.25, JSON.stringify(far.last));

        // Who has just come is there within a second, by jumps over what is loaded.
        for (const behind of [1.5, 1.9, 2.4, 3.2]) {
          const joined = follow(behind, 30, { begun: false });
          assert.deepEqual([joined.stalls, joined.jumps >= 1 && joined.jumps <= 2], [0, true], String(behind));
          const there = joined.path.filter(({ now }) => now >= 1000);
          assert.ok(there.every(({ behind }) => behind < 1.4), JSON.stringify(there));
        }
        assert.equal(follow(1.2, 30, { begun: false }).jumps, 0);

        // A hiccup of half a second in the tenth: nothing runs dry for long, and all is made up again.
        const hiccup = follow(1.05, 40, { late: (now) => (now > 10000 && now < 10600 ? 0.6 : 0) });
        assert.ok(hiccup.stalls <= 1 && hiccup.last.behind < 1.25, JSON.stringify(hiccup.last));
        """
    )


def test_an_ice_restart_changes_the_way_in_the_answer_and_nothing_else() -> None:
    run(
        """
        const lines = (...all) => all.join("\\r\\n") + "\\r\\n";
        const [group, way] = ["a=group:BUNDLE 0 1", ["a=ice-ufrag:mine2", "a=ice-pwd:secretsecretsecretsecret"]];
        const [video, audio] = ["m=video 9 UDP/TLS/RTP/SAVPF 96 97", "m=audio 9 UDP/TLS/RTP/SAVPF 111"];
        const offer = lines("v=0", "o=- 1 2 IN IP4 127.0.0.1", group, video, ...way, "a=fingerprint:sha-256 AA",
          "a=mid:0", audio, ...way, "a=mid:1");
        assert.equal(fragmentOf(offer), lines(group, video, "a=mid:0", ...way));
        const section = (media, ufrag, port) => [media, `a=ice-ufrag:${ufrag}`, "a=ice-pwd:pw",
          `a=candidate:1 1 udp 2130706431 192.0.2.1 ${port} typ host`, "a=end-of-candidates", "a=setup:passive"];
        const answer = (ufrag, port) =>
          lines("v=0", "a=ice-lite", ...section(video, ufrag, port), ...section(audio, ufrag, port));
        const news = lines("a=ice-lite", ...section(video, "new", 9001).slice(0, 5));
        assert.equal(answerWith(answer("old", 8002), news), answer("new", 9001));
        assert.throws(() => answerWith(answer("old", 8002), "a=ice-ufrag:new"), Refused);
        """
    )


def test_what_is_left_of_a_replay_is_known_for_a_file_by_its_address() -> None:
    run(
        """
        globalThis.location = { href: "https://webinar.example.org/j/token/replay" };
        assert.ok(isFile("/recordings/1/film/%EA%B0%80.mp4?sig=a"));
        for (const url of ["/hls/p/full.m3u8?from=1.0&to=2.0", "https://cdn.example.org/full.m3u8?a=.mp4", ""]) {
          assert.ok(!isFile(url), url);
        }
        """
    )


def test_only_who_doubts_its_answer_asks_without_waiting_and_the_transport_goes_with_the_long_poll() -> None:
    scripts.run(
        'import assert from "node:assert/strict"; import { Playback } from "./room/playback.js";',
        """
        globalThis.location = { href: "http://localhost/j/x" };
        const asked = [];
        let next;
        // The server holds a long poll, and one question that it is too slow for.
        let slow = false;
        globalThis.fetch = (url, { signal }) => {
          const { searchParams: said } = new URL(url);
          asked.push([said.get("transport"), said.get("after")]);
          next?.();
          if (!said.has("after") && !slow) {
            const answer = { state: "live", version: "7", event: { started_at: null }, chat: null };
            return Promise.resolve(Response.json(answer));
          }
          return new Promise((_, fail) => signal.addEventListener("abort", () => fail(signal.reason)));
        };
        const playback = new Playback("/api/v1/playback", "token", "http://localhost");
        const questions = async (n) => {
          while (asked.length < n) await new Promise((done) => (next = done));
        };
        playback.start();
        await questions(2);
        playback.transport = "whep";
        playback.hurry();
        await questions(3);
        playback.refresh();
        await questions(5);
        slow = true;
        playback.refresh();
        await questions(6);
        slow = false;
        playback.hurry(); // the answer that was wanted has not come yet
        await questions(8);
        playback.stop();
        assert.deepEqual(asked, [
          ["lobby", null], ["lobby", "7"], ["whep", "7"], ["whep", null], ["whep", "7"],
          ["whep", null], ["whep", null], ["whep", "7"],
        ]);
        """,
    )


def test_the_wait_for_the_first_picture_is_told_once_and_of_pages_that_somebody_looked_at() -> None:
    scripts.run(
        'import assert from "node:assert/strict"; import { FirstPicture } from "./room/playback.js";',
        """
        const first = new FirstPicture();
        first.came(100); // of what nobody waited for
        assert.equal(first.waitedS, null);
        const waited = new FirstPicture();
        waited.wanted(0);
        waited.wanted(500); // the link was opened before
        waited.came(840);
        waited.came(9000); // after a pause
        assert.equal(waited.waitedS, 0.84);
        const unseen = new FirstPicture();
        unseen.wanted(0);
        unseen.hidden();
        unseen.came(60_000);
        assert.equal(unseen.waitedS, null);
        """,
    )


def test_the_page_knows_the_time_of_the_server_whatever_its_own_clock_says() -> None:
    scripts.run(
        'import assert from "node:assert/strict"; import { Playback, ahead } from "./room/playback.js";',
        """
        const server = Date.now() - 17 * 60_000;
        globalThis.location = { href: "http://localhost/j/x" };
        const answer = { state: "scheduled", version: "1", event: { started_at: null }, chat: null };
        globalThis.fetch = async () => Response.json(answer, { headers: { Date: new Date(server).toUTCString() } });
        const playback = new Playback("/api/v1/playback", "token", "http://localhost");
        assert.ok(Math.abs(playback.serverNow - Date.now()) < 100);
        const told = new Promise((done) => playback.addEventListener("told", done, { once: true }));
        playback.start();
        await told;
        playback.stop();
        assert.ok(Math.abs(playback.serverNow - server) < 5000, String(playback.serverNow - server));
        assert.equal(ahead(NaN, 5), 0);
        """,
    )


def test_what_is_not_shown_any_more_ends_at_once_though_more_of_it_is_loaded() -> None:
    run(
        """
        mock.timers.enable({ apis: ["setTimeout"] });
        globalThis.location = { href: "https://webinar.example.org/" };
        globalThis.MediaSource = class {};
        globalThis.Hls = class Hls {
          static Events = { ERROR: "error" };
          static ErrorTypes = { MEDIA_ERROR: "media", NETWORK_ERROR: "network" };
          static DefaultConfig = { playlistLoadPolicy: { default: {} }, fragLoadPolicy: { default: {} } };
          static isSupported() { return true; }
          heard = new Map();
          levels = [];
          on(name, hear) { this.heard.set(name, hear); }
          once() {}
          loadSource() {}
          attachMedia() {}
          destroy() {}
        };
        const video = Object.assign(new EventTarget(), { play: async () => {}, playbackRate: 1 });
        for (const [code, reason] of [[410, "lost"], [404, "closed"]]) {
          const session = new HlsSession(video, "/hls/p/full.m3u8", { live: false });
          const started = session.start(new AbortController().signal);
          started.catch(() => {});
          for (let n = 0; n < 50 && !session.hls; n += 1) await Promise.resolve();
          session.hls.heard.get("error")("error", { fatal: false, type: "network", response: { code } });
          session.close();
          assert.equal(await session.ended, reason);
          await assert.rejects(started, NoMedia);
        }
        """
    )
