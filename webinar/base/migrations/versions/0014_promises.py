"""Promises kept: the date people agreed to, the end of events that nobody ends, certificates that reach people."""

from __future__ import annotations

from alembic import op

revision = "0014"
down_revision = "0013"

STATEMENTS = [
    # Until when the data of this person is kept at the latest, as they were told; null: they were told nothing.
    "alter table attendee add column destroy_by timestamptz",
    """
    update attendee a set destroy_by = coalesce(e.ended_at, e.ends_at) + make_interval(days => e.retention_days)
    from event e where e.id = a.event_id and a.consent_at is not null
    """,
    # When an event is destroyed: so long after its end, and no later than anybody of it was told.
    """
    create function destroyed_at(e event) returns timestamptz language sql stable as $$
        select least(
            coalesce(e.ended_at, e.ends_at) + make_interval(days => e.retention_days),
            (select min(a.destroy_by) from attendee a where a.event_id = e.id)
        )
    $$
    """,
    # Who earned a certificate finds it, unless the host says otherwise. What hosts chose before stays.
    "alter table credit_terms alter column offered set default true",
    # While live and past its planned end: when somebody last sent. And whether it was ended by the clock.
    "alter table event add column sent_at timestamptz",
    "alter table event add column ended_itself boolean not null default false",
]


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
