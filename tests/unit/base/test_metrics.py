"""`/metrics`: figures for the operator, not for the public."""

from __future__ import annotations

import httpx
import pytest
from starlette.applications import Starlette

from webinar.base.service import health_routes


async def read(address: str, headers: dict[str, str], allowed: tuple[str, ...] = ("127.0.0.1", "::1")) -> int:
    app = Starlette(routes=health_routes({}, allowed))
    transport = httpx.ASGITransport(app=app, client=(address, 1234))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        return (await client.get("/metrics", headers=headers)).status_code


@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("203.0.113.7", {}, 403),
        ("127.0.0.1", {"X-Forwarded-For": "203.0.113.7"}, 403),
        ("127.0.0.1", {"Forwarded": "for=203.0.113.7"}, 403),
    ],
)
async def test_metrics_are_read_from_this_machine_only(address: str, headers: dict[str, str], status: int) -> None:
    assert await read(address, headers) == status


async def test_metrics_are_read_from_networks_that_are_set() -> None:
    assert await read("10.1.2.3", {}, ("10.0.0.0/8",)) == 200
