"""Logs: no secret gets in."""

from __future__ import annotations

import io
import json
import logging

import pytest

from webinar.base import log
from webinar.base.log import redact

pytest_plugins = ["tests.log_stage"]
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
        "signed with whsec_sesame/sesame+sesame/sesame+sesame/sesame+sesa=",
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


def test_no_secret_gets_in_by_another_shape_of_what_is_logged(lines: io.StringIO) -> None:
    logger = log.get("tests.log")
    logger.info("a", token="sesame", passcode="sesame", nats_url="sesame", cookies={"a": "sesame"})
    logger.info("b", asked={"headers": [("x", LINK)], "password": "sesame", "inner": {"secret": "sesame"}})
    logger.info("c", error=ValueError(LINK), paths=(f"/j/{LINK}", {f"/s/{LINK}"}), raw=LINK.encode())
    logging.getLogger("library").warning("GET %s of %s", f"/j/{LINK}", {"key": LINK})
    try:
        raise RuntimeError(f"/in/{LINK}")
    except RuntimeError:
        logger.exception("d", path=f"/j/{LINK}")
        logging.getLogger("library").exception("e")
    said = lines.getvalue()
    assert len(said.splitlines()) == 6
    assert "sesame" not in said
    assert "RuntimeError" in said


def test_what_is_no_secret_keeps_its_shape(lines: io.StringIO) -> None:
    log.get("tests.log").info("a", port=8000, late_s=0.5, ok=True, nothing=None, names=["x", "y"], counts={"a": 1})
    line = json.loads(lines.getvalue())
    wanted = {"port": 8000, "late_s": 0.5, "ok": True, "nothing": None, "names": ["x", "y"], "counts": {"a": 1}}
    assert {name: line[name] for name in wanted} == wanted
