"""What the host's forms work out by themselves; run by Node."""

from __future__ import annotations

from tests.media import scripts

_IMPORTS = """
import assert from "node:assert/strict";
import { moment } from "./host/own_time.js";
const said = (...typed) => { const found = moment(...typed); return found && [found.at.toISOString(), found.ahead]; };
"""


def test_the_moment_of_a_wall_clock_is_found_in_any_zone_also_beside_a_change_to_summer_time() -> None:
    scripts.run(
        _IMPORTS,
        """
        assert.deepEqual(said("2026-12-01", "14:00", "Asia/Seoul"), ["2026-12-01T05:00:00.000Z", 540]);
        assert.deepEqual(said("2026-12-01", "00:15", "Asia/Kolkata"), ["2026-11-30T18:45:00.000Z", 330]);
        assert.deepEqual(said("2026-03-08", "01:30", "America/New_York"), ["2026-03-08T06:30:00.000Z", -300]);
        assert.deepEqual(said("2026-03-08", "03:30", "America/New_York"), ["2026-03-08T07:30:00.000Z", -240]);
        assert.equal(said("", "14:00", "Asia/Seoul"), null);
        assert.equal(said("2026-12-01", "14:00", "Nowhere/At_All"), null);
        """,
    )
