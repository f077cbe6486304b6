"""DTLS-SRTP, server side, without I/O (RFC 5764, RFC 6347, RFC 8842): datagrams in, datagrams out."""

from __future__ import annotations

import datetime
import enum
import secrets
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NoReturn

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from OpenSSL import SSL

from webinar.base.rtc.errors import DtlsError
from webinar.base.rtc.srtp import PROFILES, KeyPair, Profile

DIGESTS: Final[dict[str, hashes.HashAlgorithm]] = {
    "sha-256": hashes.SHA256(),
    "sha-384": hashes.SHA384(),
    "sha-512": hashes.SHA512(),
}
# RSA: of peers whose offer makes them the DTLS server; our own certificate is ECDSA.
_CIPHERS: Final = (
    b"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-SHA:"
    b"ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-CHACHA20-POLY1305"
)
_MTU: Final = 1200
_MAX_FLIGHT: Final = 16_384
_LIFETIME: Final = datetime.timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """One `a=fingerprint`: algorithm in lower case ("sha-256"), value as upper-case hex pairs with colons."""

    algorithm: str
    value: str


def certificate_fingerprint(certificate: x509.Certificate, algorithm: str) -> str:
    """Upper-case hex pairs with colons. `algorithm` is a key of `DIGESTS`."""
    return certificate.fingerprint(DIGESTS[algorithm]).hex(":").upper()


class Certificate:
    """Our self-signed P-256 certificate and the one OpenSSL context that all sessions of a process share."""

    def __init__(self, profiles: Sequence[Profile] = PROFILES) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, secrets.token_hex(16))])
        now = datetime.datetime.now(tz=datetime.UTC)
        self._certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + _LIFETIME)
            .sign(key, hashes.SHA256())
        )
        self.profiles = tuple(profiles)
        self.fingerprint = Fingerprint("sha-256", certificate_fingerprint(self._certificate, "sha-256"))
        self.context = SSL.Context(SSL.DTLS_METHOD)
        self.context.set_options(SSL.OP_NO_TICKET | SSL.OP_NO_QUERY_MTU)
        self.context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
        # Any certificate passes here: who it belongs to is settled by the fingerprint in the SDP (RFC 8122).
        self.context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, lambda *_: True)
        self.context.use_certificate(self._certificate)
        self.context.use_privatekey(key)
        self.context.set_cipher_list(_CIPHERS)
        self.context.set_tlsext_use_srtp(b":".join(p.openssl_name for p in self.profiles))


class DtlsState(enum.StrEnum):
    HANDSHAKE = "handshake"
    CONNECTED = "connected"
    CLOSED = "closed"


class Dtls:
    """One DTLS association. After each call send `take()` and, while `timeout()` is not None, call `expired()` then."""

    def __init__(self, certificate: Certificate, remote: Sequence[Fingerprint], *, server: bool = True) -> None:
        self.state = DtlsState.HANDSHAKE
        self.keys: KeyPair | None = None
        self._certificate = certificate
        self._remote = tuple(remote)
        self._server = server
        self._ssl = SSL.Connection(certificate.context)
        self._ssl.set_ciphertext_mtu(_MTU)
        if server:
            self._ssl.set_accept_state()
        else:
            self._ssl.set_connect_state()

    def start(self) -> None:
        """A client's first flight. A server has none."""
        self._advance()

    def receive(self, datagram: bytes) -> None:
        """Take one datagram. Raises `DtlsError` when the handshake failed; what is in `take()` is the alert to send."""
        if self.state is DtlsState.CLOSED:
            return
        self._ssl.bio_write(datagram)
        if self.state is DtlsState.HANDSHAKE:
            self._advance()
        else:
            self._read()

    def timeout(self) -> float | None:
        """Seconds until `expired()` must be called, or None when nothing waits for an answer."""
        if self.state is DtlsState.CLOSED:
            return None
        return self._ssl.DTLSv1_get_timeout()

    def expired(self) -> None:
        """Sends the last flight again (RFC 6347 section 4.2.4). Raises `DtlsError` when it has been tried too often."""
        try:
            self._ssl.DTLSv1_handle_timeout()
        except SSL.Error as error:
            self._fail("DTLS handshake got no answer", error)

    def take(self) -> list[bytes]:
        """Datagrams to send now, each at most 1,200 bytes: the flight cut between records, never within one."""
        try:
            flight = self._ssl.bio_read(_MAX_FLIGHT)
        except SSL.Error:  # nothing to read
            return []
        return split_records(flight)

    def close(self) -> None:
        """Makes a close_notify alert; `take()` gives it."""
        if self.state is DtlsState.CONNECTED:
            try:
                self._ssl.shutdown()
            except SSL.Error:  # a half-dead association needs no farewell
                pass
        self.state = DtlsState.CLOSED

    def _advance(self) -> None:
        try:
            self._ssl.do_handshake()
        except SSL.WantReadError:
            return
        except SSL.Error as error:
            self._fail("DTLS handshake failed", error)
        self._check_peer()
        self.keys = self._export()
        self.state = DtlsState.CONNECTED

    def _read(self) -> None:
        try:
            while self._ssl.recv(2048):  # data channels are not used: application data is dropped
                pass
        except SSL.WantReadError:
            return
        except (SSL.ZeroReturnError, SSL.Error):
            self.state = DtlsState.CLOSED

    def _check_peer(self) -> None:
        """Every fingerprint whose algorithm we know must match, and there must be one (RFC 8122 section 5)."""
        certificate = self._ssl.get_peer_certificate(as_cryptography=True)
        known = [f for f in self._remote if f.algorithm in DIGESTS]
        if certificate is None or not known:
            self._fail("the peer has no certificate we can check")
        if any(certificate_fingerprint(certificate, f.algorithm) != f.value for f in known):
            self._fail("the peer's certificate is not the one in its SDP")

    def _export(self) -> KeyPair:
        name = self._ssl.get_selected_srtp_profile()
        profile = next((p for p in self._certificate.profiles if p.openssl_name == name), None)
        if profile is None:
            self._fail("no common SRTP profile")
        material = self._ssl.export_keying_material(
            b"EXTRACTOR-dtls_srtp", 2 * (profile.key_length + profile.salt_length)
        )
        return KeyPair.split(profile, material, server=self._server)

    def _fail(self, message: str, cause: Exception | None = None) -> NoReturn:
        self.state = DtlsState.CLOSED
        raise DtlsError(message) from cause


def split_records(flight: bytes) -> list[bytes]:
    """Cut a flight into datagrams of whole records, as many as fit into 1,200 bytes each.

    OpenSSL's memory buffer forgets where datagrams ended. Plain records have a 13-byte header (RFC 6347 section 4.1),
    encrypted ones of DTLS 1.3 the unified header 001CSLEE (RFC 9147 section 4).
    """
    if len(flight) <= _MTU:
        return [flight] if flight else []
    datagrams: list[bytes] = []
    start = position = 0
    while position < len(flight):
        end = min(position + _record_length(flight, position), len(flight))
        if end - start > _MTU and position > start:
            datagrams.append(flight[start:position])
            start = position
        position = end
    datagrams.append(flight[start:])
    return datagrams


def _record_length(flight: bytes, position: int) -> int:
    first = flight[position]
    rest = len(flight) - position
    if first & 0xE0 != 0x20:
        return 13 + struct.unpack_from("!H", flight, position + 11)[0] if rest >= 13 else rest
    if not first & 0x04:  # without a length the record goes to the end
        return rest
    offset = 1 + (2 if first & 0x08 else 1)  # no connection id: we never negotiate one
    return offset + 2 + struct.unpack_from("!H", flight, position + offset)[0] if rest >= offset + 2 else rest
