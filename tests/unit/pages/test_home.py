"""What the home page says of an event, and what the run sheet knows to be done."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.an_event import an_event
from webinar.events.model import Event, EventState, Registration
from webinar.pages.home import next_dates, next_step
from webinar.pages.runsheet import BY_HAND, Facts, run_sheet
from webinar.recordings.model import RecordingState
from webinar.registration.model import Seats

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
EVENT = an_event(NOW + timedelta(days=9), NOW + timedelta(days=9, hours=1), NOW)
NOBODY = Seats(300, 0, 0, 0)


@pytest.mark.parametrize(
    ("event", "seats", "recording", "text", "path", "urgent"),
    [
        (replace(EVENT, state=EventState.DRAFT), NOBODY, None, "Finish and publish", "", False),
        (EVENT, NOBODY, None, "Invite people", "/people", False),
        (replace(EVENT, registration=Registration.CLOSED), NOBODY, None, "Add guests", "/people", False),
        (EVENT, Seats(300, 5, 12, 0), None, "%(n)s to approve", "/people?status=pending", True),
        (EVENT, Seats(300, 5, 0, 0), None, "%(n)s registered", "/people", False),
        (replace(EVENT, starts_at=NOW + timedelta(hours=3)), Seats(300, 5, 0, 0), None, "Rehearse", "/studio", False),
        (
            replace(EVENT, ends_at=NOW - timedelta(minutes=1)),
            Seats(9, 5, 1, 0),
            None,
            "Was not held",
            "/settings",
            False,
        ),
        (replace(EVENT, starts_at=NOW - timedelta(minutes=1)), Seats(300, 5, 0, 0), None, "Go live", "/studio", True),
        (replace(EVENT, state=EventState.LIVE), NOBODY, None, "%(n)s watching", "", False),
        (replace(EVENT, state=EventState.ENDED), NOBODY, RecordingState.READY, "Recording ready", "", False),
        (replace(EVENT, state=EventState.ENDED), NOBODY, RecordingState.RECORDING, "Recording on its way", "", False),
        (replace(EVENT, state=EventState.ENDED), NOBODY, None, "Report", "/report", False),
    ],
)
def test_each_event_says_the_one_thing_to_do_next(
    event: Event, seats: Seats, recording: RecordingState | None, text: str, path: str, urgent: bool
) -> None:
    found = next_step(event, seats, recording, 7, NOW)
    assert (found.text, found.path, found.urgent) == (text, path, urgent)


def test_of_a_series_only_the_next_date_is_listed() -> None:
    series = uuid.UUID(int=9)
    first, second = (replace(EVENT, id=uuid.UUID(int=n), series_id=series) for n in (2, 3))
    assert next_dates([first, EVENT, second]) == [first, EVENT]


def _facts(event: Event = EVENT, **known: object) -> Facts:
    nothing = {"agenda": False, "speakers": False, "look": False, "approved": 0, "pending": 0, "moderators": False}
    fields = {**nothing, "recorded": False, "ticked": frozenset(), **known}
    return Facts(event=event, **fields)  # type: ignore[arg-type]


def test_the_run_sheet_knows_by_itself_what_is_done_and_leaves_the_rest_to_the_host() -> None:
    before, during, after = run_sheet(_facts(agenda=True, ticked=frozenset(("invite",))))
    assert before.now
    assert not during.now
    done = {step.name for phase in (before, during, after) for step in phase.steps if step.done}
    assert done == {"about", "agenda", "publish", "invite"}
    assert {step.name for phase in (before, during, after) for step in phase.steps if step.by_hand} == BY_HAND


def test_the_step_of_publishing_says_who_sees_the_page_until_it_is_done() -> None:
    hints = [
        next(step.hint for step in run_sheet(_facts(replace(EVENT, state=state)))[0].steps if step.name == "publish")
        for state in (EventState.DRAFT, EventState.SCHEDULED)
    ]
    assert hints == ["Until then only hosts see it.", ""]


def test_approving_is_a_step_only_where_the_host_approves() -> None:
    asked = replace(EVENT, registration=Registration.APPROVAL)
    assert "approve" not in {step.name for step in run_sheet(_facts())[0].steps}
    waiting, all_in = (
        next(step for step in run_sheet(_facts(asked, approved=3, pending=pending))[0].steps if step.name == "approve")
        for pending in (2, 0)
    )
    assert (waiting.done, all_in.done) == (False, True)


@pytest.mark.parametrize(("state", "now"), [("draft", "before"), ("live", "during"), ("ended", "after")])
def test_the_phase_that_is_now_stands_open(state: str, now: str) -> None:
    phases = run_sheet(_facts(replace(EVENT, state=EventState(state))))
    assert [phase.name for phase in phases if phase.now] == [now]
