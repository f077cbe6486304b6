"""STUN held against aioice's implementation, which speaks it as a full agent."""

from __future__ import annotations

import pytest
from aioice import stun as reference
from hypothesis import given
from hypothesis import strategies as st

from webinar.base.rtc import stun
from webinar.base.rtc.errors import StunError

PASSWORD = b"a-password-of-ours-0123456789"


def check(
    *, username: str = "ours:theirs", password: bytes = PASSWORD, more: dict[str, int | None] | None = None
) -> bytes:
    """A connectivity check as aioice makes it."""
    message = reference.Message(reference.Method.BINDING, reference.Class.REQUEST)
    message.attributes["USERNAME"] = username
    message.attributes["PRIORITY"] = 1
    message.attributes.update(more or {"ICE-CONTROLLING": 7})
    message.add_message_integrity(password)
    return bytes(message)


def test_a_check_of_another_implementation_is_read_and_authentic() -> None:
    request = stun.parse_binding_request(check(more={"ICE-CONTROLLING": 7, "USE-CANDIDATE": None}))
    assert (request.local_ufrag, request.remote_ufrag) == ("ours", "theirs")
    assert request.use_candidate
    assert not request.controlled
    assert request.authentic(PASSWORD)


def test_another_password_is_not_authentic() -> None:
    assert not stun.parse_binding_request(check(password=b"another")).authentic(PASSWORD)


def test_use_candidate_after_the_integrity_is_not_believed() -> None:
    message = reference.parse_message(check())
    message.attributes.pop("FINGERPRINT")
    message.attributes["USE-CANDIDATE"] = None
    message.add_fingerprint()
    assert not stun.parse_binding_request(bytes(message)).use_candidate


@pytest.mark.parametrize("missing", ["USERNAME", "MESSAGE-INTEGRITY", "FINGERPRINT"])
def test_a_check_without_a_required_attribute_is_refused(missing: str) -> None:
    message = reference.parse_message(check())
    del message.attributes[missing]
    if missing != "FINGERPRINT":
        message.add_fingerprint()
    with pytest.raises(StunError):
        stun.parse_binding_request(bytes(message))


@pytest.mark.parametrize("address", [("192.0.2.7", 40_000), ("2001:db8::9", 1)])
def test_our_response_is_authentic_and_gives_the_peer_its_own_address(address: tuple[str, int]) -> None:
    request = stun.parse_binding_request(check())
    response = reference.parse_message(stun.binding_success(request.transaction_id, address, PASSWORD))
    assert response.check_message_integrity(PASSWORD)
    assert response.message_class is reference.Class.RESPONSE
    assert response.transaction_id == request.transaction_id
    assert response.attributes["XOR-MAPPED-ADDRESS"] == address


def test_a_peer_that_believes_to_be_controlled_gets_a_role_conflict() -> None:
    request = stun.parse_binding_request(check(more={"ICE-CONTROLLED": 7}))
    assert request.controlled
    response = reference.parse_message(stun.role_conflict(request.transaction_id, PASSWORD))
    assert response.check_message_integrity(PASSWORD)
    assert response.error_code == 487


def test_our_own_client_request_is_read_by_both() -> None:
    data = stun.binding_request(bytes(12), "ours:theirs", PASSWORD, use_candidate=True)
    assert reference.parse_message(data).check_message_integrity(PASSWORD)
    assert stun.parse_binding_request(data).use_candidate


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_without_another_error(data: bytes) -> None:
    with pytest.raises(StunError):
        stun.parse_binding_request(data)


@given(st.data())
def test_no_flipped_bit_passes_for_authentic(data: st.DataObject) -> None:
    packet = bytearray(check())
    bit = data.draw(st.integers(0, len(packet) * 8 - 1))
    packet[bit // 8] ^= 1 << bit % 8
    try:
        request = stun.parse_binding_request(bytes(packet))
    except StunError:
        return
    assert not request.authentic(PASSWORD)
