"""Certificates and signed reports: keys that have signed, what an event's certificates say, those that were issued."""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"

TABLES = [
    # Public halves only: what an installation ever signed stays checkable after its secret was changed.
    """
    create table signing_key (
        key_id text primary key,
        public_key bytea not null unique,
        created_at timestamptz not null default now()
    )
    """,
    """
    create table credit_terms (
        event_id uuid primary key references event on delete cascade,
        offered boolean not null default false,
        heading text not null default '',
        issuer text not null default '',
        signer text not null default '',
        credits text not null default '',
        prefix text not null default '',
        updated_at timestamptz not null default now()
    )
    """,
    # `statement` is what was signed. It names nobody: it holds a digest of `salt` and `name`, which are removed with
    # the rest of a person's data or of the event, and the certificate can be checked all the same.
    """
    create table certificate (
        id uuid primary key,
        event_id uuid not null,
        attendee_id uuid references attendee on delete set null,
        serial integer not null,
        edition integer not null,
        number text not null,
        name text,
        salt bytea,
        statement text not null,
        signature bytea not null,
        key_id text not null references signing_key,
        issued_at timestamptz not null default now(),
        revoked_at timestamptz,
        revoked_reason text,
        replaced_by uuid references certificate deferrable initially deferred,
        unique (event_id, serial, edition)
    )
    """,
    "create unique index one_valid_certificate on certificate (attendee_id) where revoked_at is null",
    """
    create function certificates_name_nobody() returns trigger language plpgsql as
    $$ begin
        update certificate set name = null, salt = null where event_id = old.id;
        return old;
    end $$
    """,
    """
    create trigger certificates_name_nobody before delete on event
    for each row execute function certificates_name_nobody()
    """,
]


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)
