"""Marks of the programme; chapters, captions and the cut of a recording; who may watch its replay."""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"

STATEMENTS = [
    # What happened on air, as it happened: chapters and the report's timeline are made of it.
    """
    create table programme_mark (
        id uuid primary key default gen_random_uuid(),
        event_id uuid not null references event on delete cascade,
        at timestamptz not null default clock_timestamp(),
        kind text not null check (kind in ('slide', 'chapter', 'pause', 'resume')),
        body jsonb not null default '{}'
    )
    """,
    "create index programme_mark_by_event on programme_mark (event_id, at)",
    # Without a time of saving, chapters are those that the programme suggests.
    "alter table recording add column chapters_saved_at timestamptz",
    """
    create table recording_chapter (
        recording_id uuid not null references recording on delete cascade,
        position integer not null,
        at_s double precision not null check (at_s >= 0),
        title text not null,
        primary key (recording_id, position)
    )
    """,
    # The file that is made of a recording: cut, and with its chapters. The recording itself is never changed.
    # `version` is what was asked for, of a number never given twice: a file of another is not taken any more.
    # `begins_s` and `ends_s` are where the file really begins and ends in the recording: at key frames.
    "create sequence recording_cut_version as integer",
    """
    create table recording_cut (
        recording_id uuid primary key references recording on delete cascade,
        version integer not null default nextval('recording_cut_version'),
        from_s double precision not null default 0 check (from_s >= 0),
        to_s double precision check (to_s > from_s),
        state text not null default 'waiting' check (state in ('waiting', 'working', 'ready', 'failed')),
        progress real not null default 0,
        problem text,
        key text,
        bytes bigint,
        sha256 text,
        begins_s double precision,
        ends_s double precision,
        tries integer not null default 0,
        leased_until timestamptz,
        asked_at timestamptz not null default now(),
        ready_at timestamptz
    )
    """,
    # Without a row: who registered, as long as the replay is kept, without a download.
    """
    create table replay_gate (
        event_id uuid primary key references event on delete cascade,
        who text not null check (who in ('registered', 'attended', 'link', 'nobody')),
        until timestamptz,
        download boolean not null default false,
        changed_at timestamptz not null default now()
    )
    """,
    """
    create table recording_caption (
        recording_id uuid not null references recording on delete cascade,
        language text not null check (language in ('ko', 'en')),
        vtt text not null,
        changed_at timestamptz not null default now(),
        primary key (recording_id, language)
    )
    """,
]


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
