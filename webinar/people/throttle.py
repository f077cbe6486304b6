"""Token buckets by key, bounded in number: the rate limit of sign-in and other doors. Pure: the clock is passed in."""

from __future__ import annotations

import ipaddress
import math
from collections import OrderedDict

from webinar.base.errors import TooManyRequests


class Throttle:
    """`burst` tries at once for a key, then one more every `refill_s`. At most `keys` keys are remembered.

    When a flood of new keys pushes an old one out, that one starts afresh: the bound on memory wins.
    """

    def __init__(self, burst: int, refill_s: float, *, keys: int = 10_000) -> None:
        self._burst = float(burst)
        self._refill_s = refill_s
        self._keys = keys
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # tokens left, when counted

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, key: str, now: float) -> None:
        """Uses one try at time `now` (s, monotonic). Raises `TooManyRequests` with the seconds to wait."""
        left, at = self._buckets.pop(key, (self._burst, now))
        left = min(self._burst, left + max(0.0, now - at) / self._refill_s)
        enough = left >= 1.0
        self._buckets[key] = (left - 1.0 if enough else left, now)
        if len(self._buckets) > self._keys:
            self._buckets.popitem(last=False)
        if not enough:
            wait = math.ceil((1.0 - left) * self._refill_s)
            raise TooManyRequests("Too many tries. Wait a moment and try again.", retry_after_s=max(1, wait))

    def forget(self, key: str) -> None:
        """After a success: the key starts afresh."""
        self._buckets.pop(key, None)


def network_of(address: str) -> str:
    """What one guesser has: an IPv4 address, or an IPv6 network of 64 bits. Other text stays as it is."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return str(ip.ipv4_mapped)
        return str(ipaddress.ip_network((int(ip), 64), strict=False))
    return str(ip)
