"""Rules of certificates: issued once a person, again after a correction, taken back with a reason."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from webinar.base import log
from webinar.base.db import Connection, Pool
from webinar.base.errors import FieldProblem, Invalid, NotFound
from webinar.base.queue import enqueue
from webinar.base.tokens import Tokens
from webinar.credits.certificate import (
    SALT_BYTES,
    Certificate,
    Facts,
    State,
    Terms,
    TermsChange,
    differs,
    holder,
    statement,
)
from webinar.credits.certificate import number as number_of
from webinar.credits.keys import PublicKey, SigningKey
from webinar.credits.store import CreditStore

_log = log.get(__name__)
_LONGEST_REASON: Final = 500
# The job that tells people of their certificates.
GIVEN_OUT: Final = "certificates.given_out"


@dataclass(frozen=True, slots=True)
class Issued:
    """What issuing did, by person."""

    new: tuple[Certificate, ...]
    again: tuple[Certificate, ...]  # in place of one that said something else
    kept: int  # as they were


class CreditService:
    """One a process."""

    def __init__(self, pool: Pool, tokens: Tokens) -> None:
        self._store = CreditStore(pool)
        self.key = SigningKey(tokens)

    # -- keys ----------------------------------------------------------------------------------------------------

    async def keys(self) -> list[tuple[PublicKey, datetime]]:
        """Every key that ever signed here, this installation's present one among them; oldest first."""
        await self.announce_key()
        return [(PublicKey(raw), since) for raw, since in await self._store.keys()]

    async def announce_key(self) -> None:
        """Before the key signs anything: it is known from then on."""
        await self._store.add_key(self.key.public.id, self.key.public.raw)

    # -- terms ---------------------------------------------------------------------------------------------------

    async def copy_terms(self, connection: Connection, source: uuid.UUID, target: uuid.UUID) -> None:
        """An event that is made like another gives credits alike. Within the transaction that makes it."""
        await self._store.copy_terms(connection, source, target)

    async def terms(self, event_id: uuid.UUID) -> Terms:
        return await self._store.terms(event_id) or Terms()

    async def change_terms(self, event_id: uuid.UUID, change: TermsChange) -> Terms:
        """Of certificates that are issued from now on. The event must be there.

        Who has one is told when it is first given out on their page.
        """
        async with self._store.pool.acquire() as connection, connection.transaction():
            before = await self._store.lock_terms(connection, event_id)
            given: dict[str, Any] = change.model_dump(exclude_none=True)
            fields: dict[str, Any] = {k: v.strip() if isinstance(v, str) else v for k, v in given.items()}
            terms = replace(before, **fields)
            await self._store.save_terms(connection, event_id, terms)
            if terms.offered and not before.offered:
                issued = await self._store.newest(event_id, connection)
                await _to_be_told(connection, event_id, [c for c in issued if c.state is State.VALID])
        return terms

    # -- certificates --------------------------------------------------------------------------------------------

    async def certificates(self, event_id: uuid.UUID) -> list[Certificate]:
        """Of each number the last edition."""
        return await self._store.newest(event_id)

    async def get(self, event_id: uuid.UUID, certificate_id: uuid.UUID) -> Certificate:
        """Raises `NotFound`."""
        found = await self._store.find(certificate_id)
        if found is None or found.event_id != event_id:
            raise NotFound("There is no such certificate.", code="certificate_not_found")
        return found

    async def find(self, certificate_id: uuid.UUID) -> Certificate | None:
        return await self._store.find(certificate_id)

    async def of_attendee(self, attendee_id: uuid.UUID) -> Certificate | None:
        """The valid one."""
        return await self._store.of_attendee(attendee_id)

    async def all_of_attendee(self, attendee_id: uuid.UUID) -> list[Certificate]:
        """Those that were taken back or replaced, too; oldest first."""
        return await self._store.all_of_attendee(attendee_id)

    async def issue(self, event_id: uuid.UUID, people: Mapping[uuid.UUID, Facts], *, again: bool = False) -> Issued:
        """One valid certificate for each of these people, but whose data were deleted. Repeating it changes nothing.

        `again`: one that says something else by now, or was revoked, is replaced by a new edition; without it both
        stay as they are. Who got one is told, where it is given out on their page.
        """
        await self.announce_key()
        new, renewed, kept = [], [], 0
        async with self._store.pool.acquire() as connection, connection.transaction():
            terms = await self._store.lock_terms(connection, event_id)
            newest = await self._store.newest(event_id, connection)
            by_person = {c.attendee_id: c for c in newest if c.attendee_id is not None}
            serial = max((c.serial for c in newest), default=0)
            present = await self._store.present(connection, people)
            for attendee_id, facts in people.items():
                known = by_person.get(attendee_id)
                if attendee_id not in present:
                    continue
                if known is None:
                    serial += 1
                    new.append(self._made(attendee_id, facts, terms, serial, 1))
                elif again and (known.state is not State.VALID or differs(known, facts, terms)):
                    made = self._made(attendee_id, facts, terms, known.serial, known.edition + 1)
                    if known.state is State.VALID:
                        await self._store.replace(connection, known.id, made.id)
                    renewed.append(made)
                else:
                    kept += 1
            await self._store.add(connection, [*new, *renewed])
            if terms.offered:
                await _to_be_told(connection, event_id, [*new, *renewed])
        if new or renewed:
            _log.info("certificates issued", event_id=str(event_id), new=len(new), again=len(renewed))
        return Issued(tuple(new), tuple(renewed), kept)

    def _made(self, attendee_id: uuid.UUID, facts: Facts, terms: Terms, serial: int, edition: int) -> Certificate:
        certificate_id, salt, now = uuid.uuid4(), secrets.token_bytes(SALT_BYTES), datetime.now(UTC)
        number, key_id = number_of(terms.prefix, serial, edition), self.key.public.id
        said = statement(certificate_id, number, facts, terms, salt=salt, issued_at=now, key_id=key_id)
        return Certificate(
            id=certificate_id,
            event_id=facts.event_id,
            attendee_id=attendee_id,
            serial=serial,
            edition=edition,
            number=number,
            name=facts.name,
            salt=salt,
            statement=said,
            signature=self.key.sign(said.encode()),
            key_id=key_id,
            issued_at=now,
        )

    def preview(self, facts: Facts, terms: Terms) -> Certificate:
        """One that is not issued and not kept: how they will look."""
        return self._made(uuid.UUID(int=0), facts, terms, 1, 1)

    async def revoke(self, event_id: uuid.UUID, certificate_id: uuid.UUID, reason: str) -> Certificate:
        """Void from now on; the reason is shown to who checks it. Raises `Invalid`, `NotFound`."""
        reason = " ".join(reason.split())
        if not reason or len(reason) > _LONGEST_REASON:
            text = "Write the reason in at most 500 characters: who checks the certificate reads it."
            raise Invalid("Some fields need another look.", fields=[FieldProblem("reason", text)])
        revoked = await self._store.revoke(event_id, certificate_id, reason)
        if revoked is None:
            raise NotFound("There is no valid certificate with this id.", code="certificate_not_found")
        _log.info("certificate revoked", event_id=str(event_id), certificate=str(certificate_id))
        return revoked

    async def forget(self, attendee_id: uuid.UUID) -> None:
        """What names the person goes for good; may be repeated."""
        await self._store.forget(attendee_id)

    async def signed_by(self, certificate: Certificate) -> PublicKey | None:
        """The key whose signature the statement bears; None when it bears none of ours: the row was tampered with."""
        for key, _ in await self.keys():
            if key.id == certificate.key_id:
                genuine = key.signed(certificate.signature, certificate.statement.encode())
                named = certificate.name is None or certificate.salt is None or self._named(certificate)
                return key if genuine and named and certificate.said["id"] == str(certificate.id) else None
        return None

    @staticmethod
    def _named(certificate: Certificate) -> bool:
        """Whether the name beside the statement is the one that was signed."""
        return str(certificate.said["holder"]) == holder(certificate.name or "", certificate.salt or b"")


async def _to_be_told(connection: Connection, event_id: uuid.UUID, certificates: Sequence[Certificate]) -> None:
    """Put down within the transaction that gives these out: however a process ends, nobody is left out."""
    if certificates:
        ids = [str(certificate.id) for certificate in certificates]
        await enqueue(connection, GIVEN_OUT, {"event": str(event_id), "certificates": ids})
