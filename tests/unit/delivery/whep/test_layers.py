"""The rule that chooses a viewer's rendition, second by second."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from webinar.delivery.whep.layers import HOPELESS_S, SETTLE_S, UP_AFTER_S, Advice, LayerChooser, Report

LADDER = ("720p", "480p", "240p")
RATES = (1_800_000, 900_000, 300_000)


class Viewer:
    """A chooser and its clock."""

    def __init__(self) -> None:
        self.chooser = LayerChooser()
        self.now_s = 100.0
        self.chooser.start(LADDER)

    def reports(self, loss: float, seconds: float, estimate: int | None = None) -> list[str]:
        """A report a second for so long; the targets after each."""
        targets = []
        for _ in range(int(seconds)):
            self.now_s += 1
            self.report(loss, estimate)
            targets.append(self.chooser.target)
        return targets

    def report(self, loss: float, estimate: int | None = None, round_trip_s: float | None = None) -> Advice:
        """One report now; every probe it leads to goes well."""
        advice = self.chooser.report(Report(loss, estimate, round_trip_s), LADDER, RATES, self.now_s)
        return self.chooser.probed(True, LADDER, self.now_s) if advice is Advice.PROBE else advice


def test_a_viewer_starts_at_the_top() -> None:
    assert Viewer().chooser.target == "720p"


def test_heavy_loss_steps_down_at_once_and_no_further_before_it_has_settled() -> None:
    targets = Viewer().reports(0.3, 2 * SETTLE_S)
    assert targets[:3] == ["480p", "480p", "480p"]
    assert targets[3] == "240p"


def test_light_loss_that_retransmission_repairs_changes_nothing() -> None:
    assert set(Viewer().reports(0.03, 60)) == {"720p"}


def test_light_loss_that_stays_steps_down() -> None:
    assert Viewer().reports(0.06, 4)[-1] == "480p"


def test_an_estimate_below_what_is_sent_steps_down_to_a_rung_that_fits() -> None:
    viewer = Viewer()
    viewer.reports(0.0, 3, estimate=2_500_000)
    assert viewer.reports(0.0, 4, estimate=500_000)[-1] == "240p"


def test_an_estimate_that_is_low_for_a_moment_changes_nothing() -> None:
    """Chromium reports five times a second; a burst of jitter lowers its estimate for one."""
    viewer = Viewer()
    viewer.reports(0.0, 5, estimate=2_000_000)
    for n in range(50):
        viewer.now_s += 0.2
        estimate = 1_300_000 if n % 10 < 5 else 2_000_000
        viewer.report(0.0, estimate)
    assert viewer.chooser.target == "720p"


def test_loss_is_judged_over_a_second_however_often_it_is_reported() -> None:
    viewer = Viewer()
    viewer.reports(0.0, 1)
    for n in range(50):
        viewer.now_s += 0.2
        viewer.report(0.15 if n % 5 == 0 else 0.0)
    assert viewer.chooser.target == "720p"


def test_an_estimate_above_what_is_sent_is_no_reason_to_leave() -> None:
    assert set(Viewer().reports(0.0, 30, estimate=1_500_000)) == {"720p"}


def test_quiet_time_brings_it_up_one_rung_at_a_time() -> None:
    viewer = Viewer()
    viewer.reports(0.3, 4)
    assert viewer.chooser.target == "240p"
    targets = viewer.reports(0.0, 30)
    first = targets.index("480p")
    assert first >= UP_AFTER_S - 1
    assert targets.index("720p") >= first + UP_AFTER_S - 1


def test_steps_up_that_go_wrong_become_rarer() -> None:
    viewer, ups = Viewer(), []
    viewer.reports(0.3, 1)
    for _ in range(240):
        before = viewer.chooser.target
        viewer.reports(0.2 if before == "720p" else 0.0, 1)
        if before == "480p" and viewer.chooser.target == "720p":
            ups.append(viewer.now_s)
    gaps = [b - a for a, b in itertools.pairwise(ups)]
    assert gaps[1] > gaps[0]
    assert 50 < gaps[-1] < 80


def test_a_pinned_rung_is_kept_whatever_the_reports_say() -> None:
    viewer = Viewer()
    assert viewer.chooser.pin("480p", LADDER, viewer.now_s) is Advice.CHANGE
    assert set(viewer.reports(0.2, 20)) == {"480p"}
    viewer.chooser.pin("", LADDER, viewer.now_s)
    assert viewer.reports(0.2, 2)[-1] == "240p"


def test_an_unknown_rung_cannot_be_pinned_to() -> None:
    viewer = Viewer()
    assert viewer.chooser.pin("8k", LADDER, viewer.now_s) is Advice.STAY
    assert viewer.reports(0.3, 1) == ["480p"]


def test_a_rung_that_is_no_more_is_left_for_the_top_one_that_is() -> None:
    viewer = Viewer()
    assert viewer.chooser.keep(LADDER[1:], viewer.now_s) is Advice.CHANGE
    assert viewer.chooser.target == "480p"
    assert viewer.chooser.keep((), viewer.now_s) is Advice.STAY


def test_a_server_that_is_late_moves_a_viewer_down_once_and_quiet_time_brings_it_back() -> None:
    viewer = Viewer()
    assert viewer.chooser.relieve(LADDER, viewer.now_s) is Advice.CHANGE
    assert viewer.chooser.relieve(LADDER, viewer.now_s + 1) is Advice.STAY
    assert viewer.chooser.target == "480p"
    assert viewer.reports(0.0, UP_AFTER_S + 5)[-1] == "720p"
    bottom = Viewer()
    bottom.chooser.pin("240p", LADDER, 0.0)
    assert bottom.chooser.relieve(LADDER, 100.0) is Advice.STAY


def test_loss_on_the_lowest_rung_ends_in_goodbye_only_when_it_lasts() -> None:
    chooser = LayerChooser()
    chooser.start(LADDER[2:])
    advice = [chooser.report(Report(0.5), LADDER[2:], RATES[2:], float(s)) for s in range(int(HOPELESS_S) + 1)]
    assert advice[-1] is Advice.GOODBYE
    assert Advice.GOODBYE not in advice[:-1]
    chooser = LayerChooser()
    chooser.start(LADDER[2:])
    losses = [0.5, 0.5, 0.5, 0.0] * 20
    assert all(
        chooser.report(Report(loss), LADDER[2:], RATES[2:], float(s)) is Advice.STAY for s, loss in enumerate(losses)
    )


@given(
    st.lists(
        st.tuples(st.floats(0, 1), st.one_of(st.none(), st.integers(0, 10_000_000)), st.integers(0, 3)), max_size=200
    )
)
def test_the_target_is_always_a_rung_of_the_ladder(reports: list[tuple[float, int | None, int]]) -> None:
    chooser = LayerChooser()
    chooser.start(LADDER)
    for second, (loss, estimate, size) in enumerate(reports):
        ladder, rates = LADDER[:size] or LADDER, RATES[:size] or RATES
        chooser.report(Report(loss, estimate), ladder, rates, float(second))
        assert chooser.target in ladder


def test_an_overloaded_server_leaves_a_choice_of_the_players_own_alone() -> None:
    viewer = Viewer()
    viewer.chooser.pin("720p", LADDER, viewer.now_s)
    assert viewer.chooser.relieve(LADDER, viewer.now_s + 60) is Advice.STAY
    assert viewer.chooser.target == "720p"
    viewer.chooser.pin("", LADDER, viewer.now_s)
    assert viewer.chooser.relieve(LADDER, viewer.now_s + 60) is Advice.CHANGE
    assert viewer.chooser.target == "480p"
