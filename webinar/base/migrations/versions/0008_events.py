"""Speakers, agenda, pictures and colour of an event; series; what the host has ticked off."""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"

STATEMENTS = [
    # Who invites, as guests read it; the colour that stands in for the platform's own.
    "alter table event add column organizer text not null default ''",
    "alter table event add column accent text check (accent ~ '^#[0-9a-f]{6}$')",
    # Events made as one series. An id without a table: a series is nothing but its events.
    "alter table event add column series_id uuid",
    "create index event_by_series on event (series_id, starts_at) where series_id is not null",
    "create index event_by_start on event (starts_at, id)",
    """
    create table agenda_item (
        id uuid primary key default gen_random_uuid(),
        event_id uuid not null references event on delete cascade,
        position integer not null,
        title text not null,
        note text not null default '',
        speakers text not null default '',
        starts_at timestamptz not null,
        ends_at timestamptz not null,
        check (ends_at > starts_at)
    )
    """,
    "create index agenda_item_by_event on agenda_item (event_id, position)",
    """
    create table speaker (
        id uuid primary key default gen_random_uuid(),
        event_id uuid not null references event on delete cascade,
        position integer not null,
        name text not null,
        role text not null default '',
        about text not null default ''
    )
    """,
    "create index speaker_by_event on speaker (event_id, position)",
    # One of a kind an event; the bytes are in the store, below `key`.
    """
    create table event_image (
        event_id uuid not null references event on delete cascade,
        kind text not null check (kind in ('cover', 'logo', 'holding')),
        type text not null,
        key text not null,
        sha256 text not null,
        bytes integer not null,
        width integer not null,
        height integer not null,
        created_at timestamptz not null default now(),
        primary key (event_id, kind)
    )
    """,
    # A step of the run sheet that the host has ticked: the steps themselves stand in the code.
    """
    create table event_tick (
        event_id uuid not null references event on delete cascade,
        step text not null,
        done_at timestamptz not null default now(),
        primary key (event_id, step)
    )
    """,
]


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
