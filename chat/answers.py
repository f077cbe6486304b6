"""Answers to polls, in PostgreSQL: with their person, or counted so that nothing leads from one to the other.

Whoever writes has locked the room's row of `chat_ballot` (`chat.ballots`).
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from webinar.base import db

Key = tuple[int, str]  # the seq of a question or poll, a person
Counted = Mapping[int, Sequence[int]]  # poll → its choices, in the order of its counts


@dataclass(frozen=True, slots=True)
class Result:
    """Of a poll: how many chose each choice, how many answered."""

    counts: list[int]
    answers: int

    def content(self) -> dict[str, Any]:
        """As in an entry."""
        return {"counts": self.counts, "answers": self.answers}


async def answered_since(
    connection: db.Connection, event_id: uuid.UUID, version: int
) -> list[tuple[int, str, Sequence[int]]]:
    """(poll, person, choices) written after `version` that still hold; of anonymous polls without the choices."""
    return [tuple(row) for row in await connection.fetch(_ANSWERED_SINCE, event_id, version)]


async def put_answers(
    connection: db.Connection,
    event_id: uuid.UUID,
    answers: Mapping[Key, Sequence[int]],
    counted: Counted,
    version: int,
) -> tuple[list[tuple[int, str, Sequence[int]]], dict[Key, str]]:
    """(those taken, why the others were not as the nak's code). `counted`: the choices there are, by poll."""
    if not answers:
        return [], {}
    rows = await connection.fetch(
        "select poll, anonymous from chat_poll where event_id = $1 and poll = any($2::bigint[]) and open",
        event_id,
        list({poll for poll, _ in answers}),
    )
    anonymous = {row["poll"]: row["anonymous"] for row in rows}
    named = {key: choices for key, choices in answers.items() if anonymous.get(key[0]) is False}
    secret = {key: choices for key, choices in answers.items() if anonymous.get(key[0]) is True}
    if named:
        await connection.execute(
            "insert into chat_answer (event_id, poll, person, choices, version)"
            " select $1, poll, person, choices::smallint[], $5"
            " from unnest($2::bigint[], $3::text[], $4::text[]) as a (poll, person, choices)"
            " on conflict (event_id, poll, person)"
            " do update set choices = excluded.choices, version = excluded.version",
            event_id,
            [poll for poll, _ in named],
            [person for _, person in named],
            ["{" + ",".join(map(str, choices)) + "}" for choices in named.values()],
            version,
        )
    first = await _count_secretly(connection, event_id, secret, counted, version) if secret else set()
    taken: list[tuple[int, str, Sequence[int]]] = [(poll, who, choices) for (poll, who), choices in named.items()]
    taken += [(poll, who, ()) for poll, who in first]
    refused = {key: "not_open" for key in answers if key[0] not in anonymous}
    refused.update({key: "answered" for key in secret if key not in first})
    return taken, refused


async def _count_secretly(
    connection: db.Connection,
    event_id: uuid.UUID,
    answers: Mapping[Key, Sequence[int]],
    counted: Counted,
    version: int,
) -> set[Key]:
    """Notes who answered and adds what was chosen, in rows that have nothing in common; returns those who are new."""
    rows = await connection.fetch(
        "insert into chat_voter (event_id, poll, person, version)"
        " select $1, *, $4 from unnest($2::bigint[], $3::text[]) on conflict do nothing returning poll, person",
        event_id,
        [poll for poll, _ in answers],
        [person for _, person in answers],
        version,
    )
    first = {(row["poll"], row["person"]) for row in rows}
    for poll in {poll for poll, _ in first}:
        chosen = [answers[key] for key in first if key[0] == poll]
        await connection.execute(
            "update chat_poll set answers = answers + $3, counts = (select array_agg(a + b order by place)"
            " from unnest(counts, $4::int[]) with ordinality as u (a, b, place)) where event_id = $1 and poll = $2",
            event_id,
            poll,
            len(chosen),
            [sum(choice in choices for choices in chosen) for choice in counted[poll]],
        )
    return first


async def results_of(connection: db.Connection, event_id: uuid.UUID, counted: Counted) -> dict[int, Result]:
    """Of these polls, now."""
    rows = await connection.fetch(_RESULTS, event_id, list(counted))
    results = {poll: Result([0] * len(choices), 0) for poll, choices in counted.items()}
    for row in rows:
        chosen = dict(zip(row["choices"] or (), row["chosen"] or (), strict=True))
        counts = row["counts"] if row["anonymous"] else [chosen.get(choice, 0) for choice in counted[row["poll"]]]
        results[row["poll"]] = Result(list(counts), row["answers"])
    return results


_ANSWERED_SINCE: Final = """
    select poll, person, choices from chat_answer where event_id = $1 and version > $2
    union all
    select poll, person, '{}'::smallint[] from chat_voter where event_id = $1 and version > $2
"""

_RESULTS: Final = """
    select p.poll, p.anonymous, p.counts, n.choices, n.chosen,
        case when p.anonymous then p.answers else
            (select count(*)::int from chat_answer a where a.event_id = p.event_id and a.poll = p.poll) end as answers
    from chat_poll p
    left join lateral (
        select array_agg(choice) as choices, array_agg(people) as chosen from (
            select choice, count(*)::int as people
            from chat_answer a, unnest(a.choices) as choice
            where a.event_id = p.event_id and a.poll = p.poll
            group by choice
        ) c
    ) n on not p.anonymous
    where p.event_id = $1 and p.poll = any($2::bigint[])
"""
