"""Which renditions viewers can be on."""

from __future__ import annotations

import pytest

from ingest.contract import Unit
from webinar.delivery.whep.ladder import Ladder

RUNGS = ("lo", "mid", "hi")


def came(ladder: Ladder, at_s: float, *names: str, resting: str = "") -> bool:
    for name in names:
        ladder.heard(Unit("session", "event", name, 0, False, b"", resting=name == resting), at_s)
    return ladder.relist(RUNGS)


@pytest.fixture
def ladder() -> Ladder:
    made = Ladder()
    made.describe(("hi", "mid", "lo"))
    assert came(made, 100.0, *RUNGS)
    return made


def test_it_stands_as_the_session_describes_it_top_first(ladder: Ladder) -> None:
    assert list(ladder.names) == ["hi", "mid", "lo"]
    assert not came(ladder, 100.5, *RUNGS)


def test_before_it_is_described_the_highest_picture_is_on_top() -> None:
    ladder = Ladder()
    ladder.heard(Unit("session", "event", "240p", 0, True, b""), 1.0)
    ladder.heard(Unit("session", "event", "720p", 0, True, b""), 1.0)
    assert ladder.relist(["240p", "720p"])
    assert list(ladder.names) == ["720p", "240p"]


def test_a_rung_is_gone_two_seconds_after_its_last_unit_and_can_still_be_pinned(ladder: Ladder) -> None:
    for at_s in (101.0, 102.0):
        assert not came(ladder, at_s, "hi", "lo")
    assert came(ladder, 102.5, "hi", "lo")
    assert list(ladder.names) == ["hi", "lo"]
    assert ladder.choices() == ["hi", "mid", "lo", "audio"]
    assert came(ladder, 102.6, "mid")


def test_a_rung_that_rests_is_no_choice_unless_all_of_them_rest(ladder: Ladder) -> None:
    assert came(ladder, 100.5, *RUNGS, resting="hi")
    assert list(ladder.names) == ["mid", "lo"]
    for name in ("mid", "lo"):
        came(ladder, 100.6, name, resting=name)
    assert list(ladder.names) == ["hi", "mid", "lo"]


def test_after_a_pause_the_rungs_may_begin_again_one_after_the_other(ladder: Ladder) -> None:
    assert not came(ladder, 110.0, "hi")
    assert list(ladder.names) == ["hi", "mid", "lo"]
    assert not came(ladder, 110.5, "hi", "mid", "lo")
    assert not came(ladder, 111.5, "hi", "mid", "lo")
