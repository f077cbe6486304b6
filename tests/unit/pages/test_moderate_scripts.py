"""The console's pure modules, run by Node as the browser runs them."""

from __future__ import annotations

from tests.media import scripts

_IMPORTS = """
import assert from "node:assert/strict";
import { Desk, found } from "./moderate/desk.js";
import { Heights, nearest, rowAt } from "./moderate/heights.js";
const at = "2026-01-01T00:00:00Z";
const kim = { id: "k", name: "Kim", role: "attendee" };
const host = { id: "h", name: "Hana", role: "host" };
const message = (seq, more = {}) => ({ seq, type: "message", at, from: kim, body: `m${seq}`, ...more });
const order = (seq, type, more) => ({ seq, type, at, from: host, ...more });
const seqs = (items) => items.map((item) => item.seq);
"""


def run(script: str) -> None:
    scripts.run(_IMPORTS, script)


def test_a_held_message_waits_and_stands_where_it_was_approved() -> None:
    run(
        """
        const desk = new Desk();
        desk.take([message(1), message(2, { held: true, why: "word" }), message(3)]);
        assert.deepEqual([seqs(desk.stream), seqs(desk.held)], [[1, 3], [2]]);
        assert.equal(desk.held[0].why, "word");
        desk.take([order(4, "approve", { target: 2, message: message(2) }), message(5)]);
        assert.deepEqual([seqs(desk.stream), seqs(desk.held)], [[1, 3, 2, 5], []]);
        // Approved twice by two moderators: once.
        desk.take([order(6, "approve", { target: 2, message: message(2) })]);
        assert.deepEqual(seqs(desk.stream), [1, 3, 2, 5]);
        """
    )


def test_what_was_removed_can_be_read_and_brought_back() -> None:
    run(
        """
        const desk = new Desk();
        desk.take([message(1), message(2), message(3, { held: true })]);
        desk.take([order(4, "delete", { target: 1 }), order(5, "reject", { target: 3 })]);
        assert.deepEqual([seqs(desk.removed), seqs(desk.held)], [[3, 1], []]);
        assert.deepEqual([desk.removed[1].body, desk.removed[1].by], ["m1", "Hana"]);
        desk.take([order(6, "restore", { target: 1 }), order(7, "restore", { target: 3 })]);
        // What was refused waits again: it was never seen by anybody.
        assert.deepEqual([seqs(desk.removed), seqs(desk.held), seqs(desk.stream)], [[], [3], [1, 2]]);
        """
    )


def test_everything_of_a_person_goes_up_to_that_moment() -> None:
    run(
        """
        const desk = new Desk();
        const lee = { id: "l", name: "Lee", role: "attendee" };
        desk.take([message(1), message(2, { from: lee }), message(3)]);
        desk.take([order(4, "delete_person", { person: "k", upto: 4 })]);
        desk.take([message(5)]);
        assert.deepEqual(seqs(desk.removed), [3, 1]);
        """
    )


def test_what_the_state_tells_and_what_the_log_tells_are_one() -> None:
    run(
        """
        const desk = new Desk();
        const until = "2999-01-01T00:00:00Z";
        const muted = [{ id: "k", name: "Kim", until }];
        const staff = { held: [message(2, { held: true })], muted, banned: [], words: ["spam"] };
        desk.begin({ seq: 9, staff });
        desk.take([message(2, { held: true }), message(8), message(9, { deleted: true }),
          message(10, { held: true, decided: "rejected" }), message(11, { held: true, decided: "approved" })]);
        assert.deepEqual([seqs(desk.held), seqs(desk.removed), seqs(desk.stream)], [[2], [10, 9], [8, 9, 11]]);
        assert.ok(desk.mutedUntil("k", Date.now()) > 0);
        desk.take([order(12, "unmute", { person: "k" }), order(13, "ban", { person: "k", name: "Kim" })]);
        assert.deepEqual([desk.mutedUntil("k", Date.now()), desk.banned.has("k")], [0, true]);
        // Stubs of what is nobody's business add nothing.
        desk.take([{ seq: 14, type: "mod", at }]);
        assert.equal(desk.known.size, 5);
        """
    )


def test_a_longer_log_than_anybody_reads_loses_its_oldest_and_history_comes_above() -> None:
    run(
        """
        const desk = new Desk();
        desk.take(Array.from({ length: 5100 }, (_, n) => message(n + 101)));
        // Not under the eyes of somebody who reads in it.
        assert.deepEqual([desk.trim(true), desk.stream.length], [0, 5100]);
        assert.deepEqual([desk.trim(false), desk.trim(false)], [201, 0]);
        assert.deepEqual([desk.stream.length, desk.stream[0].seq, desk.known.size], [5000, 201, 5000]);
        assert.equal(desk.before([message(199), message(200), message(201)]), 2);
        assert.deepEqual(seqs(desk.stream.slice(0, 3)), [199, 200, 201]);
        """
    )


def test_a_search_finds_words_anywhere_however_they_are_written() -> None:
    run(
        """
        const items = [message(1, { body: "Slides, please" }), message(2, { body: "자료 공유 부탁드려요" })];
        assert.deepEqual(seqs(found(items, "kim SLIDES")), [1]);
        assert.deepEqual(seqs(found(items, "자료".normalize("NFD"))), [2]);
        assert.deepEqual(seqs(found(items, "  ")), [1, 2]);
        assert.deepEqual(found(items, "lee"), []);
        // The full name, which the room does not show.
        assert.deepEqual(seqs(found(items, "Lee", () => "Hana LEE")), [1, 2]);
        """
    )


def test_rows_stand_below_each_other_and_unseen_ones_are_as_high_as_the_mean() -> None:
    run(
        """
        const heights = new Heights();
        assert.equal(heights.mean, 64);
        heights.set(1, 40);
        heights.set(2, 80);
        assert.equal(heights.set(2, 80), false);
        const tops = heights.tops([1, 2, 3]);
        assert.deepEqual([...tops], [0, 40, 120, 180]);
        heights.keep([2]);
        assert.equal(heights.mean, 80);
        """
    )


def test_the_row_at_every_height_is_the_one_that_covers_it() -> None:
    run(
        """
        for (let round = 0; round < 50; round += 1) {
          const heights = new Heights();
          const keys = Array.from({ length: 1 + Math.floor(Math.random() * 60) }, (_, n) => n);
          for (const key of keys) heights.set(key, 1 + Math.floor(Math.random() * 90));
          const tops = heights.tops(keys);
          for (let y = 0; y < tops[keys.length]; y += 3) {
            const row = rowAt(tops, y);
            assert.ok(tops[row] <= y && y < tops[row + 1], `${y} in ${row}`);
          }
          assert.equal(rowAt(tops, -5), 0);
          assert.equal(rowAt(tops, 1e9), keys.length - 1);
        }
        assert.equal(rowAt(new Heights().tops([]), 10), 0);
        """
    )


def test_a_view_moves_as_little_as_needed_to_show_a_row() -> None:
    run(
        """
        const view = { top: 100, height: 200 };
        assert.equal(nearest({ top: 120, bottom: 180 }, view), 100);
        assert.equal(nearest({ top: 50, bottom: 90 }, view), 50);
        assert.equal(nearest({ top: 350, bottom: 400 }, view), 200);
        // One that is higher than the view begins at its top.
        assert.equal(nearest({ top: 350, bottom: 900 }, view), 350);
        """
    )


def test_refused_ones_do_not_pile_up_and_columns_are_sorted_only_when_they_changed() -> None:
    run(
        """
        const desk = new Desk();
        for (let n = 0; n < 600; n++) {
          desk.take([message(2 * n + 1, { held: true }), order(2 * n + 2, "reject", { target: 2 * n + 1 })]);
        }
        assert.deepEqual([desk.known.size, desk.removed.length, desk.removed[0].seq], [500, 500, 1199]);
        const { held, removed } = desk;
        desk.take([message(5000)]);
        assert.ok(desk.held === held && desk.removed === removed);
        desk.take([order(5001, "delete", { target: 5000 })]);
        assert.deepEqual([desk.removed[0].seq, desk.removed.length], [5000, 501]);
        desk.clear();
        assert.deepEqual([desk.known.size, desk.removed, desk.held], [0, [], []]);
        """
    )
