"""STUN binding requests and responses as an ICE-lite server needs them (RFC 8489, RFC 8445 section 7.3). Pure."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import struct
import zlib
from dataclasses import dataclass
from typing import Final

from webinar.base.rtc.errors import StunError

MAGIC_COOKIE: Final = 0x2112A442
HEADER_LENGTH: Final = 20
BINDING_REQUEST: Final = 0x0001
BINDING_SUCCESS: Final = 0x0101
BINDING_ERROR: Final = 0x0111
_USERNAME: Final = 0x0006
_MESSAGE_INTEGRITY: Final = 0x0008
_ERROR_CODE: Final = 0x0009
_XOR_MAPPED_ADDRESS: Final = 0x0020
_PRIORITY: Final = 0x0024
_USE_CANDIDATE: Final = 0x0025
_FINGERPRINT: Final = 0x8028
_ICE_CONTROLLED: Final = 0x8029
_FINGERPRINT_XOR: Final = 0x5354554E
_INTEGRITY_LENGTH: Final = 24  # attribute header and SHA-1
_FINGERPRINT_LENGTH: Final = 8
_MAX_LENGTH: Final = 1500


@dataclass(frozen=True, slots=True)
class BindingRequest:
    """A well-formed binding request with a correct FINGERPRINT. Its integrity is not checked yet: see `authentic`."""

    transaction_id: bytes  # 12 bytes
    local_ufrag: str  # ours: the part of USERNAME before the colon
    remote_ufrag: str
    use_candidate: bool
    controlled: bool  # the peer believes that we control; a lite agent never does
    signed: bytes  # what MESSAGE-INTEGRITY covers, its length field already adjusted
    integrity: bytes  # 20 bytes

    def authentic(self, password: bytes) -> bool:
        """True when MESSAGE-INTEGRITY was made with our ICE password (RFC 8489 section 14.5)."""
        return hmac.compare_digest(hmac.digest(password, self.signed, "sha1"), self.integrity)


def parse_binding_request(data: bytes) -> BindingRequest:
    """Read a datagram as an ICE connectivity check.

    USERNAME, MESSAGE-INTEGRITY and FINGERPRINT are required, as ICE requires them. Unknown attributes are passed over.
    Raises `StunError` for anything else.
    """
    if not HEADER_LENGTH <= len(data) <= _MAX_LENGTH:
        raise StunError("not a STUN message")
    kind, length, cookie = struct.unpack_from("!HHI", data)
    if kind != BINDING_REQUEST or cookie != MAGIC_COOKIE or length != len(data) - HEADER_LENGTH or length % 4:
        raise StunError("not a STUN binding request")
    attributes = _attributes(data)
    if not {_USERNAME, _MESSAGE_INTEGRITY, _FINGERPRINT} <= attributes.keys():
        raise StunError("a connectivity check needs USERNAME, MESSAGE-INTEGRITY and FINGERPRINT")
    _, username = attributes[_USERNAME]
    position, integrity = attributes[_MESSAGE_INTEGRITY]
    ours, colon, theirs = username.decode("utf-8", "replace").partition(":")
    if not colon:
        raise StunError("USERNAME is not a pair of ufrags")
    return BindingRequest(
        transaction_id=data[8:20],
        local_ufrag=ours,
        remote_ufrag=theirs,
        use_candidate=_USE_CANDIDATE in attributes,
        controlled=_ICE_CONTROLLED in attributes,
        signed=_with_length(data[:position], position - HEADER_LENGTH + _INTEGRITY_LENGTH),
        integrity=integrity,
    )


def _attributes(data: bytes) -> dict[int, tuple[int, bytes]]:
    """Attribute → (its position, its value), without those that MESSAGE-INTEGRITY does not cover."""
    found: dict[int, tuple[int, bytes]] = {}
    position = HEADER_LENGTH
    while position + 4 <= len(data):
        name, size = struct.unpack_from("!HH", data, position)
        value = data[position + 4 : position + 4 + size]
        if len(value) != size:
            raise StunError("a STUN attribute runs past the end")
        if name == _FINGERPRINT:
            if not _fingerprint_matches(data, position, value):
                raise StunError("the STUN fingerprint is wrong")
            found[name] = (position, value)
            break  # it is the last attribute by definition
        if _MESSAGE_INTEGRITY not in found:
            found.setdefault(name, (position, value))
        position += 4 + (size + 3 & ~3)
    return found


def binding_success(transaction_id: bytes, address: tuple[str, int], password: bytes) -> bytes:
    """The response to a check that came from `address` (IP as text without zone, port)."""
    ip = ipaddress.ip_address(address[0])
    mask = struct.pack("!I", MAGIC_COOKIE) + transaction_id
    xored = bytes(a ^ b for a, b in zip(ip.packed, mask, strict=False))
    value = struct.pack("!BBH", 0, 1 if ip.version == 4 else 2, address[1] ^ MAGIC_COOKIE >> 16) + xored
    return _message(BINDING_SUCCESS, transaction_id, _attribute(_XOR_MAPPED_ADDRESS, value), password)


def role_conflict(transaction_id: bytes, password: bytes) -> bytes:
    """Error 487: a lite agent is always controlled, so the peer must take control (RFC 8445 section 7.3.1.1)."""
    value = struct.pack("!HBB", 0, 4, 87) + b"Role Conflict"
    return _message(BINDING_ERROR, transaction_id, _attribute(_ERROR_CODE, value), password)


def binding_request(
    transaction_id: bytes, username: str, password: bytes, *, use_candidate: bool = False, controlled: bool = False
) -> bytes:
    """A connectivity check as a full agent sends it: for clients in tests and benches."""
    body = _attribute(_USERNAME, username.encode()) + _attribute(_PRIORITY, struct.pack("!I", 0x6E7F00FF))
    body += _attribute(_ICE_CONTROLLED if controlled else 0x802A, bytes(8))
    if use_candidate:
        body += _attribute(_USE_CANDIDATE, b"")
    return _message(BINDING_REQUEST, transaction_id, body, password)


def _attribute(name: int, value: bytes) -> bytes:
    return struct.pack("!HH", name, len(value)) + value + bytes(-len(value) % 4)


def _with_length(data: bytes, length: int) -> bytes:
    return data[:2] + struct.pack("!H", length) + data[4:]


def _message(kind: int, transaction_id: bytes, body: bytes, password: bytes) -> bytes:
    head = struct.pack("!HHI", kind, len(body) + _INTEGRITY_LENGTH, MAGIC_COOKIE) + transaction_id
    message = head + body
    message += _attribute(_MESSAGE_INTEGRITY, hmac.new(password, message, hashlib.sha1).digest())
    message = _with_length(message, len(message) - HEADER_LENGTH + _FINGERPRINT_LENGTH)
    return message + _attribute(_FINGERPRINT, struct.pack("!I", zlib.crc32(message) ^ _FINGERPRINT_XOR))


def _fingerprint_matches(data: bytes, position: int, value: bytes) -> bool:
    covered = _with_length(data[:position], position - HEADER_LENGTH + _FINGERPRINT_LENGTH)
    return value == struct.pack("!I", zlib.crc32(covered) ^ _FINGERPRINT_XOR)
