"""All of it at once on one machine: the whole ladder, WHEP and LL-HLS viewers, a full chat.

`python -m tests.bench.everything` prints one JSON object. The load's own CPU comes off the same cores and is told too.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import time
from pathlib import Path
from typing import Any

from tests.bench.event import TICKS, Bench, demo, recording_of

_COUNTER = re.compile(r"^(webinar_\w*(?:dropped|lost|failures)\w*_total)(?:\{[^}]*\})? ([\d.e+-]+)$", re.MULTILINE)


def busy_s() -> float:
    """CPU seconds of the whole machine so far, all but idle and waiting for disks."""
    fields = [int(word) for word in Path("/proc/stat").read_text().splitlines()[0].split()[1:]]
    return (sum(fields[:7]) - fields[3] - fields[4]) / TICKS


def counters(bench: Bench) -> dict[str, float]:
    """Counters of the services that should stand still, by name."""
    found: dict[str, float] = {}
    for port in ("WEBINAR_HTTP_PORT", "WEBINAR_INGEST_HTTP_PORT"):
        url = f"http://127.0.0.1:{bench.platform.env[port]}/metrics"
        text = bench.platform.call("GET", url, token="").body.decode()
        for name, value in _COUNTER.findall(text):
            found[name] = found.get(name, 0.0) + float(value)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--whep", type=int, default=300)
    parser.add_argument("--hls", type=int, default=20)
    parser.add_argument("--people", type=int, default=1000, help="in the chat")
    parser.add_argument("--rate", type=float, default=5.0, help="chat messages a second from all together")
    parser.add_argument("--seconds", type=float, default=30)
    options = parser.parse_args()
    result: dict[str, Any] = vars(options).copy()
    with demo() as (platform, _):
        bench = Bench(platform, options.seconds)
        with (
            bench.chat_crowd(options.people, options.rate) as chat,
            bench.hls_viewers(options.hls) as hls,
            bench.whep_viewers(options.whep) as whep,
        ):
            before, began, was_busy = counters(bench), time.monotonic(), busy_s()
            result["cpu"] = bench.cpu()
            result["cpu_machine"] = round(
                100 * (busy_s() - was_busy) / (time.monotonic() - began) / (os.cpu_count() or 1), 1
            )
            result["counters"] = {
                name: value - before.get(name, 0.0)
                for name, value in counters(bench).items()
                if value != before.get(name, 0.0)
            }
            live = bench.platform.call("GET", f"/api/v1/events/{bench.event_id}/live").json()
            result["renditions"] = live["renditions"]
            result["memory_mb"] = bench.memory()
        result |= {
            "chat": chat,
            "hls_viewers": hls,
            "whep_viewers": whep,
            "recording": recording_of(platform, bench.event_id, platform.folder),
        }
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
