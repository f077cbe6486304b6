"""Which addresses browsers are told."""

from __future__ import annotations

import ipaddress

import pytest

from webinar.base.errors import BadSetting
from webinar.base.rtc import ice_addresses


def test_without_a_setting_every_interface_is_told_and_loopback_last() -> None:
    found = [ipaddress.ip_address(a) for a in ice_addresses()]
    assert ipaddress.ip_address("127.0.0.1") in found
    assert [a.is_loopback for a in found] == sorted(a.is_loopback for a in found)
    assert not any(a.is_link_local for a in found)
    assert all(ipaddress.ip_address(a).version == 4 for a in ice_addresses(ipv6=False))


def test_configured_addresses_are_taken_as_they_are() -> None:
    assert ice_addresses(["203.0.113.5", " 2001:DB8::1"]) == ("203.0.113.5", "2001:db8::1")


def test_a_name_instead_of_an_address_gives_one_line_that_says_so() -> None:
    with pytest.raises(BadSetting, match=r"WEBINAR_ICE_ADDRESSES: 'media\.example\.org' is not"):
        ice_addresses(["media.example.org"])
