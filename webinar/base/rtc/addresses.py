"""Which IP addresses stand in our SDP answers."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Final

import ifaddr

from webinar.base.errors import BadSetting

MAX_ADDRESSES: Final = 16


def ice_addresses(configured: Sequence[str] = (), *, ipv6: bool = True) -> tuple[str, ...]:
    """Addresses for host candidates, best first.

    `configured` (WEBINAR_ICE_ADDRESSES: a public address in front of a 1:1 NAT, or a choice) is taken as it is.
    Without it: every address of this machine's interfaces, loopback last, so that a browser on the same machine works
    without any network. Link-local IPv6 is left out: it needs a zone that the browser cannot know.
    No STUN server is ever asked. Raises `BadSetting` for text that is not an IP address.
    """
    if configured:
        return tuple(_address(item) for item in configured)
    found: list[ipaddress.IPv4Address | ipaddress.IPv6Address] = []
    for adapter in ifaddr.get_adapters():
        for entry in adapter.ips:
            address = ipaddress.ip_address(entry.ip if isinstance(entry.ip, str) else entry.ip[0])
            usable = not (address.is_link_local or address.is_multicast or address.is_unspecified)
            if usable and (ipv6 or address.version == 4) and address not in found:
                found.append(address)
    found.sort(key=lambda a: (a.is_loopback, a.version))
    return tuple(str(address) for address in found[:MAX_ADDRESSES])


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text.strip()))
    except ValueError:
        raise BadSetting(
            f"WEBINAR_ICE_ADDRESSES: {text.strip()!r} is not an IP address. Give the addresses themselves, not names."
        ) from None
