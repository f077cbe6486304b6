from __future__ import annotations

import pytest

from webinar.base.errors import BadSetting
from webinar.mail.server import default_sender, parse


@pytest.mark.parametrize(
    ("url", "host", "port", "tls", "user"),
    [
        ("smtp://mail.example.org", "mail.example.org", 25, "starttls", ""),
        ("smtp://me%40example.org:s%2Fe@mail.example.org", "mail.example.org", 587, "starttls", "me@example.org"),
        ("smtps://me:x@mail.example.org", "mail.example.org", 465, "always", "me"),
        ("smtp://relay.example.org:25?tls=optional", "relay.example.org", 25, "optional", ""),
        ("smtp://relay.example.org?tls=never", "relay.example.org", 25, "never", ""),
        ("smtp://127.0.0.1:2525", "127.0.0.1", 2525, "optional", ""),
        ("smtp://localhost:2525?tls=starttls", "localhost", 2525, "starttls", ""),
    ],
)
def test_a_mail_server_is_read_of_its_url(url: str, host: str, port: int, tls: str, user: str) -> None:
    server = parse(url)
    assert (server.host, server.port, server.tls, server.user) == (host, port, tls, user)


@pytest.mark.parametrize(
    "url",
    [
        "smtp://:sesame@",
        "smtp://me:sesame@mail.example.org:99999",
        "smtp://me:sesame@mail.example.org?tls=never",
        "smtp://me:sesame@mail.example.org?tls=optional",
        "smtp://me:sesame@mail.example.org?tls=some",
    ],
)
def test_what_would_send_a_password_in_the_clear_or_nowhere_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(BadSetting) as refused:
        parse(url)
    assert "WEBINAR_SMTP_URL" in refused.value.message
    assert "sesame" not in refused.value.message


def test_a_server_does_not_show_its_password() -> None:
    assert "sesame" not in repr(parse("smtp://me:sesame@mail.example.org"))


def test_letters_come_from_who_signs_in_or_from_our_own_address() -> None:
    assert default_sender(parse("smtp://me%40example.org:x@mail.example.org"), "w.example.org") == "me@example.org"
    assert default_sender(parse("smtp://mail.example.org"), "w.example.org") == "webinar@w.example.org"
