"""The object store in a folder of this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from webinar.base.errors import NotFound
from webinar.base.settings import Settings
from webinar.base.storage import Storage


async def test_a_copy_stays_as_it_is_when_the_first_one_is_written_anew_or_deleted(tmp_path: Path) -> None:
    storage = Storage.open(Settings.read(data_dir=tmp_path))
    await storage.put_bytes("handouts/one/a", b"slides")
    await storage.copy("handouts/one/a", "handouts/two/b")
    await storage.put_bytes("handouts/one/a", b"other slides")
    assert await storage.get_bytes("handouts/two/b") == b"slides"
    await storage.remove_all("handouts/one")
    assert await storage.get_bytes("handouts/two/b") == b"slides"
    with pytest.raises(NotFound):
        await storage.copy("handouts/one/a", "handouts/three/c")
    assert await storage.list_keys("handouts/three") == []
