"""Links by role, hosts beside the owner, the event's door, webhooks, and receipts of what was destroyed."""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"

STATEMENTS = [
    # Any number of links a role, each with a name, each revoked alone. The token is made of the id.
    """
    create table role_link (
        id uuid primary key default gen_random_uuid(),
        event_id uuid not null references event on delete cascade,
        role text not null check (role in ('cohost', 'presenter', 'moderator')),
        name text not null,
        made_by uuid references role_link on delete set null,
        created_at timestamptz not null default now(),
        last_used_at timestamptz,
        revoked_at timestamptz
    )
    """,
    "create index role_link_by_event on role_link (event_id, created_at)",
    # Whose event it is: hosts see their own, the owner sees all. Without one it is the owner's.
    "alter table event add column created_by uuid references account on delete set null",
    "create index event_by_creator on event (created_by, created_at)",
    "alter table one_time_link drop constraint one_time_link_purpose_check",
    """
    alter table one_time_link add constraint one_time_link_purpose_check
        check (purpose in ('setup', 'sign_in', 'invite', 'reset'))
    """,
    # The door: who was inside before it was locked stays; the others knock, and are let in one by one. Inside is who
    # was given the live event to play (`entered_at`), not who looked into the lobby.
    "alter table event add column locked_at timestamptz",
    "alter table attendee add column entered_at timestamptz",
    "alter table attendee add column knocked_at timestamptz",
    "alter table attendee add column let_in_at timestamptz",
    # Of one event, or (without one) of all of them. The secret is kept to sign with; it is shown once. `what` names the
    # thing that is told of, so that it is told once, by whichever process is first.
    """
    create table webhook (
        id uuid primary key default gen_random_uuid(),
        event_id uuid references event on delete cascade,
        url text not null,
        types text[] not null,
        secret text not null,
        created_at timestamptz not null default now(),
        failing_since timestamptz,
        disabled_at timestamptz
    )
    """,
    "create index webhook_by_event on webhook (event_id)",
    """
    create table webhook_delivery (
        id uuid primary key default gen_random_uuid(),
        webhook_id uuid not null references webhook on delete cascade,
        event_id uuid references event on delete cascade,
        type text not null,
        what text not null,
        body text not null,
        created_at timestamptz not null default now(),
        attempts integer not null default 0,
        tried_at timestamptz,
        delivered_at timestamptz,
        given_up_at timestamptz,
        status integer,
        error text,
        unique (webhook_id, what)
    )
    """,
    "create index webhook_delivery_by_hook on webhook_delivery (webhook_id, created_at desc)",
    "create index webhook_delivery_by_event on webhook_delivery (event_id)",
    "create index webhook_delivery_by_age on webhook_delivery (created_at)",
    # What remains of an event that was destroyed on its date: that it was, and how much of what.
    """
    create table destroyed_event (
        event_id uuid primary key,
        title text not null,
        ended_at timestamptz,
        destroyed_at timestamptz not null default now(),
        created_by uuid references account on delete set null,
        why text not null default 'date' check (why in ('date', 'host')),
        counts jsonb not null,
        log_head text
    )
    """,
]


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
