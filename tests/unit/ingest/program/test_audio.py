"""The presenter's sound on the program's clock."""

from __future__ import annotations

import numpy as np
import pytest

from ingest.program.audio import SoundTrack
from ingest.program.raw import Samples

_BLOCK = 800


def _tone(start: int, count: int, hertz: float = 440.0) -> Samples:
    t = (start + np.arange(count)) / 48_000
    return np.repeat(0.5 * np.sin(2 * np.pi * hertz * t)[:, None], 2, axis=1).astype(np.float32)


def _play(
    track: SoundTrack, seconds: float, stretch: float = 1.0, jump_at: float = -1.0, jump_s: float = 0.0
) -> Samples:
    """Writes 20 ms packets whose capture times run `stretch` times as fast as ours, reads 50 ms behind."""
    out, written, start = [], 0, 1000.0
    for n in range(int(seconds * 60)):
        now = n / 60
        while written / 48_000 < now:
            shift = jump_s if 0 <= jump_at <= written / 48_000 else 0.0
            track.write(start + written / 48_000 * stretch + shift, _tone(written, 960))
            written += 960
        out.append(track.read(start + now - 0.05, _BLOCK))
    return np.concatenate(out)


def test_sound_in_step_comes_out_bit_for_bit() -> None:
    out = _play(SoundTrack(), 2.0)
    start = int(np.flatnonzero(out[:, 0])[0]) - 1
    assert start == pytest.approx(2400, abs=2)
    np.testing.assert_array_equal(out[start + 300 : 90_000], _tone(0, 200_000)[300 : 90_000 - start])


def test_before_the_first_sample_is_silence() -> None:
    track = SoundTrack()
    track.write(10.0, _tone(0, 960))
    assert not track.read(9.9, _BLOCK).any()


def test_a_drifting_sender_is_followed_without_a_jump() -> None:
    track = SoundTrack()
    out = _play(track, 20.0, stretch=1.001)
    assert track.jumps == 0
    assert track.underruns == 0
    steps = np.abs(np.diff(out[12_000:, 0]))
    assert steps.max() < 0.5 * 2 * np.pi * 440 / 48_000 * 1.1  # no click: nothing steeper than the tone itself


def test_a_small_correction_of_the_capture_times_is_slewed() -> None:
    track = SoundTrack()
    out = _play(track, 6.0, jump_at=2.0, jump_s=0.03)
    assert track.jumps == 0
    # In step again: the sound of the last second is 30 ms later than it would have been.
    expected = _tone(0, 400_000)
    tail = out[-4800:, 0]
    at = len(out) - 4800 - 2400 - 1440
    best = max(range(-400, 400), key=lambda d: float(np.dot(tail, expected[at + d : at + d + 4800, 0])))
    period = 48_000 / 440
    assert min(abs(best % period), period - best % period) <= 260


def test_a_large_correction_is_jumped_over_once() -> None:
    track = SoundTrack()
    _play(track, 4.0, jump_at=2.0, jump_s=-0.5)
    assert track.jumps == 1


def test_a_hole_is_silence_and_what_follows_is_in_place() -> None:
    track = SoundTrack()
    track.write(10.0, _tone(0, 4800))
    track.write(10.2, _tone(0, 4800))
    out = np.concatenate([track.read(10.0 + n / 60, _BLOCK) for n in range(18)])
    assert not out[5000:9500].any()
    np.testing.assert_allclose(out[10_000:14_000], _tone(400, 4000), atol=1e-6)


def test_running_dry_fades_out_and_counts() -> None:
    track = SoundTrack()
    track.write(10.0, _tone(0, 1200))
    first, second = track.read(10.0, _BLOCK), track.read(10.0 + 1 / 60, _BLOCK)
    assert first.any()
    assert abs(second[399, 0]) < 0.01
    assert not second[400:].any()
    assert track.underruns == 1
    assert not track.read(10.0 + 2 / 60, _BLOCK).any()


def test_hours_of_sound_need_no_more_memory() -> None:
    track = SoundTrack()
    for n in range(500):
        track.write(10.0 + n / 50, _tone(0, 960))
    assert not track.read(10.0, _BLOCK).any()  # long overwritten
    assert track.read(10.0 + 499 / 50, _BLOCK).any()
