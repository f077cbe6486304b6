"""Passwords by argon2id, a few at a time and off the loop."""

from __future__ import annotations

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from webinar.people.model import MAX_PASSWORD, NO_PASSWORD, new_secret


class Passwords:
    """One a process."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        # RFC 9106, second recommended option (64 MiB, 3 passes): about 60 ms, in a thread.
        self._hasher = hasher or PasswordHasher()
        # At most this many hashes at once: 64 MiB each, and the machine has other work.
        self._hashing = asyncio.Semaphore(2)
        self._decoy: str | None = None

    async def hash(self, password: str) -> str:
        async with self._hashing:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def verify(self, stored: str | None, password: str) -> bool:
        """Of no account (None), and of one without a password, no password is right, in like time."""
        known = stored is not None and stored != NO_PASSWORD
        against = stored if stored is not None and known else await self._decoy_hash()
        if len(password) > MAX_PASSWORD:
            return False
        async with self._hashing:
            return await asyncio.to_thread(self._matches, against, password) and known

    def old(self, stored: str) -> bool:
        """Made with other parameters than today's."""
        return self._hasher.check_needs_rehash(stored)

    def _matches(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerifyMismatchError, InvalidHashError):
            return False

    async def _decoy_hash(self) -> str:
        # Verified for unknown addresses, so that the time of the answer does not tell who has an account.
        if self._decoy is None:
            self._decoy = await self.hash(new_secret())
        return self._decoy
