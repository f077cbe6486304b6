"""Draws many certificates into a .zip, in a process of its own: `python -m webinar.credits.batch`.

A page costs some 60 ms of CPU. A web process sends media to viewers meanwhile, and would be late for them.

Reads one JSON object from standard input: `{"look": {"logo": base64 or null, "accent": [r, g, b]}, "orders": [{"id",
"number", "statement", "name", "check_url"}]}`, writes the archive to standard output.
"""

from __future__ import annotations

import base64
import json
import os
import sys
import uuid
import zipfile
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import IO, Any, Final

from webinar.base import i18n
from webinar.credits import paper
from webinar.credits.certificate import Certificate
from webinar.credits.order import Look, Order

_NICE: Final = 10


def wish(orders: Sequence[Order], look: Look) -> bytes:
    """What `main` reads."""
    asked = [
        {
            "id": str(order.certificate.id),
            "number": order.certificate.number,
            "statement": order.certificate.statement,
            "name": order.name,
            "check_url": order.check_url,
        }
        for order in orders
    ]
    logo = None if look.logo is None else base64.b64encode(look.logo).decode()
    return json.dumps({"look": {"logo": logo, "accent": look.accent}, "orders": asked}).encode()


def main(data: bytes, out: IO[bytes]) -> None:
    told = json.loads(data)
    logo, (red, green, blue) = told["look"]["logo"], told["look"]["accent"]
    look = Look(logo=None if logo is None else base64.b64decode(logo), accent=(red, green, blue))
    orders = [_order(one) for one in told["orders"]]
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for language in i18n.LANGUAGES:
            mine = [order for order in orders if order.certificate.said["language"] == language]
            if mine:
                _store(archive, mine, paper.draw_all(mine, look, i18n.load(language).gettext))


def _order(told: dict[str, Any]) -> Order:
    said = json.loads(told["statement"])
    certificate = Certificate(
        id=uuid.UUID(told["id"]),
        event_id=uuid.UUID(said["event"]["id"]),
        attendee_id=None,
        serial=0,
        edition=1,
        number=told["number"],
        name=told["name"],
        salt=None,
        statement=told["statement"],
        signature=b"",
        key_id=said["key"],
        issued_at=datetime.fromisoformat(said["issued_at"]),
    )
    return Order(certificate=certificate, name=told["name"], check_url=told["check_url"])


def _store(archive: zipfile.ZipFile, orders: Sequence[Order], pages: Iterable[bytes]) -> None:
    """A file each, named by number and name: `KSA-2026-0007 홍길동.pdf`."""
    for order, page in zip(orders, pages, strict=True):
        safe = "".join(letter if letter.isalnum() or letter in " .-_" else "_" for letter in order.name)[:60].strip(
            " ."
        )
        number = order.certificate.number.replace("/", "_").lstrip(".")
        archive.writestr(zipfile.ZipInfo(f"{number} {safe}.pdf", order.certificate.issued_at.timetuple()[:6]), page)


if __name__ == "__main__":
    os.nice(_NICE)
    main(sys.stdin.buffer.read(), sys.stdout.buffer)
