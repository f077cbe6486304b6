from __future__ import annotations

import json
import re
from pathlib import Path

from webinar.api.openapi import document
from webinar.api.operations import OPERATIONS
from webinar.base import i18n

DOCUMENT = document(OPERATIONS, "https://webinar.example.org/api/v1")


def test_every_reference_leads_somewhere() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    for name in re.findall(r'"#/components/schemas/(\w+)"', json.dumps(DOCUMENT)):
        assert name in schemas


def test_every_operation_says_who_may_call_and_how_it_refuses() -> None:
    for path, item in DOCUMENT["paths"].items():
        for method, operation in item.items():
            assert operation["security"], f"{method} {path}"
            assert {"401", "403", "503"} <= set(operation["responses"]), f"{method} {path}"


def test_what_services_say_is_said_in_korean_too() -> None:
    catalogue = i18n.load("ko")
    pattern = re.compile(
        r'(?:Conflict|Gone|Forbidden|Unauthenticated|NotFound|Unavailable|TooManyRequests|BadRequest)\(\s*"([^"]+)"'
    )
    missing = [
        text
        for folder in ("people", "events", "registration", "recordings", "api")
        for path in sorted((Path(i18n.__file__).parents[1] / folder).glob("*.py"))
        for text in pattern.findall(path.read_text())
        if text not in catalogue
    ]
    assert missing == []
