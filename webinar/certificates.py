"""Certificates of an event: who may have one, issued by what the record says, drawn as papers."""

from __future__ import annotations

import asyncio
import enum
import sys
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import IO, Any, Final

from webinar.base import i18n
from webinar.base.errors import Conflict, NotFound, Unavailable
from webinar.base.handed import given
from webinar.base.i18n import Language
from webinar.credits.certificate import Certificate, Facts, State, Terms, differs
from webinar.credits.model import Person, Result, RuleResult, Translate
from webinar.credits.order import Look, Order
from webinar.credits.service import CreditService, Issued
from webinar.events import colours
from webinar.events.images import Images
from webinar.events.model import Event, EventState
from webinar.letters import Letters
from webinar.links import Links
from webinar.roll import Roll

_DRAWING: Final = 2  # batches of certificates at once in a process: each takes a core


class Standing(enum.StrEnum):
    """How somebody stands with their certificate."""

    READY = "ready"  # may have one
    ISSUED = "issued"
    CHANGED = "changed"  # has one that says something else than the record by now
    REVOKED = "revoked"
    NOT_MET = "not_met"
    OPEN = "open"  # the rule can still be met


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who was there, and their certificate."""

    person: Person
    certificate: Certificate | None
    standing: Standing


class Certificates:
    """One a process. The event of every call is there already."""

    def __init__(
        self,
        roll: Roll,
        credits: CreditService,
        images: Images,
        links: Links,
        letters: Letters,
    ) -> None:
        self._roll = roll
        self._credits = credits
        self._images = images
        self._links = links
        self._letters = letters
        self._catalogues = i18n.load_all()
        self._drawing = asyncio.Semaphore(_DRAWING)

    async def candidates(self, event: Event) -> list[Candidate]:
        """Who was there or has a certificate, in the order of registration."""
        known = {c.attendee_id: c for c in await self._credits.certificates(event.id) if c.attendee_id is not None}
        terms = await self._credits.terms(event.id)
        found = []
        async for people in self._roll.chunks(event):
            for person in people:
                certificate = known.get(person.attendee_id)
                if certificate is not None or person.attended:
                    found.append(Candidate(person, certificate, _standing(event, person, certificate, terms)))
        return found

    async def issue(self, event: Event, only: Collection[uuid.UUID] | None = None, *, again: bool = False) -> Issued:
        """To all whom the rule lets have one, or to those of `only` among them. May be repeated.

        `again`: also in place of those that say something else by now. Raises `Conflict` before the end, and where
        somebody of `only` does not meet the rule.
        """
        if event.state is not EventState.ENDED:
            raise Conflict("Certificates are issued when the event is over.", code="not_ended")
        people = {}
        for candidate in await self.candidates(event):
            person = candidate.person
            if person.passed and (only is None or person.attendee_id in only):
                people[person.attendee_id] = facts(event, person)
        if only is not None and set(only) - set(people):
            raise Conflict("This person does not meet the rule. Correct their attendance first.", code="rule_not_met")
        return await self._credits.issue(event.id, people, again=again)

    async def tell(self, event: Event, given_out: Collection[uuid.UUID]) -> None:
        """Writes to who has one of these certificates, once a person, unless it was taken back or is kept from them.

        Raises what a query raises while PostgreSQL is away.
        """
        if not self._letters.on or not (await self._credits.terms(event.id)).offered:
            return
        known = await self._credits.certificates(event.id)
        valid = [c for c in known if c.id in given_out and c.state is State.VALID]
        await self._letters.certificates(event, [c.attendee_id for c in valid if c.attendee_id is not None])

    async def mine(self, event: Event, attendee_id: uuid.UUID) -> Certificate | None:
        """The valid certificate of a person, once the host gives them out on personal pages."""
        terms = await self._credits.terms(event.id)
        return await self._credits.of_attendee(attendee_id) if terms.offered else None

    async def pdf(self, event: Event, certificate: Certificate, *, sample: bool = False) -> bytes:
        """Raises `NotFound` once the person's data are deleted."""
        order = self._order(certificate, sample=sample)
        if order is None:
            raise NotFound("The name on this certificate was deleted, so it cannot be drawn again.", code="forgotten")
        look, words = await self._look(event), self._catalogues[_language(certificate)].gettext
        async with self._drawing:
            return await asyncio.to_thread(_draw, order, look, words)

    async def sample(self, event: Event, name: str) -> bytes:
        """How certificates of the event will look."""
        whole = (event.ends_at - event.starts_at).total_seconds()
        needs = (await self._roll.needs(event)).values()
        rules = tuple(RuleResult(need, Result.PASSED, whole, 1.0) for need in needs)
        shown = Facts(name=name, live_s=whole, replay_s=0.0, rules=rules, **_of_event(event))
        certificate = self._credits.preview(shown, await self._credits.terms(event.id))
        return await self.pdf(event, certificate, sample=True)

    async def archive(self, event: Event) -> IO[bytes]:
        """All valid certificates as a .zip, a temporary file; the caller closes it. Raises `NotFound` without any."""
        issued = [c for c in await self._credits.certificates(event.id) if c.state is State.VALID]
        orders = [order for certificate in issued if (order := self._order(certificate)) is not None]
        if not orders:
            raise NotFound("No certificate has been issued yet.", code="no_certificates")
        look = await self._look(event)
        async with self._drawing:
            return await _drawn(orders, look)

    def _order(self, certificate: Certificate, *, sample: bool = False) -> Order | None:
        if certificate.name is None:
            return None
        url = self._links.verify(certificate.id)
        return Order(certificate=certificate, name=certificate.name, check_url=url, sample=sample)

    async def _look(self, event: Event) -> Look:
        brand = await self._images.brand(event)
        logo = None if brand.logo is None else await self._images.read(brand.logo)
        accent = colours.parse(colours.palette(brand.accent).light.accent)
        return Look(logo=logo) if accent is None else Look(logo=logo, accent=accent)


# What draws takes half a second to import: done by who needs it, in a thread.


def _draw(order: Order, look: Look, t: Translate) -> bytes:
    from webinar.credits import paper

    return paper.draw(order, look, t)


def unprintable(names: Sequence[str]) -> list[str]:
    """Of each name the letters that no font of certificates has. Reads the fonts: off the loop."""
    from webinar.credits.fonts import undrawable

    return undrawable(names)


async def _drawn(orders: Sequence[Order], look: Look) -> IO[bytes]:
    """A .zip of certificates, made by `credits.batch` in a process of its own; a temporary file.

    Raises `Unavailable`.
    """
    wish = await asyncio.to_thread(_wish, orders, look)
    with given() as file:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "webinar.credits.batch", stdin=asyncio.subprocess.PIPE, stdout=file
        )
        try:
            await process.communicate(wish)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode != 0:
            raise Unavailable("The certificates could not be drawn. Try again; the log says why.", retry_after_s=5)
    return file


def _wish(orders: Sequence[Order], look: Look) -> bytes:
    from webinar.credits import batch

    return batch.wish(orders, look)


def facts(event: Event, person: Person) -> Facts:
    """What a certificate of this person says."""
    return Facts(
        name=person.name, live_s=person.live_s, replay_s=person.replay_s, rules=person.results, **_of_event(event)
    )


def _of_event(event: Event) -> dict[str, Any]:
    return {
        "event_id": event.id,
        "title": event.title,
        "starts_at": event.started_at or event.starts_at,
        "ends_at": event.ended_at or event.ends_at,
        "timezone": event.timezone,
        "language": event.language,
    }


def _language(certificate: Certificate) -> Language:
    return i18n.known(str(certificate.said["language"])) or i18n.SOURCE


def _standing(event: Event, person: Person, certificate: Certificate | None, terms: Terms) -> Standing:
    if certificate is not None and certificate.state is not State.VALID:
        return Standing.REVOKED
    if certificate is not None:
        same = person.passed and not differs(certificate, facts(event, person), terms)
        return Standing.ISSUED if same else Standing.CHANGED
    if person.passed and event.state is EventState.ENDED:
        return Standing.READY
    undecided = event.state is not EventState.ENDED or any(r.result is Result.OPEN for r in person.results)
    return Standing.OPEN if undecided else Standing.NOT_MET
