"""People, events, attendees, live sessions, recordings, chat: what one event needs from New event to download."""

from __future__ import annotations

from alembic import op

revision = "0001"
down_revision = None

TABLES = [
    """
    create table account (
        id uuid primary key default gen_random_uuid(),
        email text not null check (email = lower(email)),
        name text not null,
        password_hash text not null,
        role text not null check (role in ('owner', 'host')),
        created_at timestamptz not null default now(),
        unique (email)
    )
    """,
    # One owner an installation: the setup link cannot make a second one, whatever races.
    "create unique index one_owner on account (role) where role = 'owner'",
    # Only hashes of what a cookie or a link holds: a read of this table opens no session.
    """
    create table host_session (
        token_hash bytea primary key,
        account_id uuid not null references account on delete cascade,
        created_at timestamptz not null default now(),
        expires_at timestamptz not null
    )
    """,
    """
    create table one_time_link (
        token_hash bytea primary key,
        purpose text not null check (purpose in ('setup', 'sign_in')),
        account_id uuid references account on delete cascade,
        created_at timestamptz not null default now(),
        expires_at timestamptz not null,
        used_at timestamptz
    )
    """,
    """
    create table api_token (
        id uuid primary key default gen_random_uuid(),
        name text not null,
        token_hash bytea not null unique,
        created_at timestamptz not null default now(),
        last_used_at timestamptz,
        revoked_at timestamptz
    )
    """,
    """
    create table event (
        id uuid primary key default gen_random_uuid(),
        slug text not null unique,
        title text not null,
        description text not null default '',
        language text not null check (language in ('ko', 'en')),
        starts_at timestamptz not null,
        ends_at timestamptz not null,
        timezone text not null,
        capacity integer not null check (capacity > 0),
        registration text not null check (registration in ('open', 'approval', 'closed')),
        state text not null default 'scheduled' check (state in ('draft', 'scheduled', 'live', 'ended')),
        stream_key_version integer not null default 1,
        presenter_link_version integer not null default 1,
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now(),
        started_at timestamptz,
        ended_at timestamptz,
        check (ends_at > starts_at)
    )
    """,
    "create index event_by_state on event (state, starts_at)",
    """
    create table attendee (
        id uuid primary key default gen_random_uuid(),
        event_id uuid not null references event on delete cascade,
        name text not null,
        email text not null check (email = lower(email)),
        answers jsonb not null default '{}',
        status text not null check (status in ('approved', 'pending', 'waitlisted', 'declined', 'cancelled')),
        link_version integer not null default 1,
        language text not null check (language in ('ko', 'en')),
        registered_at timestamptz not null default now(),
        decided_at timestamptz,
        first_joined_at timestamptz,
        unique (event_id, email)
    )
    """,
    "create index attendee_by_event on attendee (event_id, registered_at, id)",
    """
    create table live_session (
        id text primary key,
        event_id uuid not null references event on delete cascade,
        hls_prefix text not null unique,
        started_at timestamptz not null,
        ended_at timestamptz,
        duration_s double precision
    )
    """,
    "create index live_session_by_event on live_session (event_id, started_at)",
    """
    create table recording (
        id uuid primary key default gen_random_uuid(),
        event_id uuid not null unique references event on delete cascade,
        state text not null check (state in ('recording', 'ready', 'failed')),
        key text,
        bytes bigint,
        sha256 text,
        duration_s double precision,
        complete boolean,
        created_at timestamptz not null default now(),
        ready_at timestamptz
    )
    """,
    # Chat: the row of a room hands out its gapless numbers inside the insert's transaction.
    """
    create table chat_room (
        event_id uuid primary key references event on delete cascade,
        epoch uuid not null default gen_random_uuid(),
        last_seq bigint not null default 0
    )
    """,
    """
    create table chat_log (
        event_id uuid not null references chat_room on delete cascade,
        seq bigint not null,
        at timestamptz not null default clock_timestamp(),
        type text not null,
        cid uuid,
        person text not null,
        body jsonb not null,
        primary key (event_id, seq),
        unique (event_id, person, cid)
    )
    """,
]


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)
