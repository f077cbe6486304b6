from __future__ import annotations

import gzip

import brotli
import pytest

from webinar.pages.smaller import Coding, coding, smaller

_TEXT = ("한국어와 English. " * 200).encode()


@pytest.mark.parametrize(
    ("header", "how"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip, deflate", "gzip"),
        ("GZIP;q=0.5", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("br; q=0, gzip;q=0.000", None),
        ("identity", None),
        ("", None),
        ("*", None),
        ("gzipped, brr", None),
    ],
)
def test_the_smallest_that_a_browser_takes_is_chosen(header: str, how: Coding | None) -> None:
    assert coding(header) == how


@pytest.mark.parametrize("kept", [False, True])
def test_what_is_made_smaller_comes_back_whole(kept: bool) -> None:
    assert brotli.decompress(smaller(_TEXT, "br", kept=kept)) == _TEXT
    assert gzip.decompress(smaller(_TEXT, "gzip", kept=kept)) == _TEXT


def test_who_keeps_it_gets_it_smaller() -> None:
    text = b"".join(b"%d " % (n * n) for n in range(4000))
    assert len(smaller(text, "br", kept=True)) < len(smaller(text, "br"))
