from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webinar.base.errors import Invalid
from webinar.recordings import captions
from webinar.recordings.captions import Cue

SRT = """1
00:00:01,000 --> 00:00:02,500
<font color="red">안녕하세요</font>
둘째 줄

2
00:01:02,25 --> 00:01:04,000 X1:40 X2:600
A <b>bold</b> word & <script>alert(1)</script>
"""


def test_subrip_becomes_webvtt_with_its_lines_and_without_what_is_no_caption() -> None:
    cues = captions.read(b"\xef\xbb\xbf" + SRT.replace("\n", "\r\n").encode())
    assert cues == [
        Cue(1.0, 2.5, "안녕하세요\n둘째 줄"),
        Cue(62.25, 64.0, "A <b>bold</b> word &amp; alert(1)"),
    ]
    text = captions.write(cues)
    assert text.startswith("WEBVTT\n\n00:00:01.000 --> 00:00:02.500\n안녕하세요\n둘째 줄\n\n")
    assert captions.read(text.encode()) == cues


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "utf-16", "utf-16-le"])
def test_a_file_is_read_in_the_encoding_that_its_program_wrote(encoding: str) -> None:
    assert captions.read(SRT.encode(encoding))[0].text == "안녕하세요\n둘째 줄"


def test_webvtt_keeps_its_positions_and_loses_its_notes_and_styles() -> None:
    text = "WEBVTT\n\nNOTE a note\n\nSTYLE\n::cue { color: red }\n\n"
    text += "id\n01:02.000 --> 01:03.000 line:10% align:start\n<v Kim>Hi\n"
    (cue,) = captions.read(text.encode())
    assert (cue.start_s, cue.settings, cue.text) == (62.0, "line:10% align:start", "<v Kim>Hi")


def test_of_a_part_the_captions_are_on_its_clock_and_end_with_it() -> None:
    cues = [Cue(1, 3, "before"), Cue(4, 6, "into"), Cue(7, 9, "out"), Cue(11, 12, "after")]
    part = captions.read(captions.write(cues, 5.0, 8.0).encode())
    assert part == [Cue(0.0, 1.0, "into"), Cue(2.0, 3.0, "out")]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"\xff\xfe\x00",
        b"\x89PNG\r\n\x1a\n\xff\xd9",
        b"00:00:02,000 --> 00:00:01,000\nback\n",
        b"00:00:x --> 00:00:01,000\ntext\n",
        b"x" * (captions.MOST_BYTES + 1),
        SRT.encode() + b"\n" * 1000 + b"00:02:00,000 --> 00:02:01,000\nA\0B\n",
    ],
    ids=[
        "empty",
        "no captions",
        "half a letter",
        "no text",
        "ends before it begins",
        "no time",
        "too large",
        "NUL far behind",
    ],
)
def test_what_is_no_file_of_captions_is_refused_with_words(data: bytes) -> None:
    with pytest.raises(Invalid) as refused:
        captions.read(data)
    assert refused.value.fields[0].field == "file"


@given(st.text(max_size=300))
def test_whatever_is_uploaded_is_read_or_refused_and_no_tag_of_another_kind_comes_through(text: str) -> None:
    try:
        cues = captions.read(f"00:01.000 --> 00:02.000\n{text}".encode("utf-8", "ignore"))
    except Invalid:
        return
    for cue in cues:
        assert "<script" not in cue.text.lower()
        assert "-->" not in cue.text
