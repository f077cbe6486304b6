"""What the console sends, and when: run by Node as the browser runs it."""

from __future__ import annotations

from tests.media import scripts

_IMPORTS = """
import assert from "node:assert/strict";
import { mock } from "node:test";
import { Calls } from "./chat/calls.js";
import { Roll } from "./chat/roll.js";
import { Acts, fits } from "./moderate/acts.js";
import { OnAir } from "./moderate/air.js";
import { Attempt } from "./moderate/compose.js";
import { keyOf } from "./moderate/keys.js";
import { Locks } from "./moderate/locks.js";
import { exchange } from "./moderate/rows.js";
import { over } from "./moderate/rules.js";
import { Unreachable } from "./media/signalling.js";
globalThis.window = globalThis;
globalThis.document = Object.assign(new EventTarget(), { hidden: false });
const settled = async () => { for (let n = 0; n < 20; n++) await null; };
// Answers orders by what is refused now; keeps what it was asked.
class Service {
  constructor() { this.refused = {}; this.asked = []; }
  async call({ op }) {
    this.asked.push(op);
    if (this.refused[op]) throw Object.assign(new Error(), { code: this.refused[op] });
    return { cid: "", seq: this.asked.length };
  }
}
const acts = (service) => {
  mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  const place = { bar: {}, text: {}, button: new EventTarget() };
  const texts = { table: {}, say: (key, values) => [key, ...Object.values(values ?? {})].join(" ") };
  return new Acts(service, texts, place);
};
"""


def run(script: str) -> None:
    scripts.run(_IMPORTS, script)


def test_an_undo_that_can_never_be_done_does_not_stand_before_the_others() -> None:
    run(
        """
        const service = new Service();
        const all = acts(service);
        for (const n of [1, 2]) await all.run({ op: `do${n}` }, { text: `did${n}`, back: { op: `back${n}` } });
        service.refused = { back2: "down" };
        await all.undo();
        assert.equal(all.past.length, 2); // later, perhaps
        service.refused = { back2: "bad_target" };
        await all.undo();
        assert.deepEqual([all.past.length, all.place.button.hidden], [1, false]);
        await all.undo();
        assert.deepEqual([service.asked.at(-1), all.place.text.textContent], ["back1", "undone did1"]);
        await all.undo();
        assert.equal(all.place.text.textContent, "nothing_to_undo");
        """
    )


def test_what_was_done_in_part_can_be_undone() -> None:
    run(
        """
        const service = new Service();
        const all = acts(service);
        service.refused = { delete_person: "busy" };
        const ban = [{ op: "ban" }, { op: "delete_person" }];
        assert.equal(await all.run(ban, { text: "banned", back: { op: "unban" } }), null);
        assert.deepEqual([all.place.text.textContent, all.place.button.hidden], ["nak_other", false]);
        await all.undo();
        assert.equal(service.asked.at(-1), "unban");
        service.refused = { ban: "bad_target" };
        await all.run(ban, { text: "banned", back: { op: "unban" } });
        assert.deepEqual([all.past, all.place.button.hidden], [[], true]);
        """
    )


def test_an_order_that_is_longer_than_a_frame_is_not_sent() -> None:
    run(
        """
        const word = "가".repeat(50);
        const words = Array.from({ length: 200 }, (_, n) => word + n);
        const more = over(words);
        const order = (n) => ({ op: "settings", words: words.slice(0, n) });
        assert.ok(more > 100 && fits(order(200 - more)) && !fits(order(201 - more)));
        const cid = "0".repeat(36);
        const frame = JSON.stringify({ ...order(200 - more), type: "mod", cid });
        assert.ok(new TextEncoder().encode(frame).length <= 8192);
        assert.deepEqual([over(["spam"]), over([]), over(Array.from({ length: 203 }, (_, n) => `${n}`))], [0, 0, 3]);
        const service = new Service();
        const all = acts(service);
        assert.equal(await all.run(order(200), { text: "", back: { op: "settings" } }), null);
        assert.deepEqual([service.asked, all.past], [[], []]);
        """
    )


def test_only_what_is_looked_at_for_a_while_is_locked_and_only_that_is_unlocked() -> None:
    run(
        """
        mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
        const sent = [];
        const locks = new Locks({ you: null, tell: ({ op, target }) => Boolean(sent.push(`${op} ${target}`)) });
        for (let n = 1; n <= 60; n++) { // a key is held down
          locks.look(n);
          mock.timers.tick(16);
        }
        assert.deepEqual(sent, []);
        mock.timers.tick(250);
        locks.look(null); // its row is written again
        locks.look(60);
        mock.timers.tick(250);
        assert.deepEqual(sent, ["lock 60"]);
        locks.look(61);
        mock.timers.tick(250);
        locks.look(null);
        mock.timers.tick(30_000);
        assert.deepEqual(sent, ["lock 60", "unlock 60", "lock 61", "unlock 61"]);
        """
    )


def test_a_key_is_the_letter_that_it_writes_on_every_layout() -> None:
    run(
        """
        const of = (key, code) => keyOf({ key, code });
        assert.deepEqual([of("a", "KeyQ"), of(",", "KeyM"), of("'", "KeyQ"), of("D", "KeyD")], ["a", ",", "'", "d"]);
        assert.deepEqual([of("ㅁ", "KeyA"), of("Process", "KeyJ"), of("ф", "KeyA")], ["a", "j", "a"]);
        assert.deepEqual([of("ArrowDown", "ArrowDown"), of("é", "Digit2"), of("/", "Slash")], ["arrowdown", "é", "/"]);
        """
    )


def test_a_message_that_was_not_answered_is_asked_again_as_the_same() -> None:
    run(
        """
        mock.timers.enable({ apis: ["setTimeout"] });
        const attempt = new Attempt();
        const one = { type: "send", body: "hello" };
        const cid = attempt.cid(one);
        assert.equal(attempt.cid({ ...one }), cid);
        assert.notEqual(attempt.cid({ ...one, body: "hello!" }), cid);
        const again = attempt.cid(one);
        attempt.over();
        assert.notEqual(attempt.cid(one), again);
        // Its answer finds whoever asked.
        const calls = new Calls(() => true);
        const asked = calls.call({ cid, ...one });
        calls.settle(cid).done({ cid, seq: 4 });
        assert.equal((await asked).seq, 4);
        """
    )


def test_the_badge_is_there_while_the_event_is_on_air() -> None:
    run(
        """
        mock.timers.enable({ apis: ["setTimeout"] });
        const answers = [false, new Error("away"), true];
        const badge = { hidden: true };
        const look = async () => {
          const answer = answers.shift();
          if (answer instanceof Error) throw answer;
          return { live: answer, hls_url: null };
        };
        const air = new OnAir(false, look, (live) => { badge.hidden = !live; });
        const seen = [];
        for (let n = 0; n < 4; n++) {
          mock.timers.tick(10_000);
          await settled();
          seen.push(!badge.hidden);
        }
        assert.deepEqual([seen, answers], [[false, false, true, true], []]);
        air.end();
        assert.equal(badge.hidden, true);
        """
    )


def test_what_is_the_same_in_a_row_stays_the_same_element() -> None:
    run(
        """
        class Node {
          constructor(text) { this.text = text; }
          isEqualNode(other) { return this.text === other?.text; }
          remove() { this.of.splice(this.of.indexOf(this), 1); }
        }
        const row = (...texts) => {
          const childNodes = texts.map((text) => new Node(text));
          const insertBefore = (node, next) => {
            const at = next ? childNodes.indexOf(next) : childNodes.length;
            childNodes.splice(at, 0, Object.assign(node, { of: childNodes }));
          };
          for (const node of childNodes) node.of = childNodes;
          return { childNodes, insertBefore };
        };
        const said = ({ childNodes }) => childNodes.map(({ text }) => text).join("");
        const changes = ["hbx hbx", "hbx hcx", "hbx hbnx", "hbnx hbx", " hx", "hh h"];
        for (const [from, to] of changes.map((change) => change.split(" "))) {
          const old = row(...from);
          const [first, last] = [old.childNodes[0], old.childNodes.at(-1)];
          exchange(old, row(...to));
          assert.equal(said(old), to);
          if (from.length > 2) assert.ok(old.childNodes[0] === first && old.childNodes.at(-1) === last);
        }
        """
    )


def test_full_names_are_asked_for_together_once_and_again_when_nobody_answered() -> None:
    run(
        """
        mock.timers.enable({ apis: ["setTimeout"] });
        document.querySelectorAll = () => [];
        globalThis.CSS = { escape: String };
        const asked = [];
        let away = true;
        const roll = new Roll(async (ids) => {
          asked.push(ids.join());
          if (away) throw new Unreachable();
          return [{ id: "k", name: "Kim Hana" }, { id: "l", name: "Lee" }];
        });
        let changes = 0;
        roll.addEventListener("change", () => (changes += 1));
        const guest = (id, name) => ({ id, name, role: "attendee" });
        const [kim, lee, gone] = [guest("k", "Guest 1"), guest("l", "Lee"), guest("g", "Guest 3")];
        const others = [{ id: "h", name: "Host", role: "host" }, guest("x", ""), null];
        for (const one of [kim, lee, gone, kim, ...others]) assert.equal(roll.full(one), "");
        mock.timers.tick(50);
        await settled();
        assert.deepEqual([asked, changes], [["k,l,g"], 0]);
        away = false;
        mock.timers.tick(5000);
        await settled();
        assert.deepEqual([asked, changes], [["k,l,g", "k,l,g"], 1]);
        assert.deepEqual([kim, lee, gone].map((one) => roll.full(one)), ["Kim Hana", "", ""]);
        assert.deepEqual([kim, lee, null].map((one) => roll.both(one)), ["Guest 1 (Kim Hana)", "Lee", ""]);
        mock.timers.tick(60_000);
        await settled();
        assert.equal(asked.length, 2); // of whom nobody knows a name it is not asked again
        """
    )
