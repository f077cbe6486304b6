"""The moderators' link, and who came by it: when it is renewed, their consoles are closed."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.execute("alter table event add column moderator_link_version integer not null default 1")
    op.execute(
        """
        create table moderator (
            id uuid primary key default gen_random_uuid(),
            event_id uuid not null references event on delete cascade,
            name text not null,
            link_version integer not null,
            created_at timestamptz not null default now()
        )
        """
    )
    op.execute("create index moderator_by_event on moderator (event_id, created_at)")
