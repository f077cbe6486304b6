"""When the ladder goes down and up."""

from __future__ import annotations

import itertools

from ingest.encode.overload import Governor, Look
from ingest.encode.pace import FULL, HALF, RESTING

_IDLE = Look((0.3, 0.1, 0.05))
_BUSY = Look((1.0, 0.4, 0.1))


class _Run:
    """Looks each half second; `steps` is the step after each."""

    def __init__(self) -> None:
        self.governor = Governor(3, 0.0)
        self.now_s = 0.0
        self.steps: list[int] = []
        self.changes: list[tuple[float, int]] = []

    def go(self, look: Look, seconds: float) -> list[int]:
        for _ in range(round(seconds * 2)):
            self.now_s += 0.5
            if self.governor.look(self.now_s, look):
                self.changes.append((self.now_s, self.governor.step))
            self.steps.append(self.governor.step)
        return self.steps


def test_a_machine_with_time_to_spare_changes_nothing() -> None:
    assert set(_Run().go(_IDLE, 60)) == {0}


def test_one_bad_half_second_is_forgiven_two_in_a_row_are_not() -> None:
    run = _Run()
    for _ in range(20):
        run.go(_IDLE, 1)
        run.go(_BUSY, 0.5)
    assert run.changes == []
    run.go(_BUSY, 1)
    assert [step for _, step in run.changes] == [1]


def test_dropped_frames_and_a_late_program_count_as_much_as_a_busy_encoder() -> None:
    for look in (Look((0.5, 0.1, 0.1), dropped=1), Look((0.5, 0.1, 0.1), late_s=0.3)):
        run = _Run()
        run.go(_IDLE, 5)
        run.go(look, 1)
        assert run.governor.step == 1


def test_while_it_stays_bad_it_goes_on_down_each_time_after_a_look_at_what_that_did() -> None:
    run = _Run()
    run.go(_BUSY, 60)
    times = [at for at, _ in run.changes]
    assert all(b - a >= 2.0 for a, b in itertools.pairwise(times))
    assert run.governor.step == len(run.changes) == 7
    assert run.go(_BUSY, 10)[-1] == 7


def test_it_comes_back_step_by_step_after_quiet_time() -> None:
    run = _Run()
    run.go(_BUSY, 5)
    assert run.governor.efforts == (RESTING, FULL, FULL)
    run.changes.clear()
    busy_still = Look((0.2, 0.3, 0.2))  # of the top rung 2.5 times as many pictures would be made
    run.go(busy_still, 9)
    assert run.changes == []
    run.go(busy_still, 5)
    assert run.governor.efforts == (HALF, FULL, FULL)
    run.go(Look((0.3, 0.3, 0.2)), 15)
    assert run.governor.efforts == (FULL, FULL, FULL)


def test_when_the_load_has_plainly_gone_a_step_takes_less_than_five_seconds_unless_one_has_just_gone_wrong() -> None:
    run = _Run()
    run.go(_BUSY, 60)
    run.changes.clear()
    gone = Look((0.1, 0.05, 0.05))
    run.go(gone, 40)
    assert [step for _, step in run.changes] == [6, 5, 4, 3, 2, 1, 0]
    assert all(b - a <= 5.0 for (a, _), (b, _) in itertools.pairwise(run.changes))
    # Down right after that was the last step's fault.
    run.go(_BUSY, 3)
    low_s = run.now_s
    while run.governor.step:
        run.go(gone, 0.5)
    assert run.now_s - low_s >= 19


def test_it_does_not_come_back_to_what_it_can_tell_is_too_much() -> None:
    run = _Run()
    run.go(_BUSY, 3)
    assert run.governor.step == 1
    assert set(run.go(Look((0.6, 0.3, 0.1)), 300)[-590:]) == {1}


def test_a_step_up_that_goes_wrong_doubles_the_time_until_the_next() -> None:
    run = _Run()
    run.go(_BUSY, 3)
    waits = []
    for _ in range(6):
        low_s = run.now_s
        while run.governor.step == 1:
            run.go(_IDLE, 0.5)
        waits.append(run.now_s - low_s)
        while run.governor.step == 0:
            run.go(_BUSY, 0.5)
    assert all(b >= 1.8 * a for a, b in itertools.pairwise(waits[:4]))
    assert waits[-1] <= 125


def test_a_decoder_without_a_pause_lowers_the_ladder_too_as_long_as_that_may_help_it() -> None:
    run = _Run()
    run.go(Look((0.5, 0.2, 0.1), decoding=0.5), 10)
    assert run.changes == []
    run.go(Look((0.5, 0.2, 0.1), decoding=1.0), 8)
    assert [step for _, step in run.changes] == [1, 2]
    run.go(Look((0.05, 0.2, 0.1), decoding=0.2), 20)
    assert run.governor.step == 0
    run.go(Look((0.5, 0.2, 0.1), decoding=1.0), 8)
    assert run.governor.step == 2


def test_viewers_do_not_pay_for_long_for_a_stream_that_one_thread_cannot_decode() -> None:
    run = _Run()
    run.go(Look((0.2, 0.2, 0.1), decoding=1.0), 60)
    assert [step for _, step in run.changes] == [1, 2, 1, 0]


def test_an_encoder_that_is_late_lowers_the_ladder_whatever_was_done_for_the_decoder() -> None:
    run = _Run()
    run.go(Look((0.5, 0.2, 0.1), decoding=1.0), 30)
    assert run.governor.step == 2
    run.go(Look((1.0, 0.2, 0.1), decoding=1.0), 10)
    assert run.governor.step > 2
