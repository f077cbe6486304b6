"""What a host asks of people, how they are let in, and what each agreed to."""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"

TABLES = [
    # So many days after its end everything of an event that is about people is destroyed.
    "alter table event add column retention_days integer not null default 90 check (retention_days between 1 and 3650)",
    # An event without a row has the defaults.
    """
    create table registration_rules (
        event_id uuid primary key references event on delete cascade,
        domains text[] not null default '{}',
        others text not null default 'pending' check (others in ('pending', 'refused')),
        passcode_hash text,
        closes_at timestamptz,
        marketing boolean not null default true,
        keeper text not null default ''
    )
    """,
    """
    create table registration_question (
        id uuid primary key default gen_random_uuid(),
        event_id uuid not null references event on delete cascade,
        position integer not null,
        kind text not null check (kind in ('text', 'long', 'single', 'several', 'checkbox')),
        text text not null,
        options text[] not null default '{}',
        required boolean not null default false,
        unique (event_id, text)
    )
    """,
    "create index registration_question_by_event on registration_question (event_id, position)",
    # The words that people agreed to, each wording once: its version is a hash of it.
    """
    create table consent_text (
        version text primary key,
        text text not null,
        first_used_at timestamptz not null default now()
    )
    """,
    """
    alter table attendee
        add column consent_version text references consent_text,
        add column consent_at timestamptz,
        add column marketing_at timestamptz,
        add column forgotten_at timestamptz
    """,
    # Of people who were declined and then had their data deleted: a keyed hash of the event and the address.
    """
    create table declined_address (
        event_id uuid not null references event on delete cascade,
        trace bytea not null,
        primary key (event_id, trace)
    )
    """,
    # Of a large event the queue and the seats are counted with every registration.
    "create index attendee_by_status on attendee (event_id, status, registered_at, id)",
]


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)
