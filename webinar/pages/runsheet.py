"""What a host does before, during and after an event, and what of it is done. Pure.

Most steps are known by themselves; the others the host ticks. A step leads to where it is done.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from webinar.events.model import Event, EventState, Registration


def _(message: str) -> str:
    return message


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of an event without asking its host."""

    event: Event
    agenda: bool
    speakers: bool
    look: bool
    approved: int
    pending: int
    moderators: bool
    recorded: bool
    ticked: frozenset[str]


@dataclass(frozen=True, slots=True)
class Step:
    """`path` is below the event's own; `by_hand`: the host ticks it, or takes the tick away."""

    name: str
    text: str
    hint: str
    path: str
    done: bool
    by_hand: bool = False


@dataclass(frozen=True, slots=True)
class Phase:
    name: str
    title: str
    steps: tuple[Step, ...]
    now: bool  # what the host is at

    @property
    def done(self) -> int:
        return sum(step.done for step in self.steps)


# The steps that are ticked by hand; the names are kept in PostgreSQL.
BY_HAND: Final = frozenset(("invite", "presenters", "rehearse", "open", "watch", "report", "thanks"))


def run_sheet(facts: Facts) -> list[Phase]:
    """Before, during, after."""
    state = facts.event.state
    on_air, over = state is EventState.LIVE, state is EventState.ENDED
    return [
        Phase("before", _("Before"), tuple(_before(facts)), not (on_air or over)),
        Phase("during", _("On the day"), tuple(_during(facts)), on_air),
        Phase("after", _("Afterwards"), tuple(_after(facts)), over),
    ]


def _hand(facts: Facts, name: str, text: str, hint: str, path: str) -> Step:
    return Step(name, text, hint, path, name in facts.ticked, by_hand=True)


def _before(facts: Facts) -> Iterable[Step]:
    event = facts.event
    hidden = event.state is EventState.DRAFT
    yield Step("about", _("Say what it is about"), "", "/settings", bool(event.description))
    yield Step("agenda", _("Put the agenda together"), "", "/settings/agenda", facts.agenda)
    yield Step("speakers", _("Present the speakers"), "", "/settings/speakers", facts.speakers)
    yield Step("look", _("Give it your cover, logo, holding picture or colour"), "", "/settings/look", facts.look)
    yield Step(
        "publish", _("Publish the event page"), _("Until then only hosts see it.") if hidden else "", "", not hidden
    )
    yield _hand(facts, "invite", _("Invite people"), _("Share the page, or add guests by list."), "/people")
    if event.registration is Registration.APPROVAL:
        yield Step(
            "approve",
            _("Approve who registered"),
            "",
            "/people?status=pending",
            not facts.pending and facts.approved > 0,
        )
    yield _hand(facts, "presenters", _("Give the speakers their link"), _("It opens the studio."), "/links")
    yield Step(
        "moderators",
        _("Have somebody look after the chat"),
        _("They open the moderators' link."),
        "/links",
        facts.moderators,
    )
    yield _hand(facts, "rehearse", _("Rehearse"), _("Camera, microphone, slides. Nobody sees it."), "/studio")


def _during(facts: Facts) -> Iterable[Step]:
    state = facts.event.state
    yield _hand(facts, "open", _("Open the studio a quarter of an hour early"), "", "/studio")
    yield Step("live", _("Go live"), "", "/studio", state in (EventState.LIVE, EventState.ENDED))
    yield _hand(facts, "watch", _("Look after questions and chat"), "", "/moderate")
    yield Step(
        "end", _("End for everyone"), _("Recording and report are there at once."), "/studio", state is EventState.ENDED
    )


def _after(facts: Facts) -> Iterable[Step]:
    yield Step("recording", _("The recording is ready"), "", "", facts.recorded)
    yield _hand(facts, "report", _("Look at the report"), "", "/report")
    yield _hand(facts, "thanks", _("Write to who came and who did not"), "", "/mails")
