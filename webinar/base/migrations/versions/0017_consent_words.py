"""Words of a consent are found by who agreed to them; letters about certificates are one a person."""

from __future__ import annotations

from alembic import op

revision = "0017"
down_revision = "0016"

STATEMENTS = [
    # Looked at by each round that removes words nobody is left of, and by the check behind it.
    "create index attendee_by_consent on attendee (consent_version) where consent_version is not null",
    # They were told apart by the personal link, which is a secret and may be renewed.
    """
    update letter l set occasion = 'issued' where kind = 'certificate' and occasion is not null and not exists (
        select from letter o where o.attendee_id = l.attendee_id and o.kind = l.kind and o.occasion is not null
            and o.id < l.id
    )
    """,
    "update letter set facts = facts - 'url', occasion = nullif(occasion, facts ->> 'url') where kind = 'certificate'",
]


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
