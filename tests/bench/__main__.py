"""`make bench`: every load and speed run but those of `ASKED`, one after the other; each prints its figures.

`python -m tests.bench NAME` runs one of `RUNS` below.
"""

from __future__ import annotations

import subprocess
import sys

RUNS = {
    "start": [["tests.bench.start"]],
    "event": [["tests.bench.event"]],
    "whip": [["tests.bench.whip_ingest"]],
    "whep": [["tests.bench.whep_fanout", "--viewers", str(n)] for n in (60, 150, 300)],
    "weather": [["tests.bench.whep_weather"]],
    "janus": [["tests.bench.whep_janus"]],  # needs Debian's janus
    "chat": [["tests.bench.chat_fanout"], ["tests.bench.chat_fanout", "--rate", "100"], ["tests.bench.chat_storm"]],
    "nchan": [["tests.bench.chat_nchan"], ["tests.bench.chat_nchan", "--rate", "100"]],  # needs libnginx-mod-nchan
    "recording": [["tests.bench.recording"]],
    "all": [["tests.bench.everything"]],
    "attending": [["tests.bench.attending"]],
    "lipsync": [["tests.bench.lipsync"]],
    "hls": [
        ["tests.bench.hls_cost"],
        ["tests.bench.hls_session", "player"],
        ["tests.bench.hls_session", "rules", "--reconnect"],
    ],
    "ladder": [["tests.bench.ladder"]],
    "mailing": [["tests.bench.mailing"], ["tests.bench.mailing", "--per-minute", "600"]],
    "overload": [["tests.bench.overload"]],
    "pages": [["tests.bench.pages"]],
    "player": [["tests.bench.player"]],
    "proof": [["tests.bench.proof"]],
    "registering": [["tests.bench.registering"], ["tests.bench.registering", "--over", "0"]],
    "soak": [["tests.bench.soak"]],
    "studio": [["tests.bench.studio"]],
    "trimming": [["tests.bench.trimming"]],
}
# By their names only: beside what needs a package of its own, half an hour of one event.
ASKED = frozenset(("janus", "nchan", "soak"))


def main(names: list[str]) -> int:
    unknown = set(names) - set(RUNS)
    if unknown:
        sys.exit(f"no such run: {', '.join(sorted(unknown))}; there are {', '.join(RUNS)}")
    status = 0
    for name in names or [name for name in RUNS if name not in ASKED]:
        for module, *arguments in RUNS[name]:
            print(f"# {module} {' '.join(arguments)}", flush=True)
            status |= subprocess.run([sys.executable, "-m", module, *arguments], check=False).returncode
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
