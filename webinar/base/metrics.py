"""Counters of this process, in Prometheus' text form, for who is allowed to read them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from ipaddress import ip_address, ip_network

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response


def metrics(allowed: Sequence[str]) -> Callable[[Request], Awaitable[Response]]:
    """`GET /metrics` for clients of the `allowed` addresses or networks; others get 403.

    web and chat answer on public ports: figures of events are nobody's business. A request that came through a proxy
    has the proxy's address, so it is refused by its forwarding header.
    """
    networks = [ip_network(text, strict=False) for text in allowed]

    async def endpoint(request: Request) -> Response:
        client = request.client.host if request.client is not None else ""
        forwarded = "x-forwarded-for" in request.headers or "forwarded" in request.headers
        try:
            near = any(ip_address(client) in network for network in networks)
        except ValueError:  # a socket without an address
            near = False
        if forwarded or not near:
            return PlainTextResponse("Set WEBINAR_METRICS_ADDRESSES to read metrics from here.\n", status_code=403)
        return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)

    return endpoint
