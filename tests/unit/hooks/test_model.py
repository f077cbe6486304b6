"""webinar/hooks/model.py: how a message is signed, and where it may go."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webinar.base.errors import Invalid
from webinar.hooks.model import clean_types, clean_url, may_reach, new_secret, signature


def test_a_message_is_signed_as_the_example_of_standard_webhooks_says() -> None:
    signed = signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        '{"test": 2432232314}',
    )
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_secrets_differ_and_are_long() -> None:
    secrets = {new_secret() for _ in range(100)}
    assert len(secrets) == 100
    assert all(secret.startswith("whsec_") and len(secret) == 50 for secret in secrets)


INSIDE = (*("127.0.0.1", "127.9.9.9", "::1", "10.0.0.8", "172.16.3.4", "192.168.1.1", "fd00::1", "100.64.0.1"),)
NEVER = (
    *("169.254.169.254", "fe80::1", "fe80::1%eth0", "224.0.0.1", "ff02::1", "0.0.0.0", "::"),  # noqa: S104 - an address to refuse
    *("255.255.255.255", "240.0.0.1", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1", "", "host"),
)


@pytest.mark.parametrize(
    "address", [*INSIDE, *NEVER, "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "198.18.0.1"]
)
def test_what_is_not_public_is_not_reached(address: str) -> None:
    assert not may_reach(address, inside=False)


@pytest.mark.parametrize("address", ["93.184.216.34", "1.1.1.1", "2606:4700::1111", "::ffff:1.1.1.1"])
def test_what_is_public_is_reached(address: str) -> None:
    assert may_reach(address, inside=False)


@pytest.mark.parametrize("address", INSIDE)
def test_a_receiver_beside_the_platform_is_reached_where_the_operator_says_so(address: str) -> None:
    assert may_reach(address, inside=True)


@pytest.mark.parametrize("address", NEVER)
def test_where_clouds_keep_their_keys_is_never_reached(address: str) -> None:
    assert not may_reach(address, inside=True)


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_has_no_other_answer_in_any_ipv6_form(address: ipaddress.IPv4Address) -> None:
    if not may_reach(str(address), inside=False):
        forms = (
            f"::ffff:{address}",
            str(ipaddress.IPv6Address(int(ipaddress.IPv6Address("64:ff9b::")) + int(address))),
            str(ipaddress.IPv6Address((0x2002 << 112) + (int(address) << 80) + 1)),
            str(ipaddress.IPv6Address(int(address))),
        )
        assert not any(may_reach(form, inside=False) for form in forms)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/hook",
        "ftp://example.org",
        "https://",
        "https:///path",
        "https://user:pass@example.org/",
        "https://example.org/#x",
        "https://example.org:0/",
        "https://example.org:99999/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://exa mple.org/",
        "https://example.org/\nHost: x",
        "https://예시.한국/",
        "javascript:alert(1)",
        "https://example.org/" + "x" * 1000,
        "",
    ],
)
def test_an_address_that_cannot_be_told_is_refused_by_its_field(url: str) -> None:
    with pytest.raises(Invalid) as refused:
        clean_url(url, inside=False)
    assert [problem.field for problem in refused.value.fields] == ["url"]


def test_an_address_stays_as_it_was_written() -> None:
    assert clean_url(" https://example.org:8443/hook?a=1 ", inside=False) == "https://example.org:8443/hook?a=1"
    assert clean_url("http://localhost:9000/hook", inside=True) == "http://localhost:9000/hook"


def test_unknown_types_are_left_out_and_none_is_refused() -> None:
    assert clean_types(["report.ready", "x", "event.started"]) == ("event.started", "report.ready")
    with pytest.raises(Invalid):
        clean_types(["x"])
