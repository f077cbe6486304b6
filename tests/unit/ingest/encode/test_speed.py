"""Choosing the ladder by what the machine can do."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.encode import speed
from ingest.encode.encoder import EncodedUnit, H264Encoder
from ingest.encode.ladder import Ladder, candidates
from ingest.program.raw import Picture


def _machine(monkeypatch: pytest.MonkeyPatch, pixels_a_second: float) -> list[str]:
    """One that encodes so many pixels of superfast a second, and half as many of veryfast; what it was tried with."""
    tried: list[str] = []

    def factor(ladder: Ladder, least: float = 0.0) -> float:
        tried.append(f"{ladder.top.name} {ladder.preset}")
        pixels = sum(rung.width * rung.height * 30 for rung in ladder.rungs)
        return pixels_a_second / pixels / {"veryfast": 2, "superfast": 1, "ultrafast": 0.5}[ladder.preset]

    monkeypatch.setattr(speed, "factor", factor)
    return tried


@pytest.mark.parametrize(
    ("pixels_a_second", "top", "preset"),
    [
        (1e9, "1080p", "veryfast"),
        (4e8, "1080p", "superfast"),
        (2e8, "720p", "superfast"),
        (5e7, "480p", "superfast"),
        (1e6, "480p", "ultrafast"),
    ],
)
def test_the_best_ladder_that_leaves_time_to_spare_is_chosen(
    monkeypatch: pytest.MonkeyPatch, pixels_a_second: float, top: str, preset: str
) -> None:
    _machine(monkeypatch, pixels_a_second)
    ladder, _ = speed.best()
    assert (ladder.top.name, ladder.preset) == (top, preset)


def test_the_choice_is_kept_so_that_a_restart_does_not_measure_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tried = _machine(monkeypatch, 2e8)
    first = speed.automatic(tmp_path / "ladder.json")
    tried.clear()
    assert speed.automatic(tmp_path / "ladder.json") == first
    assert tried == []


@pytest.mark.parametrize("kept", ["", "{}", "[]", '{"cores": 1000, "rungs": ["240p"], "preset": "x"}', '{"cores": %d}'])
def test_a_note_of_another_machine_or_a_torn_one_is_measured_anew(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kept: str
) -> None:
    _machine(monkeypatch, 2e8)
    note = tmp_path / "ladder.json"
    note.write_text(kept.replace("%d", str(len(os.sched_getaffinity(0)))))
    assert speed.automatic(note).top.name == "720p"
    assert json.loads(note.read_text())["rungs"] == ["720p", "480p", "240p"]


def test_a_full_disk_costs_the_note_and_no_more(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _machine(monkeypatch, 2e8)
    assert speed.automatic(tmp_path / "missing" / "ladder.json").top.name == "720p"


def test_what_is_too_slow_is_not_encoded_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    encoded: list[int] = []

    class Counting(H264Encoder):
        def encode(self, picture: Picture) -> Iterator[EncodedUnit]:
            encoded.append(picture.number)
            return super().encode(picture)

    monkeypatch.setattr(speed, "H264Encoder", Counting)
    assert speed.factor(list(candidates())[-1], least=1000) < 1000
    assert len(encoded) < 60


def test_a_real_encoder_is_measured() -> None:
    assert speed.factor(list(candidates())[-1]) > 0
