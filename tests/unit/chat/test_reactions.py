"""chat/reactions.py: counted once each way, within limits."""

from __future__ import annotations

import datetime as dt

from chat.reactions import LIMIT, Reactions

AT = dt.datetime(2026, 1, 5, 9, 30, 12, tzinfo=dt.UTC)
MINUTE = AT.replace(second=0)


def test_what_was_taken_is_shown_told_and_written_once_each() -> None:
    reactions = Reactions()
    reactions.take("ann", "clap", 0.0, AT)
    reactions.take("bob", "clap", 0.1, AT)
    assert reactions.to_show() == {"clap": 2}
    assert reactions.to_show() == {}
    assert reactions.to_tell() == {"clap": 2}
    assert reactions.to_tell() == {}
    assert reactions.to_write() == {(MINUTE, "clap"): 2}
    assert not reactions.to_write()


def test_what_others_took_is_shown_and_neither_told_nor_written_again() -> None:
    reactions = Reactions()
    reactions.hear({"love": 3, "nonsense": 9})
    assert reactions.to_show() == {"love": 3}
    assert reactions.to_tell() == {}
    assert not reactions.to_write()


def test_too_many_of_one_person_are_dropped_and_nobody_else_is_hurt() -> None:
    reactions = Reactions()
    count, seconds = LIMIT
    taken = [reactions.take("ann", "wow", 0.0, AT) for _ in range(count + 3)]
    assert taken == [True] * count + [False] * 3
    assert reactions.take("bob", "wow", 0.0, AT)
    assert reactions.take("ann", "wow", seconds, AT)
    assert reactions.to_show() == {"wow": count + 2}


def test_what_could_not_be_written_is_kept_for_an_hour_and_added_to() -> None:
    reactions = Reactions()
    reactions.take("ann", "like", 0.0, AT)
    assert reactions.put_back(reactions.to_write()) == 0
    reactions.take("ann", "like", 0.1, AT)
    assert reactions.to_write() == {(MINUTE, "like"): 2}
    for minute in range(90):
        reactions.take("ann", "like", 10.0 * minute, AT + dt.timedelta(minutes=minute))
    assert reactions.put_back(reactions.to_write()) == 30
    assert len(reactions.to_write()) == 60
