"""A person's data go for good: from registration first, then from every other subject that keeps some."""

from __future__ import annotations

import uuid

from webinar.attendance.service import AttendanceService
from webinar.conversation.service import ConversationService
from webinar.credits.service import CreditService
from webinar.hooks.service import Hooks
from webinar.mail.service import MailService
from webinar.registration.model import Attendee
from webinar.registration.service import RegistrationService


class Forgetting:
    """One a process, over subjects that do not know one another."""

    def __init__(
        self,
        registration: RegistrationService,
        conversation: ConversationService,
        attendance: AttendanceService,
        credits: CreditService,
        hooks: Hooks,
        mail: MailService,
    ) -> None:
        self._registration = registration
        self._conversation = conversation
        self._attendance = attendance
        self._credits = credits
        self._hooks = hooks
        self._mail = mail

    async def forget(self, attendee: Attendee) -> None:
        """All that is known of a person: first their access, then what they said, with their name."""
        await self._registration.forget(attendee)
        await self.elsewhere(attendee.event_id, attendee.id)

    async def elsewhere(self, event_id: uuid.UUID, attendee_id: uuid.UUID) -> None:
        """What other subjects keep of a person whom registration has forgotten. May be repeated."""
        await self._conversation.forget(event_id, str(attendee_id))
        await self._attendance.forget_person(attendee_id)
        await self._credits.forget(attendee_id)
        await self._hooks.forget(attendee_id)
        await self._mail.forget(attendee_id)
