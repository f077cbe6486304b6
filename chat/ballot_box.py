"""Votes and answers of one room at work: taken, known in every process, counted at most once a second.

A count that everybody sees is always one of the database: tallies of questions are events of the log, the bars of an
open poll are `poll_results`. What is in memory says who has voted for what, so that a thousand who come back at once
cost no query, and whether there is anything to count.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from chat import wire
from chat.answers import Result
from chat.ballot_writer import Answer, BallotWriter, Vote
from chat.ballots import Ballots
from chat.entry import Entry
from chat.gathering import Refusal
from chat.ledger import Changes, Ledger
from chat.live_room import LiveRoom
from chat.polls import Poll, Stage
from chat.store import NoRoom, StoreDown
from webinar.base import log
from webinar.base.bus import Bus

PACE_S: Final = 1.0  # between two tallies of a room, and two results of a poll
_TICK_S: Final = 0.25
_PATIENCE_S: Final = 0.25  # for batches of other processes that are still on their way
_AFTER_FAILURE_S: Final = 1.0
_MOST_TOLD: Final = 20  # people of one batch

_log = log.get(__name__)


class BallotBox:
    """A feature of a `LiveRoom`. `changes` are all votes and answers of before."""

    def __init__(self, room: LiveRoom, ballots: Ballots, bus: Bus, changes: Changes) -> None:
        self._room, self._ballots, self._bus = room, ballots, bus
        self._ledger = Ledger(changes)
        self._writer = BallotWriter(room.event_id, ballots, self._written)
        self._gap = asyncio.Event()
        self._to_tally = True
        self._to_show = {poll.poll for poll in room.state.polls.open}
        self._shown: dict[int, Result] = {}  # of open polls, as it was shown last
        self._shown_at = float("-inf")

    async def vote(self, question: int, person: str, up: bool) -> None:
        """Returns when it is stored. Raises `Refusal`."""
        await self._writer.submit(Vote(question, person, up))

    async def answer(self, poll: Poll, person: str, choices: tuple[int, ...]) -> None:
        """Returns when it is stored. Raises `Refusal`: `not_open`, `answered` (an anonymous poll, for good)."""
        await self._writer.submit(Answer(poll.poll, person, choices, poll.definition.choices))

    async def settle(self) -> None:
        """Returns when what was voted is stored."""
        await self._writer.settle()

    async def open(self, poll: Poll) -> None:
        """From now on the poll takes answers, in every process. Raises `Refusal`, as the following do."""
        definition = poll.definition
        with _refusing():
            await self._ballots.open_poll(
                self._room.event_id, poll.poll, anonymous=definition.anonymous, choices=len(definition.choices)
            )

    async def close(self, poll: Poll) -> Result:
        """From now on it takes none: how it ended."""
        with _refusing():
            return await self._ballots.close_poll(self._room.event_id, poll.poll, poll.definition.choices)

    async def remove(self, poll: Poll) -> None:
        with _refusing():
            await self._ballots.remove_poll(self._room.event_id, poll.poll)

    async def close_left(self) -> int:
        """The event is over: closes what its staff left open; how many polls. Done once, whichever process is first.
        Raises `StoreDown`, `NoRoom`, `Unstorable`.
        """
        polls, last = self._room.state.polls.open, self._room.room.last
        closed = await self._ballots.close_left(self._room.event_id, polls, last)
        if closed:
            await self._room.committed(closed, closed[-1].seq)
        return len(closed or ())

    # The feature

    async def run(self) -> None:
        subscription = await self._bus.subscribe(self._subject, self._on_changes)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._writer.run(), name=f"chat votes {self._room.event_id}")
                tasks.create_task(self._fill_gaps(), name=f"chat follow votes {self._room.event_id}")
                tasks.create_task(self._count(), name=f"chat count votes {self._room.event_id}")
        finally:
            await self._bus.unsubscribe(subscription)

    def took(self, entry: Entry) -> None:
        if entry.type in ("question_state", "tally"):
            self._to_tally = True
        elif entry.type == "poll":
            poll = entry.content.get("poll", entry.seq)
            if entry.content["state"] == Stage.OPEN:
                self._to_show.add(poll)
            else:
                self._shown.pop(poll, None)

    def you(self, person: str) -> Mapping[str, object]:
        polls = self._room.state.polls
        answers = self._ledger.answers.of(person)
        return {
            "votes": [seq for seq in self._ledger.votes.of(person) if self._room.state.questions.get(seq) is not None],
            "answers": {str(poll): choices for poll, choices in answers.items() if polls.get(poll) is not None},
        }

    def greeting(self, staff: bool) -> Sequence[wire.Frame]:
        """What has been counted so far in the polls that are open."""
        polls = [(self._room.state.polls.get(poll), result) for poll, result in self._shown.items()]
        return [_results_frame(poll, result) for poll, result in polls if poll is not None and poll.results_for(staff)]

    @property
    def version(self) -> int:
        """Of the newest batch that is known here."""
        return self._ledger.version

    def heard_of(self, version: int) -> None:
        """The database has batches up to this one; what is missing here is read."""
        self._ledger.heard_of(version)
        if self._ledger.behind:
            self._gap.set()

    # What others wrote

    @property
    def _subject(self) -> str:
        return f"chat.{self._room.event_id}.ballots"

    async def _written(self, changes: Changes) -> None:
        self._take(changes)
        self._tell_other_tabs(changes, 1)
        await self._bus.publish_json(self._subject, changes.to_json())

    async def _on_changes(self, payload: bytes) -> None:
        changes = Changes.of_json(json.loads(payload))
        news = changes.version > self._ledger.version
        self._take(changes)
        if news:
            self._tell_other_tabs(changes, 0)

    def _take(self, changes: Changes) -> None:
        self._applied(self._ledger.offer(changes))
        if self._ledger.behind:
            self._gap.set()

    def _applied(self, batches: Sequence[Changes]) -> None:
        for changes in batches:
            self._to_tally = self._to_tally or bool(changes.votes)
            self._to_show.update(poll for poll, _, _ in changes.answers)

    def _tell_other_tabs(self, changes: Changes, own: int) -> None:
        """`you` again to people who are here with more sockets than the one (`own`) that voted here. In a storm they
        learn it when they come back: to look for a thousand people among a thousand would hold up everybody.
        """
        people = {person for _, person, _ in (*changes.votes, *changes.answers)}
        if len(people) <= _MOST_TOLD:
            for person in people:
                if self._room.room.tabs(person) > own:
                    self._room.tell_you(person)

    async def _fill_gaps(self) -> None:
        while True:
            await self._gap.wait()
            self._gap.clear()
            await asyncio.sleep(_PATIENCE_S)
            while self._ledger.behind:
                known = self._ledger.version
                try:
                    changes = await self._ballots.since(self._room.event_id, known)
                except StoreDown as error:
                    _log.warning("votes cannot be read", event_id=str(self._room.event_id), error=str(error))
                    await asyncio.sleep(_AFTER_FAILURE_S)
                    continue
                if changes.version <= known:
                    # Told of a batch that is not there: of a database that was restored, which the hub finds out.
                    await asyncio.sleep(_AFTER_FAILURE_S)
                    break
                self._applied(self._ledger.catch_up(changes))

    # What everybody sees

    async def _count(self) -> None:
        while True:
            await asyncio.sleep(_TICK_S)
            try:
                await self._tally()
                await self._show_results()
            except StoreDown as error:
                _log.warning("votes cannot be counted", event_id=str(self._room.event_id), error=str(error))
                await asyncio.sleep(_AFTER_FAILURE_S)
            except NoRoom:
                return  # deleted; the hub finds that out and ends the room

    async def _tally(self) -> None:
        if not self._to_tally:
            return
        questions = self._room.state.questions
        told = {question.entry.seq: question.votes for question in questions}
        families = {
            root: members
            for root, members in questions.families().items()
            if self._ledger.votes.count(members) != told[root]
        }
        self._to_tally = bool(families)
        if not families:
            return
        appended = await self._ballots.tally(self._room.event_id, families, told, PACE_S)
        if appended is not None:
            await self._room.committed([appended.entry], appended.entry.seq)

    async def _show_results(self) -> None:
        now = asyncio.get_running_loop().time()
        if not self._to_show or now - self._shown_at < PACE_S:
            return
        polls = [poll for poll in self._room.state.polls.open if poll.poll in self._to_show]
        self._to_show.clear()
        if not polls:
            return
        self._shown_at = now
        for poll, result in zip(polls, await self._results(polls), strict=True):
            current = self._room.state.polls.get(poll.poll)
            if current is None or current.stage is not Stage.OPEN:
                continue  # closed while it was counted: its last event says how it ended
            self._shown[poll.poll] = result
            await self._room.tell(_results_frame(poll, result), staff=None if poll.definition.live else True)

    async def _results(self, polls: Sequence[Poll]) -> list[Result]:
        """Of named ones out of memory; what was chosen in an anonymous one stands in the database only."""
        answers = self._ledger.answers
        secret = {poll.poll: poll.definition.choices for poll in polls if poll.definition.anonymous}
        try:
            counted = await self._ballots.results(self._room.event_id, secret) if secret else {}
        except StoreDown:
            self._to_show.update(poll.poll for poll in polls)
            raise
        for poll in polls:
            if not poll.definition.anonymous:
                counts = answers.counts(poll.poll, poll.definition.choices)
                counted[poll.poll] = Result(counts, answers.people(poll.poll))
        return [counted[poll.poll] for poll in polls]


@contextlib.contextmanager
def _refusing() -> Iterator[None]:
    """What cannot be stored is refused."""
    try:
        yield
    except StoreDown as error:
        raise Refusal("unavailable", 2.0) from error
    except NoRoom as error:
        raise Refusal("gone", None) from error


def _results_frame(poll: Poll, result: Result) -> wire.Frame:
    return wire.Frame.of(wire.encode("poll_results", poll=poll.poll, counts=result.counts, answers=result.answers))
