"""Revisions of the schema, known without Alembic."""

from __future__ import annotations

from webinar.base import db
from webinar.base.migrate import scripts


def test_the_files_names_say_the_same_as_alembic() -> None:
    found = scripts()
    assert db.known_revisions() == {script.revision for script in found.walk_revisions()}
    assert found.get_heads() == [db.head()]
