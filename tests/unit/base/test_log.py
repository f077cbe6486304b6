"""Logs: no secret gets in."""

from __future__ import annotations

import pytest

from webinar.base.log import redact

LINK = "sesame-" * 7  # as long as the shortest token, 43 characters and more


@pytest.mark.parametrize(
    "text",
    [
        f"GET /j/{LINK}",
        f"GET /s/{LINK} HTTP/1.1",
        f"POST /setup/{LINK}",
        f"GET /in/{LINK}",
        f"/e/annual-meeting-x7k2p/registered/{LINK}",
        f"/e/annual-meeting-x7k2p/cancel/{LINK}",
        f"Bearer ey{LINK}.{LINK}.{LINK}",
        "/recordings/1/a.mp4?sig=sesame.sesame.sesame",
        "postgresql://webinar:sesamesesame@127.0.0.1/webinar",
        "nats://sesamesesame@127.0.0.1:4222",
    ],
)
def test_links_and_passwords_are_left_out(text: str) -> None:
    assert "sesame" not in redact(text)


def test_other_text_is_left_alone() -> None:
    for text in (
        "GET /e/annual-meeting-x7k2p 200",
        "event_id=2ab6518e-2008-485e-b0a3-fadbd97d0d60",
        "no response received",
    ):
        assert redact(text) == text
