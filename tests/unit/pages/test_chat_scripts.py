"""The chat's pure modules, run by Node as the browser runs them."""

from __future__ import annotations

from tests.media import scripts

_IMPORTS = """
import assert from "node:assert/strict";
import { ChatClient } from "./chat/client.js";
import { ChatLog } from "./chat/log.js";
import { Outbox, uuid } from "./chat/outbox.js";
import { Line } from "./chat/line.js";
import { initials, renew } from "./chat/message.js";
import { tell } from "./chat/field.js";
import { Backoff, Pause, either, sleep, within } from "./media/backoff.js";
import { Texts, clock } from "./common/boot.js";
const event = (seq) => ({ seq, type: "message", at: "2026-01-01T00:00:00Z" });
const seqs = (events) => events.map((e) => e.seq);
const kept = new Map();
const storage = {
  getItem: (k) => kept.get(k) ?? null, setItem: (k, v) => kept.set(k, v), removeItem: (k) => kept.delete(k),
};
// What a client's own code hears of a server; the newest connection is the last.
globalThis.window = globalThis;
const sockets = [];
globalThis.WebSocket = class extends EventTarget {
  static OPEN = 1;
  readyState = 1;
  constructor() { super(); sockets.push(this); }
  close() {}
  send() {}
  hear(frame) { this.dispatchEvent(new MessageEvent("message", { data: JSON.stringify(frame) })); }
};
"""


def run(script: str) -> None:
    scripts.run(_IMPORTS, script)


def test_a_log_gives_out_each_event_once_and_in_order_whatever_arrives() -> None:
    run(
        """
        const log = new ChatLog();
        assert.equal(log.mark, null);
        log.enter("a", 7);
        // A newcomer's first page begins somewhere: what is older is history, not a gap.
        assert.deepEqual(seqs(log.take([event(5), event(6)])), [5, 6]);
        assert.deepEqual(log.mark, { since: 6, epoch: "a" });
        assert.deepEqual(seqs(log.take([event(9), event(8)])), []);
        assert.deepEqual(log.gap, { before: 8, limit: 1 });
        assert.deepEqual(seqs(log.take([event(6), event(7)])), [7, 8, 9]);
        assert.equal(log.gap, null);
        assert.deepEqual(seqs(log.take([event(5), event(9)])), []);
        // Every order of ten events ends alike.
        for (let round = 0; round < 200; round += 1) {
          const any = new ChatLog();
          any.enter("a", 0);
          const order = Array.from({ length: 10 }, (_, i) => i + 1).sort(() => Math.random() - 0.5);
          const out = order.flatMap((seq) => seqs(any.take([event(seq), event(Math.max(1, seq - 1))])));
          assert.deepEqual(out, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
        }
        """
    )


def test_another_epoch_is_another_log_and_a_great_gap_is_a_loss() -> None:
    run(
        """
        const log = new ChatLog();
        assert.equal(log.enter("a", 3), false);
        log.take([event(3)]);
        assert.equal(log.enter("a", 3), false);
        assert.equal(log.enter("b", 1), true);
        assert.equal(log.mark, null);
        assert.deepEqual(seqs(log.take([event(1)])), [1]);
        assert.equal(log.lost, false);
        log.take([event(1000)]);
        assert.equal(log.lost, true);
        """
    )


def test_what_was_written_survives_a_reload_and_is_sent_again_under_its_own_id() -> None:
    run(
        """
        const before = new Outbox("room", storage);
        const first = before.add("send", "one", { reply_to: 7 });
        const second = before.add("ask", "two", { anonymous: true });
        before.type("send", "half a sent");
        first.state = "sent";
        before.refuse(second.cid, "too_long");
        const after = new Outbox("room", storage);
        assert.deepEqual([after.typed("send"), after.typed("ask")], ["half a sent", ""]);
        const more = after.drafts.map((d) => [d.kind, d.more]);
        assert.deepEqual(more, [["send", { reply_to: 7 }], ["ask", { anonymous: true }]]);
        assert.equal(after.next().cid, first.cid);
        assert.deepEqual(after.drafts.map((d) => [d.body, d.state]), [["one", "waiting"], ["two", "refused"]]);
        // What was refused is not sent again unasked.
        assert.equal(after.drafts[1].code, "too_long");
        after.retry(second.cid);
        assert.deepEqual(new Outbox("room", storage).drafts.map((d) => d.state), ["waiting", "waiting"]);
        after.remove(first.cid);
        assert.equal(new Outbox("room", storage).drafts.length, 1);
        assert.equal(new Outbox("another room", storage).drafts.length, 0);
        const full = new Outbox("full", null);
        for (let n = 0; n < 50; n += 1) assert.ok(full.add("send", "x"));
        assert.equal(full.add("send", "x"), null);
        """
    )


def test_what_waits_for_a_moderator_is_kept_until_it_is_decided() -> None:
    run(
        """
        const outbox = new Outbox("held", null);
        const [one, two, three] = ["one", "two", "three"].map((body) => outbox.add("send", body));
        outbox.stored(one.cid, 4, true, 9);
        outbox.stored(two.cid, 5, true, 3);
        // Its stub in the log, and what others wrote under the same number of theirs, decide nothing.
        const others = { ...event(6), cid: three.cid, from: { id: "o" } };
        assert.equal(outbox.settle([{ seq: 4, type: "mod" }, others], "me"), false);
        assert.deepEqual(outbox.drafts.map((d) => d.state), ["held", "held", "waiting"]);
        assert.equal(outbox.settle([{ seq: 7, type: "approve", target: 4, message: event(4) }], "me"), true);
        assert.equal(outbox.settle([{ seq: 8, type: "reject", target: 5 }], "me"), true);
        assert.deepEqual(outbox.drafts.map((d) => [d.body, d.state, d.code]),
          [["two", "refused", "rejected"], ["three", "waiting", ""]]);
        // An acknowledgement of what is shown already, or the event itself, ends it.
        outbox.stored(three.cid, 9, false, 8);
        assert.equal(outbox.find(three.cid).state, "sent");
        outbox.settle([{ ...event(9), cid: three.cid, from: { id: "me" } }], "me");
        assert.equal(outbox.find(three.cid), null);
        // Of an anonymous question only this page knows whose it is.
        const asked = outbox.add("ask", "?", { anonymous: true });
        outbox.stored(asked.cid, 12, false, 11);
        assert.deepEqual([...outbox.own], [12]);
        outbox.settle([{ ...event(12), type: "question", cid: asked.cid, from: null }], "me");
        assert.equal(outbox.find(asked.cid), null);
        """
    )


def test_whom_the_server_wants_no_more_asks_no_more() -> None:
    run(
        """
        const told = [];
        const line = new Line(async () => ({ url: "", ticket: "" }), {
          hello: () => ({}), heard() {}, changed: (state) => told.push(state), refused: (code) => told.push(code) });
        line.start();
        await sleep(1);
        sockets[0].hear({ type: "welcome" });
        sockets[0].hear({ type: "bye", code: "too_many_tabs", reconnect: false });
        line.start();
        line.retry();
        await sleep(1);
        assert.equal(sockets.length, 1);
        assert.deepEqual(told, ["connecting", "open", "closed", "too_many_tabs"]);
        """
    )


def test_who_was_sent_away_keeps_nothing_of_the_room_on_the_page() -> None:
    run(
        """
        const client = new ChatClient(async () => ({ url: "", ticket: "" }), new Outbox("sent away", storage));
        const told = [];
        for (const type of ["events", "clear", "closed"]) client.addEventListener(type, () => told.push(type));
        client.start();
        await sleep(1);
        const you = { id: "x", name: "X", role: "attendee" };
        sockets[0].hear({ type: "welcome", epoch: "a", last: 1, settings: {}, count: 1, you });
        sockets[0].hear({ type: "events", events: [{ ...event(1), from: you, body: "bad words" }] });
        const questions = [{ seq: 1, body: "why", votes: 1 }];
        sockets[0].hear({ type: "state", seq: 1, settings: {}, pinned: [event(1)], questions });
        client.write("more of it");
        sockets[0].hear({ type: "bye", code: "banned", reconnect: false });
        assert.deepEqual(told, ["events", "clear", "closed"]);
        assert.deepEqual([client.log.mark, client.room.pinned, client.room.questions.size], [null, null, 0]);
        assert.deepEqual([client.outbox.drafts, new Outbox("sent away", storage).drafts], [[], []]);
        """
    )


def test_a_page_that_is_closed_for_another_reason_keeps_what_waits_to_be_sent() -> None:
    run(
        """
        const left = async (code) => {
          const client = new ChatClient(async () => ({ url: "", ticket: "" }), new Outbox(code, storage));
          client.write("not sent yet");
          client.start();
          await sleep(1);
          sockets.at(-1).hear({ type: "bye", code, reconnect: false });
          return [client.outbox.drafts.length, new Outbox(code, storage).drafts.length];
        };
        for (const code of ["too_many_tabs", "bad_message", "ticket_invalid"]) {
          assert.deepEqual(await left(code), [1, 1]);
        }
        for (const code of ["banned", "revoked", "gone"]) {
          assert.deepEqual(await left(code), [0, 0]);
        }
        """
    )


def test_a_list_keeps_the_elements_whose_look_did_not_change() -> None:
    run(
        """
        const list = {
          children: [],
          insertBefore(item, before) {
            item.remove();
            this.children.splice(before ? this.children.indexOf(before) : this.children.length, 0, item);
          },
        };
        let made = 0;
        const make = (look) => [look, () => {
          const item = { look, nr: (made += 1), remove: () => {
            list.children = list.children.filter((one) => one !== item);
          } };
          return item;
        }];
        const stands = () => list.children.map((one) => `${one.look}${one.nr}`).join(" ");
        const seen = [];
        for (const looks of ["abc", "abc", "acb", "xc", "cxa", ""]) {
          renew(list, [...looks].map(make));
          seen.push(stands());
        }
        assert.deepEqual(seen, ["a1 b2 c3", "a1 b2 c3", "a1 c3 b2", "x4 c3", "c3 x4 a5", ""]);
        """
    )


def test_a_clock_is_written_for_the_eyes_and_its_sentence_once_for_the_ears() -> None:
    run(
        """
        class Place {
          children = [];
          written = 0;
          get firstElementChild() { return this.children[0] ?? null; }
          get textContent() { return this.text ?? ""; }
          set textContent(text) { this.written += 1; this.text = text; this.children = []; }
          replaceChildren(...children) { this.children = children; }
          setAttribute(name, value) { this[name] = value; }
        }
        globalThis.document = { createElement: () => new Place() };
        const place = new Place();
        tell(place, "closed");
        tell(place, "closed");
        assert.deepEqual([place.text, place.written], ["closed", 1]);
        for (const left of ["0:03", "0:02", "0:01"]) tell(place, `closed, ${left}`, "closed for now");
        const [eyes, ears] = place.children;
        assert.deepEqual([eyes.text, eyes["aria-hidden"], ears.text, ears.written],
          ["closed, 0:01", "true", "closed for now", 1]);
        tell(place, "closed");
        assert.deepEqual([place.text, place.children.length], ["closed", 0]);
        """
    )


def test_an_id_is_a_uuid_also_without_the_browsers_own() -> None:
    run(
        """
        const pattern = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
        assert.match(uuid(), pattern);
        Object.defineProperty(globalThis, "crypto", { value: {
          getRandomValues: (bytes) => bytes.map((_, i) => (i * 37 + 200) % 256) } });
        assert.match(uuid(), pattern);
        """
    )


def test_waits_double_up_to_a_bound_and_are_spread() -> None:
    run(
        """
        const most = new Backoff(500, 20000, () => 1);
        assert.deepEqual([1, 2, 3, 4, 5, 6, 7].map(() => most.next()), [500, 1000, 2000, 4000, 8000, 16000, 20000]);
        const least = new Backoff(500, 20000, () => 0);
        assert.ok(least.next() < 500);
        most.reset();
        assert.equal(most.next(), 500);
        """
    )


def test_a_wait_ends_with_the_first_signal_also_where_the_browser_cannot_combine_them() -> None:
    run(
        """
        for (const native of [AbortSignal.any, undefined]) {
          AbortSignal.any = native;
          const [one, two] = [new AbortController(), new AbortController()];
          const waiting = sleep(10_000, either(one.signal, two.signal));
          two.abort(new Error("second"));
          await assert.rejects(waiting, /second/);
          await assert.rejects(sleep(10_000, within(20, one.signal)), { name: "TimeoutError" });
          assert.equal(either(two.signal, one.signal).aborted, true);
        }
        """
    )


def test_a_pause_can_be_cut_short_and_leaves_nothing_at_a_signal_that_goes_on() -> None:
    run(
        """
        AbortSignal.any = undefined;  // as browsers have it that would keep what is left
        const all = new AbortController();
        const { signal } = all;
        let listeners = 0;
        const add = signal.addEventListener.bind(signal);
        signal.addEventListener = (type, listener, options) => {
          listeners += 1;
          options.signal.addEventListener("abort", () => (listeners -= 1));
          add(type, listener, options);
        };
        const pause = new Pause();
        pause.end();
        await pause.wait(1, signal);
        const long = pause.wait(60_000, signal);
        pause.end();
        await long;
        assert.equal(listeners, 0);
        const stopped = pause.wait(60_000, signal);
        all.abort(new Error("stopped"));
        await assert.rejects(stopped, /stopped/);
        """
    )


def test_names_are_abbreviated_as_their_owners_would() -> None:
    run(
        """
        assert.equal(initials("김민지"), "민지");
        assert.equal(initials("이준"), "이준");
        assert.equal(initials("Daniel Park"), "DP");
        assert.deepEqual(["김○○ 12", "Guest 1204"].map(initials), ["12", "204"]);
        assert.equal(initials("Ana Maria da Silva"), "AS");
        assert.equal(initials("  "), "");
        assert.equal(initials("😀 Lee"), "😀L");
        """
    )


def test_texts_are_filled_in_and_times_read_like_a_clock() -> None:
    run(
        """
        const texts = new Texts({ wait: "{n} s, {n} of {m}" });
        assert.equal(texts.say("wait", { n: 3, m: 5 }), "3 s, 3 of 5");
        assert.equal(texts.say("wait", {}), "{n} s, {n} of {m}");
        assert.equal(texts.say("unknown"), "unknown");
        assert.deepEqual([0, 59.9, 61, 3661].map(clock), ["0:00", "0:59", "1:01", "1:01:01"]);
        """
    )
