"""Polls that stand open when their event is over are found at once, whatever polls there were."""

from __future__ import annotations

from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.execute("create index chat_poll_open on chat_poll (event_id) where open")
