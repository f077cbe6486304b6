"""When people were there, and by which rule that counts."""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"

STATEMENTS = [
    # Without a row: no windows, no prompts, breaks count.
    """
    create table attendance_plan (
        event_id uuid primary key references event on delete cascade,
        windows boolean not null default false,
        enter_before_min integer not null default 30,
        enter_after_min integer not null default 15,
        leave_before_min integer not null default 10,
        prompts_per_hour integer not null default 0 check (prompts_per_hour between 0 and 6),
        answer_min integer not null default 3 check (answer_min between 1 and 15),
        pauses_count boolean not null default true
    )
    """,
    # A rule of the whole event, or of one item of the agenda.
    """
    create table attendance_rule (
        id uuid primary key default gen_random_uuid(),
        event_id uuid not null references event on delete cascade,
        position integer not null,
        agenda_item_id uuid references agenda_item on delete cascade,
        share integer check (share between 1 and 100),
        minutes integer check (minutes between 1 and 20160),
        enter boolean not null default false,
        leave boolean not null default false,
        confirmed integer check (confirmed between 1 and 100)
    )
    """,
    "create index attendance_rule_by_event on attendance_rule (event_id, position)",
    # What players told of one person's device, as a set of moments: telling it again changes nothing.
    """
    create table attendance_span (
        event_id uuid not null references event on delete cascade,
        attendee_id uuid not null references attendee on delete cascade,
        kind text not null check (kind in ('live', 'replay')),
        device text not null,
        spans tstzmultirange not null,
        primary key (attendee_id, kind, device)
    )
    """,
    "create index attendance_span_by_event on attendance_span (event_id)",
    # What the servers themselves saw of a person: their player asked, and how it plays.
    """
    create table attendance_seen (
        attendee_id uuid primary key references attendee on delete cascade,
        event_id uuid not null references event on delete cascade,
        spans tstzmultirange not null
    )
    """,
    "create index attendance_seen_by_event on attendance_seen (event_id)",
    # `prompt`: the number of the prompt that was answered, else 0. The first one of a kind counts.
    """
    create table attendance_mark (
        event_id uuid not null references event on delete cascade,
        attendee_id uuid not null references attendee on delete cascade,
        kind text not null check (kind in ('enter', 'leave', 'confirm')),
        prompt integer not null default 0,
        at timestamptz not null,
        received_at timestamptz not null,
        primary key (attendee_id, kind, prompt)
    )
    """,
    "create index attendance_mark_by_event on attendance_mark (event_id)",
    # Moments drawn by the server at which everybody is asked whether they are there.
    """
    create table attendance_prompt (
        event_id uuid not null references event on delete cascade,
        number integer not null,
        at timestamptz not null,
        until timestamptz not null,
        primary key (event_id, number)
    )
    """,
    # The words stand here alone; the log holds their digest with the salt. When a person is forgotten, both go.
    """
    create table attendance_correction (
        id uuid primary key default gen_random_uuid(),
        event_id uuid not null references event on delete cascade,
        attendee_id uuid not null references attendee on delete cascade,
        kind text not null check (kind in ('add', 'remove', 'pass', 'fail')),
        started_at timestamptz,
        ended_at timestamptz,
        rule_id uuid,
        reason text not null,
        by_whom text not null,
        salt bytea,
        at timestamptz not null default clock_timestamp(),
        check ((kind in ('add', 'remove')) = (started_at is not null and ended_at is not null)),
        check (ended_at > started_at)
    )
    """,
    "create index attendance_correction_by_event on attendance_correction (event_id, at)",
    # The row is locked while entries are written: it hands out their numbers. `changed` counts what came since the
    # log was sealed.
    """
    create table attendance_chain (
        event_id uuid primary key references event on delete cascade,
        last_seq bigint not null default 0,
        head text not null,
        changed boolean not null default false,
        changed_at timestamptz not null default clock_timestamp(),
        sealed_at timestamptz
    )
    """,
    "create index attendance_chain_to_seal on attendance_chain (changed_at) where changed",
    # As `webinar.base.chain` hashes it; `body` is canonical JSON.
    """
    create table attendance_log (
        event_id uuid not null references attendance_chain on delete cascade,
        seq bigint not null,
        at text not null,
        type text not null,
        body text not null,
        prev text not null,
        hash text not null,
        primary key (event_id, seq)
    )
    """,
    """
    create function attendance_log_stays() returns trigger language plpgsql as
    $$ begin raise exception 'the log of attendance is only ever added to'; end $$
    """,
    """
    create trigger attendance_log_stays before update on attendance_log
    for each row execute function attendance_log_stays()
    """,
]


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
