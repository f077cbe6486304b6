"""What a registration form promises about people's data: what is collected, why, until when, and what they may do.

The four points that the Korean Personal Information Protection Act (article 15, paragraph 2) and the GDPR (article 13)
ask for, in the reader's language. What was agreed to is stored as it was shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from webinar.base import times
from webinar.events.model import Event
from webinar.pages.visit import Visit
from webinar.registration.model import Consent
from webinar.registration.rules import Rules


@dataclass(frozen=True, slots=True)
class Promise:
    """The points as (heading, words), the words beside the box to tick, and those of mails about other events."""

    points: tuple[tuple[str, str], ...]
    agree: str
    marketing: str  # "": they are not asked

    @property
    def text(self) -> str:
        """All of it, as it is kept."""
        lines = [f"{heading}: {words}" for heading, words in self.points]
        return "\n".join([*lines, self.agree, *([self.marketing] if self.marketing else [])])

    def consent(self, *, marketing: bool) -> Consent:
        return Consent(self.text, marketing and bool(self.marketing))


def promise(made: Visit, event: Event, rules: Rules) -> Promise:
    """The date is the earliest that anybody of the event was told: then it goes for all."""
    keeper = rules.keeper or event.organizer or made.t("the host")
    until = times.day(rules.destroyed_at, made.language)
    as_planned = (event.ended_at or event.ends_at) + timedelta(days=rules.retention_days)
    points = (
        (
            made.t("What is collected"),
            made.t(
                "Your name, your e-mail address and your answers on this form. While you take part: when you were"
                " there, and what you write, ask and vote."
            ),
        ),
        (
            made.t("Why"),
            made.t(
                "So that you can enter, so that you get mails about this event, and so that %(keeper)s knows who came.",
                keeper=keeper,
            ),
        ),
        (
            made.t("Until when"),
            made.t(
                "%(days)s days after the event (%(date)s). Then it is deleted.", days=rules.retention_days, date=until
            )
            if rules.destroyed_at == as_planned
            else made.t("Until %(date)s. Then it is deleted.", date=until),
        ),
        (
            made.t("Your rights"),
            made.t(
                "You may say no; then you cannot register. By your personal link you can see, correct and delete your"
                " data at any time."
            ),
        ),
    )
    news = made.t("I would like mails about other events from %(keeper)s.", keeper=keeper)
    marketing = news if rules.marketing else ""
    return Promise(points, made.t("I agree that my data is collected and used like this."), marketing)
