"""How long cutting a recording takes: two hours at 2 Mbit/s, of which all but the first and the last ten minutes stay.

`python -m tests.bench.trimming` writes the recording (1.8 GB) into a folder, cuts it as the worker does, in a
process, and prints seconds and MB/s. Goal: a minute for two hours.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ingest.package.boxes import Sample
from ingest.record.recorder import Recorder
from tests.media.encoded import talk

_HOURS = 2
_PICTURE_BYTES = 8_000
_AHEAD_BYTES = 8_000_000  # more in its queue, and a recorder leaves out


def write(path: Path) -> float:
    """A recording of that length; its pictures are filled up, and are not to be decoded."""
    made = talk(4)
    ends: list[Exception | None] = []
    recorder = Recorder(path, ends.append)
    recorder.start()
    recorder.describe(made.audio)
    recorder.describe(made.video)
    sounds = [s for s in made.sounds if s.pts + s.duration <= 4 * 48_000]
    given = 0
    for n in range(_HOURS * 900):
        for s in made.pictures:
            data = s.data.ljust(_PICTURE_BYTES, b"\1")
            recorder.put("video", Sample(s.pts + 4 * n * 90_000, s.duration, s.sync, data))
            given += len(data)
        for s in sounds:
            recorder.put("audio", Sample(s.pts + 4 * n * 48_000, s.duration, True, s.data))
        while given - path.stat().st_size > _AHEAD_BYTES:
            time.sleep(0.01)
    recorder.finish()
    recorder.join(120)
    assert ends == [None], ends
    return recorder.duration_s


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="webinar-trimming-") as folder:
        measure(Path(folder))


def measure(folder: Path) -> None:
    source, target, wish = folder / "whole.mp4", folder / "cut.mp4", folder / "wish.json"
    length_s = write(source)
    chapters = [{"at_s": 60.0 * n, "title": f"Chapter {n}"} for n in range(0, int(length_s // 60), 5)]
    wish.write_text(json.dumps({"from_s": 600.0, "to_s": length_s - 600, "chapters": chapters}))
    began = time.monotonic()
    subprocess.run(
        [sys.executable, "-m", "ingest.record.trim", source, target, wish], check=True, stdout=subprocess.DEVNULL
    )
    seconds = time.monotonic() - began
    size = target.stat().st_size / 1e6
    print(f"{length_s / 3600:.1f} h, {source.stat().st_size / 1e6:.0f} MB; cut to {size:.0f} MB", end=" ")
    print(f"in {seconds:.1f} s, {size / seconds:.0f} MB/s")


if __name__ == "__main__":
    main()
