"""Who wrote what, for staff: the names behind the short forms that guests see of one another."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from webinar.conversation.model import Asked, Said, Transcript
from webinar.conversation.service import ConversationService
from webinar.registration.service import RegistrationService

S = TypeVar("S", Said, Asked)


class FullNames:
    """One a process, over subjects that do not know one another.

    A name is looked up when it is shown, and stands in no table of the chat: who has their data deleted is nobody here
    from then on.
    """

    def __init__(self, conversation: ConversationService, registration: RegistrationService) -> None:
        self._conversation = conversation
        self._registration = registration

    async def transcript(self, event_id: uuid.UUID) -> Transcript:
        """What was said, with `full_name` of everybody who has one. For staff alone."""
        return await self._named(event_id, await self._conversation.of(event_id))

    async def standing(self, event_id: uuid.UUID, seq: int = 0) -> Transcript:
        """The same of `ConversationService.standing`."""
        return await self._named(event_id, await self._conversation.standing(event_id, seq))

    async def _named(self, event_id: uuid.UUID, talk: Transcript) -> Transcript:
        if not talk.messages and not talk.questions and not talk.floor.hands:
            return talk
        names = {str(person.id): person.name for person in await self._registration.everyone(event_id)}
        return replace(
            talk,
            messages=[_with(one, names) for one in talk.messages],
            questions=[_with(one, names) for one in talk.questions],
            floor=replace(
                talk.floor, hands=[replace(hand, full_name=names.get(hand.person)) for hand in talk.floor.hands]
            ),
        )


def _with(one: S, names: Mapping[str, str]) -> S:
    """Staff write under their name; of an anonymous question there is nobody to name."""
    if one.person is None:
        return one
    return replace(one, full_name=names.get(one.person) if one.role == "attendee" else one.name)
