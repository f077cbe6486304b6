"""Receipts in the time of their event."""

from __future__ import annotations

from alembic import op

revision = "0015"
down_revision = "0014"

STATEMENTS = [
    # Of events destroyed before, the zone is not known any more.
    "alter table destroyed_event add column timezone text not null default 'UTC'",
]


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
