"""Whoever opens the page of an event that was deleted reads so."""

from __future__ import annotations

from alembic import op

revision = "0018"
down_revision = "0017"

STATEMENTS = [
    # Of a page that everybody could see; of a draft there is none.
    "alter table destroyed_event add column slug text",
    "create index destroyed_event_by_slug on destroyed_event (slug) where slug is not null",
]


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
