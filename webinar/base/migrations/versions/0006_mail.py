"""Queued work; letters that are to go out and went, their words, and what people were told of an event's time."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.execute(
        """
        create table job (
            id bigint generated always as identity primary key,
            name text not null,
            payload jsonb not null,
            key text,
            state text not null default 'waiting' check (state in ('waiting', 'running', 'failed')),
            run_at timestamptz not null default now(),
            leased_until timestamptz,
            attempts integer not null default 0,
            error text not null default '',
            enqueued_at timestamptz not null default now(),
            failed_at timestamptz
        )
        """
    )
    op.execute("create unique index job_once on job (name, key) where state = 'waiting' and key is not null")
    op.execute("create index job_due on job (name, run_at) where state = 'waiting'")
    op.execute("create index job_leased on job (leased_until) where state = 'running'")
    op.execute("create index job_failed on job (failed_at) where state = 'failed'")
    op.execute(
        """
        create table letter (
            id uuid primary key default gen_random_uuid(),
            event_id uuid not null references event on delete cascade,
            attendee_id uuid references attendee on delete cascade,
            to_email text,
            kind text not null,
            language text not null,
            occasion text,
            facts jsonb not null default '{}',
            state text not null default 'waiting' check (state in ('waiting', 'sent', 'failed', 'dropped')),
            subject text not null default '',
            answer text not null default '',
            tries integer not null default 0,
            created_at timestamptz not null default now(),
            done_at timestamptz,
            check (attendee_id is not null or to_email is not null)
        )
        """
    )
    op.execute("create unique index letter_once on letter (attendee_id, kind, occasion) where occasion is not null")
    op.execute("create index letter_by_event on letter (event_id, created_at desc, id)")
    op.execute("create index letter_by_attendee on letter (attendee_id, kind, created_at desc)")
    op.execute(
        """
        create table mail_choice (
            event_id uuid not null references event on delete cascade,
            kind text not null,
            enabled boolean,
            minutes integer,
            words jsonb not null default '{}',
            primary key (event_id, kind)
        )
        """
    )
    op.execute(
        """
        create table told (
            event_id uuid primary key references event on delete cascade,
            sequence integer not null default 0,
            title text not null,
            starts_at timestamptz not null,
            ends_at timestamptz not null,
            timezone text not null
        )
        """
    )
    op.execute(
        """
        create table told_afterwards (
            event_id uuid not null references event on delete cascade,
            kind text not null,
            at timestamptz not null default now(),
            primary key (event_id, kind)
        )
        """
    )
    op.execute(
        """
        create table no_more_mail (
            attendee_id uuid primary key references attendee on delete cascade,
            since timestamptz not null default now()
        )
        """
    )
