"""The room's present state as its pages fold it, run by Node as the browser runs it."""

from __future__ import annotations

from tests.media import scripts

_IMPORTS = """
import assert from "node:assert/strict";
import { RoomState, sorted } from "./chat/state.js";
import { Thread, removes } from "./chat/thread.js";
import { closed } from "./chat/gate.js";
import { mentionAt, runs, safe } from "./chat/rich.js";
import { Replay } from "./chat/replay.js";
const at = "2026-01-01T00:00:00Z";
const mina = { id: "m", name: "Mina", role: "attendee" };
const say = (seq, body, more = {}) => ({ seq, type: "message", at, cid: `c${seq}`, from: mina, body, ...more });
const bodies = (thread) => thread.lines.map((line) => (line.deleted ? null : line.body));
const frame = (more) => ({
  type: "state", seq: 10, settings: {}, pinned: null, questions: [], polls: [], hands: [], hosts: [], ...more });
"""


def run(script: str) -> None:
    scripts.run(_IMPORTS, script)


def test_what_a_moderator_removes_is_gone_and_what_is_brought_back_stands_where_it_stood() -> None:
    run(
        """
        const thread = new Thread();
        thread.take([say(1, "one"), say(2, "two"), { ...say(3, "three"), from: { id: "o", name: "O", role: "host" } }]);
        const change = thread.take([{ seq: 4, type: "delete", at, target: 2 }]);
        assert.deepEqual(change.changed.map((line) => [line.seq, line.body]), [[2, undefined]]);
        assert.deepEqual(bodies(thread), ["one", null, "three"]);
        // Also of what is quoted but not here: by its number, or by who wrote it and when.
        const all = { type: "delete_person", person: "m", upto: 5 };
        assert.deepEqual([removes({ type: "delete", target: 2 }, 2), removes({ type: "pin", target: 2 }, 2),
          removes(all, 5, "m"), removes(all, 6, "m"), removes(all, 5, "o"), removes(all, 5, undefined)],
          [true, false, true, false, false, false]);
        // Twice, or of what is not here, changes nothing.
        assert.equal(thread.take([{ seq: 5, type: "delete", at, target: 2 }]).changed.length, 0);
        assert.equal(thread.take([{ seq: 6, type: "delete", at, target: 999 }]).changed.length, 0);
        thread.take([{ seq: 7, type: "restore", at, target: 2, message: say(2, "two") }]);
        assert.deepEqual(bodies(thread), ["one", "two", "three"]);
        // All of a person, up to a number: what they write later is another matter.
        thread.take([{ seq: 8, type: "delete_person", at, person: "m", upto: 7 }, say(9, "again")]);
        assert.deepEqual(bodies(thread), [null, null, "three", "again"]);
        """
    )


def test_a_held_message_stands_where_it_was_approved_for_everybody() -> None:
    run(
        """
        const guest = new Thread();
        guest.take([say(1, "one"), { seq: 2, type: "mod", at }, say(3, "three")]);
        guest.take([{ seq: 4, type: "approve", at, target: 2, message: say(2, "held") }]);
        const staff = new Thread();
        staff.take([say(1, "one"), say(2, "held", { held: true, why: "review" }), say(3, "three")]);
        const change = staff.take([{ seq: 4, type: "approve", at, target: 2, message: say(2, "held") }]);
        assert.equal(change.gone.length, 1);
        assert.deepEqual(bodies(guest), ["one", "three", "held"]);
        assert.deepEqual(bodies(staff), bodies(guest));
        assert.equal(staff.find(2).place, 4);
        staff.take([say(5, "bad", { held: true }), { seq: 6, type: "reject", at, target: 5 }]);
        assert.deepEqual(bodies(staff), ["one", "three", "held"]);
        """
    )


def test_a_message_that_is_approved_twice_or_was_decided_before_one_came_stands_once() -> None:
    run(
        """
        const held = say(2, "held", { held: true, why: "review" });
        const approved = (seq) => ({ seq, type: "approve", at, target: 2, message: say(2, "held") });
        const thread = new Thread();
        thread.take([say(1, "one"), held, approved(3), approved(4)]);
        assert.deepEqual(bodies(thread), ["one", "held"]);
        const late = new Thread();
        late.take([{ ...held, decided: "approved" }, approved(3), say(4, "no", { held: true, decided: "rejected" })]);
        assert.deepEqual(bodies(late), ["held"]);
        """
    )


def test_older_messages_come_before_those_that_are_here_and_none_comes_twice() -> None:
    run(
        """
        const thread = new Thread();
        // Held as 3, approved as 12: the page of history that has its stub shows it no second time.
        thread.take([say(11, "eleven"), { seq: 12, type: "approve", at, target: 3, message: say(3, "held") }]);
        const older = thread.before([say(1, "one"), { seq: 2, type: "mod", at }, say(3, "held"), say(11, "eleven")]);
        assert.deepEqual(older.map((line) => line.seq), [1]);
        assert.deepEqual(bodies(thread), ["one", "eleven", "held"]);
        thread.keep(2);
        assert.equal(thread.find(1), null);
        assert.deepEqual(bodies(thread), ["eleven", "held"]);
        """
    )


def test_events_older_than_the_state_change_nothing_and_newer_ones_do() -> None:
    run(
        """
        const room = new RoomState();
        assert.equal(room.known, false);
        const first = { seq: 4, at, from: mina, body: "Why?", state: "new", votes: 2 };
        room.begin(frame({ questions: [first] }));
        assert.equal(room.apply({ seq: 9, type: "question_state", at, question: 4, state: "screen" }), null);
        assert.equal(room.onScreen, null);
        assert.equal(room.apply({ seq: 11, type: "question_state", at, question: 4, state: "screen" }), "questions");
        assert.equal(room.onScreen.seq, 4);
        room.apply({ seq: 12, type: "question", at, cid: "x", from: null, body: "How?", anonymous: true });
        // One is on screen: the one before goes back to the queue.
        room.apply({ seq: 13, type: "question_state", at, question: 12, state: "screen" });
        assert.deepEqual([room.onScreen.seq, room.questions.get(4).state], [12, "queue"]);
        room.apply({ seq: 14, type: "tally", at, votes: { 4: 7, 999: 1 } });
        assert.equal(room.questions.get(4).votes, 7);
        room.apply({ seq: 15, type: "question_state", at, question: 12, state: "answered", answer: "So." });
        assert.deepEqual([room.questions.get(12).answer, room.questions.get(12).answered_at], ["So.", at]);
        room.apply({ seq: 16, type: "question", at, cid: "y", from: mina, body: "Why, again?" });
        room.apply({ seq: 17, type: "question_state", at, question: 16, state: "dismissed", into: 4 });
        assert.deepEqual(room.openQuestions.map((one) => one.seq), [4, 12]);
        room.apply({ seq: 18, type: "delete_person", at, person: "m", upto: 17 });
        assert.deepEqual(room.openQuestions.map((one) => one.seq), [12]);
        room.apply({ seq: 19, type: "restore", at, target: 4, message: { ...say(4, "Why?"), type: "question" } });
        assert.equal(room.openQuestions.find((one) => one.seq === 4).votes, 7);
        // A held question comes with its approval.
        room.apply({ seq: 20, type: "mod", at });
        room.apply({ seq: 21, type: "approve", at, target: 20, message: { ...say(20, "Late"), type: "question" } });
        assert.equal(room.questions.get(20).body, "Late");
        """
    )


def test_staff_comes_back_to_questions_as_they_were_decided() -> None:
    run(
        """
        const ask = (seq, more) => ({ seq, at, from: mina, body: "?", state: "new", votes: 0, held: true, ...more });
        const room = new RoomState();
        const decided = [ask(1, { decided: "approved" }), ask(2, { decided: "rejected" })];
        room.begin(frame({ questions: [...decided, ask(3, {})] }));
        const told = () => room.openQuestions.map((one) => [one.seq, one.held]);
        assert.deepEqual(told(), [[1, false], [3, true]]);
        // What was refused and is brought back waits again, until it is approved.
        const back = { ...say(2, "?", { held: true, why: "review" }), type: "question" };
        room.apply({ seq: 11, type: "restore", at, target: 2, message: back });
        assert.deepEqual(told(), [[1, false], [2, true], [3, true]]);
        room.apply({ seq: 12, type: "approve", at, target: 2, message: { ...say(2, "?"), type: "question" } });
        room.apply({ ...say(13, "!", { held: true, decided: "approved" }), type: "question" });
        assert.deepEqual(told(), [[1, false], [2, false], [3, true], [13, false]]);
        const whole = ask(1, { decided: "approved", state: "queue" });
        room.apply({ seq: 14, type: "question_state", at, question: 1, state: "queue", whole });
        assert.deepEqual(told()[0], [1, false]);
        """
    )


def test_a_question_that_moves_on_forgets_its_answer_and_what_it_was_merged_into() -> None:
    run(
        """
        const ask = (seq) => ({ seq, at, from: mina, body: "?", state: "new", votes: 0 });
        const room = new RoomState();
        room.begin(frame({ questions: [ask(1), ask(2)] }));
        let seq = 10;
        const move = (question, state, more = {}) => {
          room.apply({ seq: (seq += 1), type: "question_state", at, question, state, ...more });
          const { into, answer, answered_at } = room.questions.get(question);
          return [into, answer, answered_at];
        };
        assert.deepEqual(move(1, "answered", { answer: "So." }), [undefined, "So.", at]);
        assert.deepEqual(move(1, "answered"), [undefined, "So.", at]);
        assert.deepEqual(move(1, "queue"), [undefined, undefined, undefined]);
        assert.deepEqual(move(1, "answered"), [undefined, undefined, at]);
        assert.deepEqual(move(1, "dismissed", { into: 2 }), [2, undefined, undefined]);
        assert.deepEqual(move(2, "dismissed", { into: 1 }), [undefined, undefined, undefined]);
        assert.deepEqual(move(1, "new"), [undefined, undefined, undefined]);
        assert.deepEqual(room.openQuestions.map((one) => one.seq), [1]);
        """
    )


def test_a_dismissed_question_that_is_open_again_is_known_to_those_who_came_meanwhile() -> None:
    run(
        """
        const room = new RoomState();
        room.begin(frame({}));
        const whole = { seq: 4, at, from: mina, body: "Why?", state: "queue", votes: 2 };
        room.apply({ seq: 11, type: "question_state", at, question: 4, state: "queue", whole });
        assert.deepEqual(room.openQuestions, [{ ...whole, held: false, deleted: false }]);
        // Who knew it as merged has it back on its own.
        room.apply({ seq: 12, type: "question_state", at, question: 4, state: "dismissed", into: 3 });
        assert.deepEqual(room.openQuestions, []);
        const fresh = { ...whole, state: "new" };
        room.apply({ seq: 13, type: "question_state", at, question: 4, state: "new", whole: fresh });
        assert.deepEqual(room.openQuestions.map((one) => [one.seq, one.state]), [[4, "new"]]);
        """
    )


def test_questions_are_sorted_by_votes_or_age_with_the_one_on_screen_first_and_answered_ones_last() -> None:
    run(
        """
        const ask = (seq, votes, state = "new") => ({ seq, at, from: null, body: "?", state, votes });
        const all = [ask(1, 5, "answered"), ask(2, 1), ask(3, 9), ask(4, 1, "queue"), ask(5, 0, "screen")];
        const seqs = (order) => sorted(all, order).map((one) => one.seq);
        assert.deepEqual(seqs("votes"), [5, 3, 2, 4, 1]);
        assert.deepEqual(seqs("newest"), [5, 4, 3, 2, 1]);
        """
    )


def test_a_poll_that_is_open_when_the_event_ends_is_closed_for_who_is_told_only_of_the_end() -> None:
    run(
        """
        const poll = { poll: 1, question: "?", kind: "single", options: ["a", "b"], anonymous: false, live: true };
        const states = (room) => [...room.polls.values()].map((one) => one.state);
        const late = new RoomState();
        const polls = [{ ...poll, state: "open" }, { ...poll, poll: 2, state: "draft" }];
        late.begin(frame({ settings: { ended: true }, polls }));
        assert.deepEqual(states(late), ["closed", "draft"]);
        const here = new RoomState();
        here.apply({ seq: 2, type: "poll", at, ...poll, state: "open" });
        here.set({ ended: false });
        assert.deepEqual(states(here), ["open"]);
        here.set({ ended: true });
        assert.deepEqual(states(here), ["closed"]);
        here.apply({ seq: 3, type: "poll", at, ...poll, poll: 3, state: "open" });
        here.apply({ seq: 4, type: "poll", at, ...poll, state: "shared", counts: [1, 0], answers: 1 });
        assert.deepEqual(states(here), ["shared", "closed"]);
        """
    )


def test_polls_and_hands_follow_their_events() -> None:
    run(
        """
        const room = new RoomState();
        room.begin(frame({ seq: 0 }));
        const poll = { poll: 1, question: "?", kind: "single", options: ["a", "b"], anonymous: false, live: true };
        assert.equal(room.apply({ seq: 1, type: "poll", at }), null);
        room.apply({ seq: 2, type: "poll", at, ...poll, state: "open" });
        assert.equal(room.results({ poll: 1, counts: [2, 1], answers: 3 }), true);
        assert.equal(room.results({ poll: 9, counts: [], answers: 0 }), false);
        room.apply({ seq: 3, type: "poll", at, ...poll, state: "shared", counts: [2, 2], answers: 4, correct: [1] });
        assert.deepEqual(room.polls.get(1).counts, [2, 2]);
        assert.deepEqual(room.polls.get(1).correct, [1]);
        room.apply({ seq: 4, type: "poll", at, ...poll, poll: 4, state: "open" });
        assert.deepEqual(room.openPolls.map((one) => one.poll), [4, 1]);
        room.apply({ seq: 5, type: "poll", at, poll: 4, state: "removed" });
        assert.deepEqual(room.openPolls.map((one) => one.poll), [1]);
        room.apply({ seq: 6, type: "hand", at, up: true });
        room.apply({ seq: 7, type: "hand", at, up: true });
        room.hand = 7;
        assert.equal(room.place, 2);
        room.apply({ seq: 8, type: "hand", at, up: true, of: 6, state: "called" });
        assert.equal(room.place, 1);
        room.apply({ seq: 9, type: "hand", at, up: true, of: 7, state: "called" });
        assert.deepEqual([room.called, room.place], [true, 0]);
        room.apply({ seq: 10, type: "hand", at, up: false, of: 7 });
        assert.deepEqual([room.called, room.hand, room.hands.size], [false, null, 1]);
        """
    )


def test_who_may_not_write_is_told_why_and_for_how_long() -> None:
    run(
        """
        const room = new RoomState();
        const guest = { role: "attendee" };
        const why = (what = "message", you = guest, now = 1000) => closed(room, you, now, what)?.key ?? "";
        assert.equal(why(), "");
        room.set({ mode: "hosts" });
        assert.deepEqual([why(), why("question"), why("message", { role: "presenter" })], ["gate_hosts", "", ""]);
        room.set({ mode: "questions" });
        assert.deepEqual([why(), why("question")], ["gate_questions", ""]);
        room.set({ mode: "review" });
        assert.equal(why(), "");
        room.set({ frozen: true });
        assert.deepEqual([why(), why("question"), why("vote")], ["gate_frozen", "gate_frozen", ""]);
        room.yours({ muted_until: new Date(5000).toISOString(), votes: [1], answers: { 3: [0] }, hand: null });
        assert.deepEqual(closed(room, guest, 1000, "question"), { key: "gate_muted", until: 5000 });
        assert.equal(why("message", guest, 6000), "gate_frozen");
        room.set({ ended: true });
        assert.deepEqual([why(), why("vote"), why("message", { role: "host" })],
          ["gate_ended", "gate_ended", "gate_ended"]);
        assert.deepEqual([[...room.votes], room.answers.get(3)], [[1], [0]]);
        """
    )


def test_addresses_become_links_only_when_they_are_http_and_honest() -> None:
    run(
        """
        const links = (text) => runs(text).filter((run) => run.kind === "link").map((run) => run.text);
        const whole = (text) => assert.equal(runs(text, ["Hana Kim"]).map((run) => run.text).join(""), text);
        assert.deepEqual(links("see https://example.org/a?b=1#c, and more"), ["https://example.org/a?b=1#c"]);
        assert.deepEqual(links("(https://example.org/a_(b))."), ["https://example.org/a_(b)"]);
        assert.deepEqual(links("https://example.org에서 보세요"), ["https://example.org"]);
        assert.deepEqual(links("javascript:alert(1) data:text/html,x ftp://example.org www.example.org"), []);
        assert.deepEqual(links("https://user:pass@example.org https://bank.example@evil.example/"), []);
        assert.deepEqual(links('<a href="https://example.org/">x</a>'), ["https://example.org/"]);
        assert.equal(safe("https://"), null);
        for (const text of ["https://example.org. @Hana Kim, hi", "@@Hana Kim@Hana Kim", "", "https://"]) whole(text);
        """
    )


def test_a_text_made_to_keep_the_page_busy_is_read_in_no_time() -> None:
    run(
        """
        const long = [["가", "x"], [".", "x"], [".)", "("], ["가.", "x"]].map(([one, end]) => one.repeat(1000) + end);
        const begun = performance.now();
        for (const text of long) {
          const all = runs(`https://example.org/${text}`);
          assert.equal(all.map((run) => run.text).join(""), `https://example.org/${text}`);
          assert.equal(all[0].kind, "link");
        }
        assert.ok(performance.now() - begun < 2000);
        """
    )


def test_only_names_of_hosts_are_mentions_and_the_longest_counts() -> None:
    run(
        """
        const names = ["Hana", "Hana Kim", "김하나"];
        const found = (text) => runs(text, names).filter((run) => run.kind === "mention").map((run) => run.text);
        assert.deepEqual(found("@Hana Kim and @Hana, @김하나님 @Nobody a@b.c"), ["@Hana Kim", "@Hana", "@김하나"]);
        assert.deepEqual(mentionAt("hi @Ha", 6), { from: 3, query: "Ha" });
        assert.deepEqual(mentionAt("@", 1), { from: 0, query: "" });
        assert.equal(mentionAt("mail a@b", 8), null);
        assert.equal(mentionAt("@Hana Kim", 9), null);
        """
    )


def test_the_chat_of_another_moment_is_asked_for_a_page_at_a_time_and_shown_as_it_came() -> None:
    run(
        """
        const sec = (s) => Date.parse(at) + s * 1000;
        const said = (seq, s) => ({ ...say(seq, `m${seq}`), at: new Date(sec(s)).toISOString() });
        const texts = (replay) => replay.thread.lines.map((line) => line.body);
        const replay = new Replay();
        const first = replay.want(sec(100), 0);
        assert.deepEqual(first, { until: new Date(sec(100)).toISOString() });
        // One question at a time; one that was lost is asked again.
        assert.equal(replay.want(sec(101), 1000), null);
        assert.deepEqual(replay.want(sec(109), 9000), { until: new Date(sec(109)).toISOString() });
        replay.take({ until: "", events: [said(7, 90), said(8, 100)] }, 9100);
        assert.deepEqual(replay.at(sec(99)), { fresh: replay.thread.lines, again: true });
        assert.deepEqual(texts(replay), ["m7"]);
        // What comes soon is fetched before it is needed, and shown when its time has come.
        assert.deepEqual(replay.want(sec(99), 9200), { after: 8 });
        replay.take({ after: 8, events: [said(9, 110)] }, 9300);
        assert.deepEqual(replay.at(sec(100)).fresh.map((line) => line.body), ["m8"]);
        assert.deepEqual([replay.at(sec(105)).fresh.length, replay.at(sec(105)).again], [0, false]);
        assert.deepEqual(replay.at(sec(111)).fresh.map((line) => line.body), ["m9"]);
        // The server has no more for now: it is asked again later.
        assert.equal(replay.want(sec(112), 10_000), null);
        assert.deepEqual(replay.want(sec(130), 30_000), { after: 9 });
        replay.take(null, 30_100);
        // Removed now is removed then; back in time everything is as it was then.
        assert.equal(replay.moderated([{ seq: 99, type: "delete", at, target: 8 }]), true);
        assert.equal(replay.at(sec(95)).again, true);
        assert.deepEqual(texts(replay), ["m7"]);
        replay.at(sec(101));
        assert.deepEqual(replay.thread.lines.map((line) => [line.body, line.deleted]), [["m7", undefined], ["", true]]);
        // Before what is here: another page.
        assert.deepEqual(replay.want(sec(50), 50_000), { until: new Date(sec(50)).toISOString() });
        replay.take({ until: "", events: [] }, 50_100);
        assert.deepEqual(replay.want(sec(50), 50_200), { after: 0 });
        """
    )
