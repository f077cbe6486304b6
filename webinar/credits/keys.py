"""The key that signs: Ed25519 (RFC 8032), made from the installation's secret by HKDF (RFC 5869).

Every process has it without asking anybody, and it changes with the secret; the public half of each is kept, so that
what was signed before is still known.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from webinar.base.tokens import Tokens

_LABEL: Final = "credits:ed25519:1"
KEY_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64


@dataclass(frozen=True, slots=True)
class PublicKey:
    """`id`: the first 16 hexadecimal digits of the SHA-256 of the 32 bytes of the key."""

    raw: bytes

    @property
    def id(self) -> str:
        return hashlib.sha256(self.raw).hexdigest()[:16]

    @property
    def text(self) -> str:
        """As it is published: base64url without padding, as in RFC 8037."""
        return base64.urlsafe_b64encode(self.raw).decode().rstrip("=")

    @classmethod
    def of(cls, text: str) -> PublicKey:
        """Raises `ValueError`."""
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        if len(raw) != KEY_BYTES:
            raise ValueError("an Ed25519 key has 32 bytes")
        return cls(raw)

    def signed(self, signature: bytes, data: bytes) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, data)
        except (InvalidSignature, ValueError):
            return False
        return True


class SigningKey:
    """One a process; the same in all that have the installation's secret."""

    def __init__(self, tokens: Tokens) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(tokens.derive(_LABEL, KEY_BYTES))
        self.public = PublicKey(self._private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))

    def sign(self, data: bytes) -> bytes:
        return self._private.sign(data)


def published(keys: list[tuple[PublicKey, str]], current: str) -> dict[str, object]:
    """What `/.well-known/webinar-keys.json` says of keys and since when each was used: a JWK set (RFC 7517, 8037)."""
    return {
        "keys": [
            {
                "kty": "OKP",
                "crv": "Ed25519",
                "use": "sig",
                "alg": "EdDSA",
                "kid": key.id,
                "x": key.text,
                "since": since,
                "current": key.id == current,
            }
            for key, since in keys
        ]
    }
