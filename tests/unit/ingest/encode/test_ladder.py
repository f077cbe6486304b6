"""The ladder."""

from __future__ import annotations

import pytest

from ingest.encode.ladder import choose
from webinar.base.errors import BadSetting


def test_the_default_depends_on_the_cores() -> None:
    assert [r.name for r in choose((), cores=2).rungs] == ["720p", "480p", "240p"]
    assert [r.name for r in choose((), cores=1).rungs] == ["480p", "240p"]
    assert choose((), cores=8).preset == "veryfast"


def test_the_setting_names_the_rungs() -> None:
    ladder = choose(("480p", "240p"))
    assert (ladder.top.width, ladder.top.height, ladder.top.bitrate) == (854, 480, 900_000)


@pytest.mark.parametrize("names", [("720i",), ("240p", "720p"), ("720p", "720p")])
def test_a_ladder_that_cannot_be_is_refused_with_the_setting_named(names: tuple[str, ...]) -> None:
    with pytest.raises(BadSetting, match="WEBINAR_LADDER"):
        choose(names)
