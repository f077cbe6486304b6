"""The sound of a recording alone; when the segments of a live session were removed."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("alter table recording add column audio_bytes bigint")
    op.execute("alter table live_session add column segments_removed_at timestamptz")
