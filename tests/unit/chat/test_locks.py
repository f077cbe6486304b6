"""chat/locks.py"""

from __future__ import annotations

from chat.locks import LIFE_S, Locks


def test_a_lock_lasts_until_it_is_given_up_or_not_renewed() -> None:
    locks = Locks()
    assert locks.lock(7, "m1", "Kim", 0.0)
    assert not locks.lock(7, "m1", "Kim", 20.0)  # renewed: nothing new to tell
    assert not locks.expire(LIFE_S)
    assert locks.list() == [{"target": 7, "by": {"id": "m1", "name": "Kim"}}]
    assert locks.expire(20.0 + LIFE_S)
    assert locks.list() == []
    locks.lock(7, "m1", "Kim", 60.0)
    assert locks.unlock(7, "m1")
    assert not locks.unlock(7, "m1")


def test_two_may_look_at_the_same_and_one_at_five() -> None:
    locks = Locks()
    locks.lock(1, "m2", "Lee", 0.0)
    for target in range(1, 9):
        locks.lock(target, "m1", "Kim", 0.0)
    mine = [lock["target"] for lock in locks.list() if lock["by"] == {"id": "m1", "name": "Kim"}]
    assert mine == [4, 5, 6, 7, 8]
    assert locks.leave("m1") == mine
    assert [lock["target"] for lock in locks.list()] == [1]
