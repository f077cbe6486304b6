"""Half an hour of one event with viewers and talk: what memory does, and what the recording is like at its end.

`python -m tests.bench.soak --seconds 1800` prints one JSON object. A process that grows by what it carries, not by how
long it runs, is as large at the end as it was after the first minutes.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from typing import Any

from tests.bench.event import Bench, demo, recording_of
from tests.bench.everything import counters

_EVERY_S = 10.0


def watch(bench: Bench, seconds: float) -> list[dict[str, float]]:
    """Memory of every process, MB, each ten seconds."""
    samples = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        samples.append(bench.memory())
        time.sleep(min(_EVERY_S, max(0.0, end - time.monotonic())))
    return samples


def growth(samples: list[dict[str, float]]) -> dict[str, dict[str, float]]:
    """Of each process: medians of the second and the last tenth of the run, and the most it ever had; MB."""
    tenth = max(1, len(samples) // 10)
    return {
        name: {
            "early_mb": round(statistics.median(s[name] for s in samples[tenth : 2 * tenth] or samples), 1),
            "late_mb": round(statistics.median(s[name] for s in samples[-tenth:]), 1),
            "most_mb": round(max(s[name] for s in samples), 1),
        }
        for name in samples[0]
        if all(name in s for s in samples)
    }


def soak(seconds: float, *, whep: int, hls: int, people: int, rate: float, **settings: str) -> dict[str, Any]:
    result: dict[str, Any] = {"seconds": seconds}
    with demo(**settings) as (platform, _):
        bench = Bench(platform, seconds)
        with bench.chat_crowd(people, rate) as chat, bench.hls_viewers(hls) as hls_figures:
            with bench.whep_viewers(whep) as whep_figures:
                result["memory"] = growth(watch(bench, seconds))
                result["counters"] = counters(bench)
        result |= {"chat": chat, "hls_viewers": hls_figures, "whep_viewers": whep_figures}
        result["recording"] = recording_of(platform, bench.event_id, platform.folder)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=1800)
    parser.add_argument("--whep", type=int, default=20)
    parser.add_argument("--hls", type=int, default=5)
    parser.add_argument("--people", type=int, default=100, help="in the chat")
    parser.add_argument("--rate", type=float, default=2.0, help="chat messages a second from all together")
    parser.add_argument("--ladder", default="", help="as WEBINAR_LADDER; the machine's own by default")
    options = vars(parser.parse_args())
    ladder = options.pop("ladder")
    print(json.dumps(soak(options.pop("seconds"), **options, WEBINAR_LADDER=ladder), indent=1))


if __name__ == "__main__":
    main()
