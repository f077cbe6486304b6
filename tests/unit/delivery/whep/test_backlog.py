"""What goes of the units that wait when there are too many."""

from __future__ import annotations

from ingest.contract import Unit
from webinar.delivery.whep.backlog import AUDIO, MAX_QUEUE, Backlog


def unit(rendition: str, n: int, *, key: bool = False) -> Unit:
    return Unit("session", "event", rendition, n, key, b"")


def filled(keys: dict[str, int]) -> Backlog:
    """Two rungs and sound; `keys`: at which step each rung has an IDR."""
    backlog, n = Backlog(), 0
    while not backlog.full:
        for name in ("hi", "lo", AUDIO):
            backlog.put(unit(name, n, key=keys.get(name) == n), float(n))
        n += 1
    return backlog


def left(backlog: Backlog) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    while backlog:
        taken, _ = backlog.take()
        found.setdefault(taken.rendition, []).append(taken.pts)
    return found


def test_of_each_rung_what_is_older_than_its_newest_idr_goes_and_sound_stays() -> None:
    backlog = filled({"hi": 50, "lo": 60})
    steps = len(backlog) // 3
    assert backlog.shed() == 50 + 60
    assert not backlog.broken
    found = left(backlog)
    assert (found["hi"][0], found["lo"][0]) == (50, 60)
    assert found[AUDIO] == list(range(steps))


def test_a_rung_without_an_idr_is_passed_over_until_its_next_one() -> None:
    backlog = filled({"hi": 60})
    backlog.shed()
    assert backlog.broken == {"lo"}
    assert "lo" not in left(backlog)
    assert not backlog.passes(unit("lo", 200))
    assert backlog.passes(unit("hi", 200))
    assert backlog.passes(unit("lo", 201, key=True))
    assert backlog.passes(unit("lo", 202))


def test_where_the_newest_idrs_are_old_all_pictures_go_and_the_newest_sound_stays() -> None:
    backlog = filled({"hi": 1, "lo": 1})
    last = len(backlog) // 3 - 1
    backlog.shed()
    assert backlog.broken == {"hi", "lo"}
    assert left(backlog) == {AUDIO: list(range(last + 1 - MAX_QUEUE // 4, last + 1))}
