"""chat/text_rules.py"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.text_rules import Words, has_link


@pytest.mark.parametrize(
    "text",
    [
        "https://example.org/x",
        "see HTTP://EXAMPLE.ORG",
        "www.example.org",
        "bit.ly/abc",
        "my-shop.co.kr 로 오세요",
        "ftp://x",
        "exa\u200bmple.com",
        "ｗｗｗ.example.org",
    ],
)
def test_what_somebody_could_follow_is_a_link(text: str) -> None:
    assert has_link(text)


@pytest.mark.parametrize("text", ["hello", "3.5 points", "e.g. this", "끝.다음", "10:30", "a/b", "wait... what"])
def test_what_nobody_could_follow_is_none(text: str) -> None:
    assert not has_link(text)


@pytest.mark.parametrize("text", ["casino", "The CASINO!", "ca\u200bsino", "ｃａｓｉｎｏ", "바보야", "이 바보"])
def test_a_blocked_word_is_found_however_it_is_dressed_up(text: str) -> None:
    assert Words(["casino", "바보"]).found_in(text)


@pytest.mark.parametrize("text", ["casinos", "occasional", "바다", ""])
def test_a_word_inside_another_one_is_not_blocked(text: str) -> None:
    assert not Words(["casino", "바보", " \u200b "]).found_in(text)


def test_no_words_block_nothing() -> None:
    assert not Words([]).found_in("anything")


@given(st.text(max_size=50), st.text(max_size=50), st.text(min_size=1, max_size=20))
def test_whatever_is_blocked_or_written_is_looked_at_without_an_error(before: str, after: str, word: str) -> None:
    Words([word]).found_in(before + word + after)
    has_link(before + after)
