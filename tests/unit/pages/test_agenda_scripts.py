"""What of an agenda is over, on now and next, as the room marks it; run by Node."""

from __future__ import annotations

from tests.media import scripts

_IMPORTS = """
import assert from "node:assert/strict";
import { standing } from "./chat/agenda.js";
const items = [[0, 10], [10, 20], [20, 30], [20, 25], [40, 50]].map(([from, to]) => ({ from, to }));
const at = (now, state) => standing(items, now, state).map((one) => one || "-").join(" ");
"""


def test_what_runs_is_marked_while_the_event_is_live_and_before_it_only_what_comes_next() -> None:
    scripts.run(
        _IMPORTS,
        """
        assert.equal(at(-5, "scheduled"), "next - - - -");
        assert.equal(at(12, "scheduled"), "over next - - -"); // late: nothing runs yet, whatever the clock says
        assert.equal(at(-5, "live"), "next - - - -");
        assert.equal(at(10, "live"), "over now next next -");
        assert.equal(at(27, "live"), "over over now over next");
        assert.equal(at(35, "live"), "over over over over next");
        assert.equal(at(45, "live"), "over over over over now");
        assert.equal(at(12, "ended"), "over - - - -");
        assert.deepEqual(standing([], 0, "live"), []);
        """,
    )
