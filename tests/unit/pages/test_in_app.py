from __future__ import annotations

import pytest

from webinar.pages.in_app import recognised

ANDROID = "Mozilla/5.0 (Linux; Android 15; SM-S928N; wv) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Mobile"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148"
URL = "https://example.org/j/abc?lang=ko"


@pytest.mark.parametrize(
    ("agent", "name", "outside"),
    [
        (
            f"{ANDROID} Safari/537.36 KAKAOTALK/25.8.0 (INAPP)",
            "KakaoTalk",
            "kakaotalk://web/openExternal?url=https%3A%2F%2Fexample.org%2Fj%2Fabc%3Flang%3Dko",
        ),
        (f"{IPHONE} KAKAOTALK 25.8.0", "KakaoTalk", "kakaotalk://web/openExternal?url="),
        (f"{ANDROID} NAVER(inapp; search; 2000; 12.14.1)", "NAVER", "intent://example.org/j/abc?lang=ko#Intent;"),
        (f"{IPHONE} NAVER(inapp; search; 2000; 12.14.1; 15PRO)", "NAVER", None),
        (f"{ANDROID} Instagram 390.0.0.43.81 Android", "Instagram", "intent://example.org/j/abc?lang=ko#Intent;"),
        (f"{IPHONE} Instagram 390.0.0.28.85 (iPhone16,1)", "Instagram", None),
        (f"{IPHONE} Safari Line/15.12.0", "LINE", "https://example.org/j/abc?lang=ko&openExternalBrowser=1"),
        (f"{IPHONE} [FBAN/FBIOS;FBAV/520.0.0.38.101]", "Facebook", None),
    ],
)
def test_an_app_is_recognised_and_has_its_way_out(agent: str, name: str, outside: str | None) -> None:
    found = recognised(agent)
    assert found is not None
    assert found.name == name
    link = found.outside(URL)
    assert link is None if outside is None else link is not None and link.startswith(outside)


@pytest.mark.parametrize(
    "agent",
    [
        "",
        f"{ANDROID} Safari/537.36",
        f"{IPHONE} Version/18.5 Safari/604.1",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0",
        "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36 Whale/1.0 Airline/2",
        f"{'x' * 5000} KAKAOTALK",
    ],
)
def test_a_browser_of_its_own_is_none(agent: str) -> None:
    assert recognised(agent) is None


def test_an_intent_keeps_to_the_address_it_was_given() -> None:
    found = recognised(f"{ANDROID} Instagram 390.0")
    assert found is not None
    link = found.outside("https://example.org/e/talk#Intent;package=evil;end")
    assert link == "intent://example.org/e/talk#Intent;scheme=https;action=android.intent.action.VIEW;end"
