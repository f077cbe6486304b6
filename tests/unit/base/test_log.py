"""Logs: no secret gets in."""

from __future__ import annotations

import pytest

from webinar.base.log import redact


@pytest.mark.parametrize(
    "text",
    [
        "GET /j/sesame-sesame-sesame",
        "GET /s/sesamesesame HTTP/1.1",
        "POST /setup/sesamesesame",
        "GET /in/sesamesesame",
        "/recordings/1/a.mp4?sig=sesame.sesame.sesame",
        "postgresql://webinar:sesamesesame@127.0.0.1/webinar",
        "nats://sesamesesame@127.0.0.1:4222",
    ],
)
def test_links_and_passwords_are_left_out(text: str) -> None:
    assert "sesame" not in redact(text)


def test_other_text_is_left_alone() -> None:
    assert redact("GET /e/annual-meeting-x7k2p 200") == "GET /e/annual-meeting-x7k2p 200"
