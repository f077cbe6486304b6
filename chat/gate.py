"""Whether somebody may write just now, and whether it is shown at once. Pure: the caller brings the clocks."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from chat.state import RoomState
from chat.text_rules import has_link
from chat.ticket import Ticket


@dataclass(frozen=True, slots=True)
class Closed:
    """The nak for it; `retry_after` in seconds, None when waiting does not help."""

    code: str
    retry_after: float | None = None


def closed(state: RoomState, ticket: Ticket, now: dt.datetime) -> Closed | None:
    """For everything that a person puts into the room: messages, questions, votes, hands. None: go on."""
    if state.settings.ended:
        return Closed("ended")
    if ticket.staff:
        return None
    until = state.sanctions.muted_until(ticket.person, now)
    if until is not None:
        return Closed("muted", (until - now).total_seconds())
    return Closed("frozen") if state.settings.allows("frozen") else None


def closed_to_message(state: RoomState, ticket: Ticket, body: str, now: dt.datetime, slow_wait: float) -> Closed | None:
    """For a message; `slow_wait` is what is left of the slow mode's pause, s."""
    refused = closed(state, ticket, now)
    if refused is not None or ticket.staff:
        return refused
    if state.settings.mode in ("hosts", "questions"):
        return Closed(f"{state.settings.mode}_only")
    if not state.settings.allows("links") and has_link(body):
        return Closed("links")
    return Closed("slow", slow_wait) if slow_wait > 0 else None


def closed_to_question(state: RoomState, ticket: Ticket, body: str, now: dt.datetime) -> Closed | None:
    """For a question: of nobody where there are none, and not in the mode that leaves the word to hosts."""
    refused = closed(state, ticket, now)
    if refused is None and not state.settings.allows("questions"):
        refused = Closed("off")
    if refused is not None or ticket.staff:
        return refused
    if state.settings.mode == "hosts":
        return Closed("hosts_only")
    return Closed("links") if not state.settings.allows("links") and has_link(body) else None


def why_held(state: RoomState, ticket: Ticket, body: str) -> str | None:
    """`review` or `word` when a moderator must approve the message first."""
    if ticket.staff:
        return None
    if state.settings.blocked.found_in(body):
        return "word"
    return "review" if state.settings.mode == "review" else None


def why_question_held(state: RoomState, ticket: Ticket, body: str) -> str | None:
    """Likewise, of a question."""
    if ticket.staff:
        return None
    if state.settings.blocked.found_in(body):
        return "word"
    return "review" if state.settings.allows("review_questions") else None
