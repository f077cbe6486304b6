"""What the browser counts as watched, keeps while it cannot tell it, and says of it; run by Node."""

from __future__ import annotations

from tests.media import scripts

_IMPORTS = """
import assert from "node:assert/strict";
import { ServerClock } from "./attendance/clock.js";
import { Meter } from "./attendance/meter.js";
import { GRACE_MS, Since } from "./media/since.js";
import { Kept, device } from "./attendance/kept.js";
import { door, due, foremost, minutes, summary } from "./attendance/words.js";
// Looked at each second; `plays(t)` is the state at that second. The media's clock runs while it plays.
function watch(plays, until, { every = 1000, kind = () => "live", media = null } = {}) {
  const meter = new Meter();
  const done = [];
  let at = 0;
  for (let mono = 0; mono <= until; mono += every) {
    const state = plays(mono);
    done.push(...meter.look({ mono, state, kind: kind(mono), media: media ? media(mono) : at }));
    if (state === "playing") at += every / 1000;
  }
  return [...done, ...meter.end()].map(({ kind, from, to }) => [kind, from, to]);
}
class Shelf {
  constructor() { this.map = new Map(); }
  get length() { return this.map.size; }
  key(place) { return [...this.map.keys()][place] ?? null; }
  getItem(key) { return this.map.get(key) ?? null; }
  setItem(key, value) { this.map.set(key, value); }
  removeItem(key) { this.map.delete(key); }
}
"""


def run(script: str) -> None:
    scripts.run(_IMPORTS, script)


def test_what_plays_is_counted_and_a_pause_of_the_viewer_is_not() -> None:
    run(
        """
        const paused = watch((t) => (t >= 10000 && t < 20000 ? "stopped" : "playing"), 30000);
        assert.deepEqual(paused, [["live", 0, 10000], ["live", 20000, 30000]]);
        assert.deepEqual(watch(() => "stopped", 30000), []);
        // Back to an earlier moment is another kind of watching.
        const past = watch(() => "playing", 20000, { kind: (t) => (t < 10000 ? "live" : "replay") });
        assert.deepEqual(past, [["live", 0, 10000], ["replay", 10000, 20000]]);
        """
    )


def test_a_lost_connection_of_half_a_minute_counts_and_a_longer_one_does_not() -> None:
    run(
        """
        const short = watch((t) => (t > 10000 && t < 10000 + GRACE_MS - 2000 ? "trouble" : "playing"), 60000);
        assert.deepEqual(short, [["live", 0, 60000]]);
        const long = watch((t) => (t > 10000 && t < 15000 + GRACE_MS ? "trouble" : "playing"), 60000);
        assert.deepEqual(long, [["live", 0, 10000], ["live", 45000, 60000]]);
        // A page that says it plays while its media stands still is in trouble, too.
        const still = watch(() => "playing", 90000, { media: (t) => Math.min(t, 20000) / 1000 });
        assert.equal(still.length, 1);
        assert.ok(still[0][2] <= 21000, JSON.stringify(still));
        """
    )


def test_a_hidden_page_whose_timers_rest_counts_by_the_clock_of_its_media() -> None:
    run(
        """
        assert.deepEqual(watch(() => "playing", 240000, { every: 60000 }), [["live", 0, 240000]]);
        // The machine slept: its media stood still.
        const media = (t) => Math.min(t, 60000) / 1000;
        assert.deepEqual(watch(() => "playing", 180000, { every: 60000, media }), [["live", 0, 60000]]);
        """
    )


def test_a_page_that_was_kept_from_looking_is_credited_what_its_media_played_and_what_a_lost_connection_is() -> None:
    run(
        """
        // [mono s, media s, state, played ranges]: what the page saw when it came to look.
        function seen(looks, more = {}) {
          const meter = new Meter();
          const done = [];
          for (const [mono, media, state = "playing", ranges = [[0, media]]] of looks) {
            const played = { length: ranges.length, start: (n) => ranges[n][0], end: (n) => ranges[n][1] };
            done.push(...meter.look({ mono: mono * 1000, media, state, kind: "live", played, ...more }));
          }
          return [...done, ...meter.end()].map(({ from, to }) => [from / 1000, to / 1000]);
        }
        // Blocked for 20 s: what was loaded played for 10, then nothing came until it could be asked for again.
        assert.deepEqual(seen([[0, 0], [1, 1], [21, 11], [22, 12], [30, 20]]), [[0, 30]]);
        // On a machine that is busy all the time this is so again and again, and costs nobody a minute.
        const busy = [[0, 0]];
        for (let n = 1; n <= 60; n += 1) busy.push([n * 12, n * 6]);
        assert.deepEqual(seen(busy), [[0, 720]]);
        // Blocked for longer: what was played counts, the rest was lost.
        assert.deepEqual(seen([[0, 0], [1, 1], [61, 11], [62, 12]]), [[0, 11], [61, 62]]);
        // A laptop slept and its player leapt to the present before anybody looked: it was not there.
        const leap = (to) => [to, to, "playing", [[0, 60], [659.5, to]]];
        const slept = [[0, 0], [60, 60], leap(660), leap(661)];
        assert.deepEqual(seen(slept), [[0, 60.5], [660, 661]]);
        // A timer that rests for a minute while it plays, at half the speed too; and one in whose rest it was stopped.
        assert.deepEqual(seen([[0, 0], [60, 60], [120, 120]]), [[0, 120]]);
        assert.deepEqual(seen([[0, 0], [60, 30], [120, 60]], { rate: 0.5 }), [[0, 120]]);
        assert.deepEqual(seen([[0, 0], [1, 1], [61, 31, "stopped"]]), [[0, 31]]);
        """
    )


def test_what_played_before_attendance_was_loaded_counts() -> None:
    run(
        """
        const told = new Meter();
        told.begin({ mono: 40000, media: 39, state: "playing", kind: "live" }, 1000);
        told.look({ mono: 41000, media: 40, state: "playing", kind: "live" });
        assert.deepEqual(told.cut(), [{ kind: "live", from: 1000, to: 41000 }]);

        let now = 0;
        globalThis.performance = { now: () => now };
        const player = Object.assign(new EventTarget(), { state: "idle", video: new EventTarget() });
        const since = new Since(player);
        const at = (ms, state, paused = false) => {
          now = ms;
          player.state = state;
          player.video.paused = paused;
          player.dispatchEvent(new Event("state"));
          return since.at;
        };
        assert.equal(at(1000, "connecting"), null);
        assert.equal(at(2000, "playing"), 2000);
        assert.equal(at(9000, "stalled"), 2000);
        assert.equal(at(30000, "playing"), 2000);
        assert.equal(at(40000, "reconnecting"), 2000);
        assert.equal(at(41000 + GRACE_MS, "playing"), 41000 + GRACE_MS);
        assert.equal(at(90000, "playing", true), null);
        assert.equal(at(91000, "playing"), 91000);
        assert.equal(at(92000, "idle"), null);
        """
    )


def test_what_is_open_is_cut_for_a_report_without_a_gap() -> None:
    run(
        """
        const meter = new Meter();
        const look = (mono) => meter.look({ mono, state: "playing", kind: "live", media: mono / 1000 });
        look(0); look(1000);
        assert.deepEqual(meter.cut(), [{ kind: "live", from: 0, to: 1000 }]);
        assert.deepEqual(meter.cut(), []);
        look(2000);
        assert.deepEqual(meter.cut(), [{ kind: "live", from: 1000, to: 2000 }]);
        """
    )


def test_the_clock_is_the_server_s_and_a_jump_of_the_machine_s_is_seen() -> None:
    run(
        """
        const clock = new ServerClock(1_000_000, 100, 400);
        assert.equal(clock.at(1100), 1_001_000);
        clock.learn(2000, 2100, 1_002_150); // 100 ms there and back: nearer than the page's own
        assert.equal(clock.at(2050), 1_002_150);
        clock.learn(3000, 3900, 1_009_000); // a slow answer tells less than what is known
        assert.equal(clock.at(2050), 1_002_150);
        assert.equal(clock.jumped(4000, 500_000), false);
        assert.equal(clock.jumped(5000, 501_000), false);
        assert.equal(clock.jumped(6000, 602_000), true); // asleep for 100 s
        assert.equal(clock.at(6000), 1_006_100 + 100_000);
        clock.learn(6000, 8000, 1_107_400); // after a jump any answer is better
        assert.equal(clock.at(7000), 1_107_400);
        """
    )


def test_what_is_not_answered_is_kept_told_again_and_taken_over_by_the_next_page() -> None:
    run(
        """
        const shelf = new Shelf();
        const first = new Kept(shelf, "event.person", "1");
        first.add({ kind: "live", from: 0, to: 1000 });
        const lost = first.batch();
        first.add({ kind: "live", from: 1000, to: 2000 }); // what is on its way is not changed
        assert.deepEqual(lost.beats, [{ kind: "live", from: 0, to: 1000 }]);
        first.failed(lost);
        first.add({ kind: "live", from: 2000, to: 3000 });
        assert.equal(first.beats.length, 2);
        first.press({ kind: "enter", at: 5, prompt: 0 });
        first.save(1_000_000, [{ kind: "live", from: 3000, to: 3500 }]);

        const other = new Kept(shelf, "event.person", "2");
        other.adopt(1_000_000 + 60_000); // the first page may be alive still
        assert.ok(other.empty);
        other.adopt(1_000_000 + 100_000);
        assert.deepEqual(other.beats.map(({ from, to }) => [from, to]), [[0, 3500]]);
        assert.equal(other.marks.length, 1);
        assert.equal(shelf.getItem("attend.event.person.1"), null);
        const told = other.batch();
        other.done(told);
        assert.ok(other.empty);
        other.save(1_000_000, []);
        assert.equal(shelf.length, 0);

        const going = new Kept(shelf, "event.person", "5");
        going.add({ kind: "live", from: 9000, to: 9500 });
        going.save(1_000_000, [], true); // the page goes: the next one need not wait
        other.adopt(1_000_001);
        assert.equal(other.beats.length, 1);

        shelf.setItem("attend.event.person.3", "{ not ours");
        shelf.setItem("attend.event.somebody.4", JSON.stringify({ at: 0, beats: [], marks: [] }));
        other.adopt(2_000_000_000);
        assert.deepEqual([...shelf.map.keys()], ["attend.event.somebody.4"]);
        assert.equal(device(shelf, () => "abcd1234"), device(shelf, () => "other999"));
        """
    )


def test_storage_that_is_forbidden_or_full_costs_nothing_but_the_memory_of_a_crash() -> None:
    run(
        """
        const full = new Shelf();
        full.setItem = () => { throw new DOMException("full", "QuotaExceededError"); };
        const kept = new Kept(full, "event.person", "1");
        kept.add({ kind: "live", from: 0, to: 1000 });
        kept.save(0, []);
        assert.equal(kept.beats.length, 1);
        assert.equal(device(full, () => "abcd1234"), "abcd1234");
        new Kept(null, "event.person", "1").adopt(0);
        for (let n = 0; n < 2000; n += 1) kept.add({ kind: "live", from: n * 10000, to: n * 10000 + 5000 });
        assert.equal(kept.beats.length, 500);
        """
    )


def test_words_follow_the_rules_and_doors_and_prompts_their_times() -> None:
    run(
        """
        const texts = { say: (key, values = {}) => `${key}${JSON.stringify(values)}` };
        const rule = { title: null, share: 80, minutes: null, outcome: "open" };
        const other = { ...rule, title: "A", minutes: 5, share: null };
        const standing = { outcome: "open", live_s: 2579, rules: [other, rule] };
        assert.equal(minutes(2579), 42);
        assert.equal(foremost(standing), rule);
        assert.equal(summary(standing, texts), 'attend_present{"n":42} · attend_needs_share{"n":80}');
        assert.match(summary({ ...standing, outcome: "passed" }, texts), /^attend_passed/);
        // Once it cannot be met any more, what was needed is no longer asked for.
        const short = { ...standing, outcome: "failed", rules: [{ ...rule, outcome: "failed" }] };
        assert.equal(summary(short, texts), 'attend_present{"n":42} · attend_not_reached{}');
        const still = { ...standing, outcome: "failed", rules: [{ ...other, outcome: "failed" }, rule] };
        assert.equal(summary(still, texts), 'attend_present{"n":42} · attend_needs_share{"n":80}');
        const window = { opens_at: "2026-11-24T05:00:00Z", closes_at: "2026-11-24T05:30:00Z" };
        const at = (text) => Date.parse(`2026-11-24T${text}Z`);
        const states = ["04:59:59", "05:00:00", "05:30:00", "05:30:01"].map((t) => door(window, null, at(t)));
        assert.deepEqual(states, ["later", "open", "open", "over"]);
        assert.equal(door(window, "2026-11-24T05:10:00Z", at("06:00:00")), "done");
        assert.equal(door(null, null, 0), null);
        const prompt = { number: 3, at: window.opens_at, until: window.closes_at, answered: false };
        assert.equal(due([prompt], new Set(), at("04:59:00")), null); // known before its time, not shown
        assert.equal(due([prompt], new Set(), at("05:10:00")), prompt);
        assert.equal(due([prompt], new Set([3]), at("05:10:00")), null);
        assert.equal(due([{ ...prompt, answered: true }], new Set(), at("05:10:00")), null);
        """
    )
