"""A shared screen of 5 pictures a second is shown as early as a camera: nothing waits for the next picture."""

from __future__ import annotations

from pathlib import Path

from tests.media.live import room
from tests.media.presenter import make, present
from tests.media.reading import watch


async def test_a_picture_is_shown_within_100_ms_whatever_the_rate(tmp_path: Path, long: bool) -> None:
    """At 5 a second; in `make faults` at a camera's 30, too."""
    for fps in (5, 30) if long else (5,):
        folder = tmp_path / str(fps)
        folder.mkdir()
        # 20 ms on the way, the grid of 1/30 s, and what the buffer adds.
        assert max(await delays(folder, fps)) <= 0.1, fps


async def delays(folder: Path, fps: int) -> list[float]:
    """Seconds from the capture of each flash to its place in what viewers get."""
    clip = make(4.0, fps=fps)
    async with room(folder) as made:
        await made.session.start()
        await made.until(0.2)
        epoch_s = made.clock.now() - made.session.status().program_time_s
        began_s = made.clock.now()
        await present(made.session.presenter, clip, made.clock, delay_s=0.02)
        await made.later(0.3)
    flashes = watch(made.stream("240p")).flashes
    captured = [began_s + second - epoch_s for second in range(1, 4)]
    return [min(f - c for f in flashes if f > c - 0.05) for c in captured]
