"""How long `webinar serve` takes to start on an empty folder, to stop, and to start again."""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable

from tests.running import RunningPlatform


def measure(rounds: int) -> dict[str, float]:
    """Medians in s. A start ends with the last word of the welcome: every service serves."""
    figures: dict[str, list[float]] = {"first_start_s": [], "stop_s": [], "next_start_s": []}
    for _ in range(rounds):
        platform = RunningPlatform()
        try:
            figures["first_start_s"].append(_seconds(platform.start))
            figures["stop_s"].append(_seconds(platform.stop))
            figures["next_start_s"].append(_seconds(platform.start))
        finally:
            platform.close()
    return {name: round(statistics.median(found), 1) for name, found in figures.items()}


def _seconds(work: Callable[[], object]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    print(json.dumps(measure(parser.parse_args().rounds)))
