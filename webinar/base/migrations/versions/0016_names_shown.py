"""Whether guests see one another's names, and the numbers by which they are told apart where they do not."""

from __future__ import annotations

from alembic import op

revision = "0016"
down_revision = "0015"

STATEMENTS = [
    # Events that exist have shown names to everybody: they go on as their guests were told. New ones do not.
    "alter table event add column names_shown boolean not null default true",
    "alter table event alter column names_shown set default false",
    # In the order of registration, and kept for good: who comes, goes or is forgotten moves nobody else's.
    "alter table attendee add column number integer",
    """
    update attendee a set number = n.number from (
        select id, row_number() over (partition by event_id order by registered_at, id) as number from attendee
    ) n where n.id = a.id
    """,
    "alter table attendee alter column number set not null",
    "create unique index attendee_by_number on attendee (event_id, number)",
]


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
