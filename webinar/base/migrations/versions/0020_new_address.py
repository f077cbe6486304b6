"""A host changes their own e-mail address, by a link that is mailed to the new one."""

from __future__ import annotations

from alembic import op

revision = "0020"
down_revision = "0019"

STATEMENTS = [
    "alter table one_time_link add column email text",
    "alter table one_time_link drop constraint one_time_link_purpose_check",
    """
    alter table one_time_link add constraint one_time_link_purpose_check
        check (purpose in ('setup', 'sign_in', 'invite', 'reset') or (purpose = 'email' and email is not null))
    """,
]


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
