from __future__ import annotations

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webinar.recordings.model import ByteRange, Unsatisfiable, content_disposition, file_name, parse_range


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-", ByteRange(0, 100)),
        ("bytes=0-0", ByteRange(0, 1)),
        ("bytes=10-19", ByteRange(10, 20)),
        ("bytes=90-500", ByteRange(90, 100)),
        ("bytes=-5", ByteRange(95, 100)),
        ("bytes=-500", ByteRange(0, 100)),
        ("bytes=-", None),
        ("bytes=5-4", None),
        ("bytes=0-1,5-6", None),
        ("items=0-5", None),
        ("bytes=a-b", None),
        ("bytes=1e3-", None),
        ("", None),
    ],
)
def test_a_range_is_read_as_rfc_9110_says(header: str, expected: ByteRange | None) -> None:
    assert parse_range(header, 100) == expected


@pytest.mark.parametrize(("header", "size"), [("bytes=100-", 100), ("bytes=-0", 100), ("bytes=0-", 0), ("bytes=-5", 0)])
def test_a_range_without_a_byte_cannot_be_satisfied(header: str, size: int) -> None:
    with pytest.raises(Unsatisfiable):
        parse_range(header, size)


@given(st.text(max_size=60), st.integers(0, 10**13))
def test_no_header_breaks_the_reader_and_every_range_lies_in_the_file(header: str, size: int) -> None:
    for text in (header, "bytes=" + header):
        try:
            found = parse_range(text, size)
        except Unsatisfiable:
            continue
        assert found is None or 0 <= found.start < found.end <= size


@given(st.text(max_size=300))
def test_any_title_makes_one_safe_file_name(title: str) -> None:
    name = file_name(title)
    assert name.endswith(".mp4")
    assert len(name) > 4
    assert not set(name) & set('/\\:*?"<>|\r\n\x00')
    assert not name.startswith((".", " "))
    header = content_disposition(name)
    assert header.isascii()
    assert "\n" not in header
    assert unquote(header.partition("filename*=UTF-8''")[2]) == name


def test_a_korean_title_stays_korean() -> None:
    assert file_name("2026 연례 학술대회: 1부") == "2026 연례 학술대회 1부.mp4"
    assert file_name("../../etc/passwd") == "etc passwd.mp4"
    assert file_name("???") == "recording.mp4"
