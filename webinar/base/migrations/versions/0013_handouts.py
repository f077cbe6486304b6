"""Files that a host hands out to the guests of an event."""

from __future__ import annotations

from alembic import op

revision = "0013"
down_revision = "0012"

STATEMENTS = [
    """
    create table handout (
        id uuid primary key default gen_random_uuid(),
        event_id uuid not null references event on delete cascade,
        name text not null,
        key text not null,
        sha256 text not null,
        bytes bigint not null,
        created_at timestamptz not null default now()
    )
    """,
    "create index handout_by_event on handout (event_id, created_at, id)",
]


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
