"""Settings: what is refused, and that each refusal says what to do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from webinar.base.errors import BadSetting
from webinar.base.settings import Settings

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("public_url", "webinar.example.org", "https://"),
        ("database_url", "user:sesame@host/db", "postgresql://"),
        ("nats_url", "localhost:4222", "nats://"),
        ("smtp_url", "mail.example.org:587", "smtp://"),
        ("storage_url", "bucket/prefix", "s3://"),
        ("secret_key", "short", "32 characters"),
        ("http_port", "70000", "WEBINAR_HTTP_PORT"),
        ("log_level", "loud", "debug, info, warning or error"),
        ("chat_port", "8000", "share one TCP port"),
        ("ingest_udp_port", "8000", "WEBINAR_WHEP_UDP_PORT"),
    ],
)
def test_a_bad_setting_is_refused_in_words_that_say_what_to_do(name: str, value: str, says: str) -> None:
    with pytest.raises(BadSetting) as refused:
        Settings.read(**{name: value})
    assert says in refused.value.message
    assert "sesame" not in refused.value.message


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBINAR_HTTP_PORT", "9000")
    monkeypatch.setenv("WEBINAR_ICE_ADDRESSES", "203.0.113.7, 2001:db8::7")
    settings = Settings.read()
    assert settings.http_port == 9000
    assert settings.ice_addresses == ("203.0.113.7", "2001:db8::7")


@pytest.mark.parametrize(
    ("public", "chat", "expected"),
    [
        ("http://localhost:8000", None, "ws://localhost:8001/chat"),
        ("https://webinar.example.org", None, "wss://webinar.example.org:8001/chat"),
        ("https://webinar.example.org", "https://chat.example.org", "wss://chat.example.org/chat"),
        ("https://webinar.example.org", "wss://webinar.example.org/live-chat", "wss://webinar.example.org/live-chat"),
    ],
)
def test_the_chat_address_follows_the_public_one_unless_set(public: str, chat: str | None, expected: str) -> None:
    assert Settings.read(public_url=public, chat_public_url=chat).chat_url == expected


def test_the_public_address_follows_the_http_port_unless_set() -> None:
    assert Settings.read(http_port=9000).public_url == "http://localhost:9000"
    assert Settings.read(http_port=9000, public_url="https://webinar.example.org").public_url.endswith(".org")


def test_every_setting_stands_in_the_settings_table_of_the_documents() -> None:
    text = (ROOT / "docs" / "settings.md").read_text()
    rows = re.findall(r"^\| `(WEBINAR_\w+)` \| (.*?) \| (.*) \|$", text, re.MULTILINE)
    expected = [(name, f"`{default}`" if default else "", meaning) for name, default, meaning in Settings.table()]
    assert rows == expected
