"""A program that the host has paused stays so, whichever ingest runs it."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute("alter table event add column paused boolean not null default false")
