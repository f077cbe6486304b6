"""Votes for questions, answers to polls, reactions: what people said by choosing, beside the log of what they wrote.

`chat_ballot.version` counts the batches written in a room. A row carries the version it was written with, so a process
that missed a batch reads what is above the version it knows.
"""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"

TABLES = [
    """
    create table chat_ballot (
        event_id uuid primary key references chat_room on delete cascade,
        version bigint not null default 0,
        tallied_at timestamptz not null default '-infinity'
    )
    """,
    # A vote taken back stays as a row that is not up: whoever reads by version learns of it.
    """
    create table chat_vote (
        event_id uuid not null references chat_ballot on delete cascade,
        question bigint not null,
        person text not null,
        up boolean not null,
        version bigint not null,
        primary key (event_id, question, person)
    )
    """,
    "create index chat_vote_by_version on chat_vote (event_id, version)",
    # Of an anonymous poll `counts` is all there is: one row, written whole with every batch, so that neither a column
    # nor the order of rows tells who chose what. Of any other they stay zero, and the answers are counted.
    """
    create table chat_poll (
        event_id uuid not null references chat_ballot on delete cascade,
        poll bigint not null,
        anonymous boolean not null,
        open boolean not null,
        counts integer[] not null,
        answers integer not null default 0,
        primary key (event_id, poll)
    )
    """,
    # `choices` as a client gives them: options from 0, of a rating the mark, 1 to 5.
    """
    create table chat_answer (
        event_id uuid not null,
        poll bigint not null,
        person text not null,
        choices smallint[] not null,
        version bigint not null,
        primary key (event_id, poll, person),
        foreign key (event_id, poll) references chat_poll on delete cascade
    )
    """,
    "create index chat_answer_by_version on chat_answer (event_id, version)",
    # Who has answered an anonymous poll, and nothing else.
    """
    create table chat_voter (
        event_id uuid not null,
        poll bigint not null,
        person text not null,
        version bigint not null,
        primary key (event_id, poll, person),
        foreign key (event_id, poll) references chat_poll on delete cascade
    )
    """,
    "create index chat_voter_by_version on chat_voter (event_id, version)",
    """
    create table chat_reaction (
        event_id uuid not null references chat_room on delete cascade,
        minute timestamptz not null,
        kind text not null,
        count integer not null,
        primary key (event_id, minute, kind)
    )
    """,
]


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)
