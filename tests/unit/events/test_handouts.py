"""Names of files that are handed out."""

from __future__ import annotations

import asyncio
import unicodedata
import uuid
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webinar.base.errors import Invalid
from webinar.events.handouts import ENDINGS, Handouts, clean_name
from webinar.events.versions import UNKNOWN


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("Slides.PDF", "Slides.pdf"),
        ("C:\\Users\\kim\\발표 자료.hwp", "발표 자료.hwp"),
        ("../../etc/passwd.txt", "passwd.txt"),
        (unicodedata.normalize("NFD", "한글.pdf"), "한글.pdf"),
        ("a\r\nSet-Cookie: x.pdf", "aSet-Cookie x.pdf"),
        ("....pdf", "file.pdf"),
        (" . a  b . .pdf", "a b.pdf"),
        ("x" * 300 + ".pptx", "x" * 116 + ".pptx"),
    ],
)
def test_a_name_is_one_that_every_system_takes(name: str, clean: str) -> None:
    assert clean_name(name) == clean


@given(st.text(max_size=300), st.sampled_from(sorted(ENDINGS)))
def test_whatever_it_is_called_its_name_is_short_visible_and_stays_what_it_is(stem: str, ending: str) -> None:
    name = clean_name(f"{stem}.{ending}")
    assert name.endswith(f".{ending}")
    assert len(name) <= 121
    assert not name.startswith(".")
    assert not set(name) & set('/\\:*?"<>|')
    assert name.isprintable()
    assert clean_name(name) == name


@pytest.mark.parametrize("name", ["", "a", "pdf", "a.", "a.exe", "a.html", "a.svg", "a.pdf.js", "a.lnk"])
def test_what_is_not_known_to_be_harmless_is_refused(name: str) -> None:
    with pytest.raises(Invalid):
        clean_name(name)


class Database:
    """What a service gets from a PostgreSQL that hangs, then goes away: a real one is in test_api_files.py."""

    def __init__(self) -> None:
        self.times, self.asked, self.gone = 0, asyncio.Event(), asyncio.Event()

    async def fetch(self, *_: object) -> list[dict[str, object]]:
        self.times += 1
        self.asked.set()
        await self.gone.wait()
        raise ConnectionRefusedError


async def test_all_who_ask_first_wait_for_one_answer_and_none_is_told_that_there_are_no_files_before_it() -> None:
    database, event = Database(), uuid.uuid4()
    handouts = Handouts(cast("Any", database), cast("Any", None), cast("Any", None))
    asking = [asyncio.create_task(handouts.version(event)) for _ in range(20)]
    await database.asked.wait()
    assert not any(one.done() for one in asking)
    database.gone.set()
    assert set(await asyncio.gather(*asking)) == {UNKNOWN}
    assert database.times == 1
    assert await handouts.version(event) == UNKNOWN
