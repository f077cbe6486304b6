"""Votes, answers to polls (`chat.answers`) and totals of reactions, in PostgreSQL. The log beside them is `chat.store`.

Whoever writes locks the room's row of `chat_ballot` and raises its version in the same transaction, so batches have one
order in every process and one that was missed is noticed. What was voted is never waited for by what is written in the
room, and the other way round: the locks are different ones, and whoever needs both takes that of the log first.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import asyncpg

from chat.answers import Counted, Key, Result, answered_since, put_answers, results_of
from chat.entry import Draft, Entry
from chat.ledger import Changes
from chat.polls import Poll, Stage
from chat.store import Appended, NoRoom, Store, Unstorable
from webinar.base import db


@dataclass(frozen=True, slots=True)
class Written:
    """`refused`: answers that were not taken, with the nak's code."""

    changes: Changes
    refused: Mapping[Key, str]


class Ballots:
    def __init__(self, store: Store) -> None:
        self._store = store

    # Votes and answers

    async def since(self, event_id: uuid.UUID, version: int) -> Changes:
        """What was written after `version` and still holds. Raises `StoreDown`."""
        async with (
            self._store.connection() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            now = await connection.fetchval("select version from chat_ballot where event_id = $1", event_id)
            votes = await connection.fetch(
                "select question, person, up from chat_vote where event_id = $1 and version > $2", event_id, version
            )
            answers = await answered_since(connection, event_id, version)
        return Changes(now or 0, list(map(tuple, votes)), answers)

    async def versions(self, event_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, int]:
        """Of the rooms where anything was written. Raises `StoreDown`."""
        async with self._store.connection() as connection:
            rows = await connection.fetch(
                "select event_id, version from chat_ballot where event_id = any($1::uuid[])", list(event_ids)
            )
        return {row["event_id"]: row["version"] for row in rows}

    async def write(
        self, event_id: uuid.UUID, votes: Mapping[Key, bool], answers: Mapping[Key, Sequence[int]], counted: Counted
    ) -> Written:
        """One batch, all or nothing. `counted`: the choices there are, by poll.

        Raises `StoreDown` (then perhaps everything was written), `NoRoom`, `Unstorable`.
        """
        try:
            async with self._store.connection() as connection, connection.transaction():
                version = await _lock(connection, event_id, 1)
                voted = await _put_votes(connection, event_id, votes, version) if votes else []
                taken, refused = await put_answers(connection, event_id, answers, counted, version)
        except (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError) as error:
            raise Unstorable(type(error).__name__) from error
        return Written(Changes(version, voted, taken), refused)

    # Polls

    async def open_poll(self, event_id: uuid.UUID, poll: int, *, anonymous: bool, choices: int) -> None:
        """From now on it takes answers; those it has stay. Raises `StoreDown`, `NoRoom`."""
        async with self._store.connection() as connection, connection.transaction():
            await _lock(connection, event_id)
            await connection.execute(
                "insert into chat_poll (event_id, poll, anonymous, open, counts)"
                " values ($1, $2, $3, true, array_fill(0, array[$4::int]))"
                " on conflict (event_id, poll) do update set open = true",
                event_id,
                poll,
                anonymous,
                choices,
            )

    async def close_poll(self, event_id: uuid.UUID, poll: int, choices: Sequence[int]) -> Result:
        """From now on it takes none, in no process: the result is the last. Raises `StoreDown`, `NoRoom`."""
        async with self._store.connection() as connection, connection.transaction():
            await _lock(connection, event_id)
            await connection.execute(
                "update chat_poll set open = false where event_id = $1 and poll = $2", event_id, poll
            )
            return (await results_of(connection, event_id, {poll: choices}))[poll]

    async def left_open(self, most: int) -> list[uuid.UUID]:
        """Events that are over, with polls that still take answers. Raises `StoreDown`."""
        async with self._store.connection() as connection:
            rows = await connection.fetch(_LEFT_OPEN, most)
        return [row["event_id"] for row in rows]

    async def close_left(self, event_id: uuid.UUID, polls: Sequence[Poll], last: int) -> list[Entry] | None:
        """The end of an event closes its polls, by nobody's hand: `polls` are those that stand open in the log as of
        `last`. In one transaction: none takes an answer from then on, and the events that say how they ended, in order.

        None when the log is further by now. Raises `StoreDown`, `NoRoom`, `Unstorable`.
        """
        async with self._store.appending(event_id) as log:
            if log.last != last:
                return None
            await _lock(log.connection, event_id)
            await log.connection.execute("update chat_poll set open = false where event_id = $1 and open", event_id)
            results = await results_of(log.connection, event_id, {one.poll: one.definition.choices for one in polls})
            closed = [{**one.turned(Stage.CLOSED), **results[one.poll].content()} for one in polls]
            appended = await log.append([Draft("poll", str(uuid.uuid4()), "", content) for content in closed])
        return [one.entry for one in appended]

    async def remove_poll(self, event_id: uuid.UUID, poll: int) -> None:
        """With all of its answers. Raises `StoreDown`, `NoRoom`."""
        async with self._store.connection() as connection, connection.transaction():
            # Between an answer's look at the poll and its row it would take the poll away from under it.
            await _lock(connection, event_id)
            await connection.execute("delete from chat_poll where event_id = $1 and poll = $2", event_id, poll)

    async def results(self, event_id: uuid.UUID, counted: Counted) -> dict[int, Result]:
        """Of these polls, now. Raises `StoreDown`."""
        async with self._store.connection() as connection:
            return await results_of(connection, event_id, counted)

    # Tallies

    async def tally(
        self, event_id: uuid.UUID, families: Mapping[int, Sequence[int]], told: Mapping[int, int], pace_s: float
    ) -> Appended | None:
        """Appends how many people vote for each family of questions, those that differ from what was `told`.

        None when none differs, or when the tally before is less than `pace_s` old, whichever process wrote it: counted
        with the log locked, so that of two tallies the later one is never the older. Raises `StoreDown`, `NoRoom`.
        """
        roots = [root for root, members in families.items() for _ in members]
        members = [member for family in families.values() for member in family]
        async with self._store.appending(event_id) as log:
            rows = await log.connection.fetch(_TALLY, event_id, roots, members)
            votes = {str(row["root"]): row["votes"] for row in rows if row["votes"] != told[row["root"]]}
            if not votes or not await log.connection.fetchval(_MAY_TALLY, event_id, dt.timedelta(seconds=pace_s)):
                return None
            (appended,) = await log.append([Draft("tally", str(uuid.uuid4()), "", {"votes": votes})])
            await log.connection.execute(
                "update chat_ballot set tallied_at = $2 where event_id = $1", event_id, appended.entry.at
            )
        return appended

    # Reactions

    async def add_reactions(self, event_id: uuid.UUID, totals: Mapping[tuple[dt.datetime, str], int]) -> None:
        """Adds to the totals, by minute and kind. Raises `StoreDown`, `NoRoom`."""
        try:
            async with self._store.connection() as connection:
                await connection.execute(
                    "insert into chat_reaction (event_id, minute, kind, count)"
                    " select $1, * from unnest($2::timestamptz[], $3::text[], $4::int[])"
                    " on conflict (event_id, minute, kind) do update set count = chat_reaction.count + excluded.count",
                    event_id,
                    [minute for minute, _ in totals],
                    [kind for _, kind in totals],
                    list(totals.values()),
                )
        except asyncpg.ForeignKeyViolationError as error:
            raise NoRoom(str(event_id)) from error


async def _lock(connection: db.Connection, event_id: uuid.UUID, step: int = 0) -> int:
    """The version, raised by `step`; nobody else raises it until the end of the transaction. Raises `NoRoom`."""
    try:
        version: int = await connection.fetchval(
            "insert into chat_ballot (event_id, version) values ($1, $2)"
            " on conflict (event_id) do update set version = chat_ballot.version + $2 returning version",
            event_id,
            step,
        )
    except asyncpg.ForeignKeyViolationError as error:
        raise NoRoom(str(event_id)) from error
    return version


async def _put_votes(
    connection: db.Connection, event_id: uuid.UUID, votes: Mapping[Key, bool], version: int
) -> list[tuple[int, str, bool]]:
    await connection.execute(
        "insert into chat_vote (event_id, question, person, up, version)"
        " select $1, *, $5 from unnest($2::bigint[], $3::text[], $4::boolean[])"
        " on conflict (event_id, question, person) do update set up = excluded.up, version = excluded.version",
        event_id,
        [question for question, _ in votes],
        [person for _, person in votes],
        list(votes.values()),
        version,
    )
    return [(question, person, up) for (question, person), up in votes.items()]


_LEFT_OPEN: Final = """
    select distinct p.event_id from chat_poll p join event e on e.id = p.event_id
    where p.open and e.state = 'ended' order by p.event_id limit $1
"""

_TALLY: Final = """
    select f.root, count(distinct v.person)::int as votes
    from unnest($2::bigint[], $3::bigint[]) as f (root, member)
    left join chat_vote v on v.event_id = $1 and v.question = f.member and v.up
    group by f.root
"""

_MAY_TALLY: Final = """
    select tallied_at <= clock_timestamp() - $2::interval from chat_ballot where event_id = $1
"""
