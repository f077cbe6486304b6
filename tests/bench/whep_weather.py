"""One viewer in Chromium behind a line that narrows and widens: `python -m tests.bench.whep_weather`.

4 Mbit/s, then 700 kbit/s, then 4 Mbit/s again; then 3 % loss and 50 ms of jitter, then 5 % and 200 ms. Prints when the
rendition changed and the longest time between two pictures on the screen in each stretch. The line is a relay in user
space (`tests/integration/lossy_relay.py`), so that it needs neither root nor a kernel with netem.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from dataclasses import asdict, dataclass, field

from tests.integration.lossy_relay import Weather
from tests.media.whep_room import Room, decoded, open_room
from tests.media.whep_source import encode

LADDER = {"720p": (1280, 720, 1_500_000), "480p": (854, 480, 800_000), "240p": (426, 240, 300_000)}


@dataclass(slots=True)
class Stretch:
    """What happened in one weather. Times in seconds from its beginning."""

    name: str
    seconds: float
    heights: list[tuple[float, int]] = field(default_factory=list)  # (when, height of the picture) at each change
    longest_gap_s: float = 0.0
    frames: int = 0
    probes: int = 0


async def stretch(room: Room, name: str, weather: Weather, seconds: float) -> Stretch:
    found = Stretch(name, seconds)
    loop = asyncio.get_running_loop()
    before, probes = decoded(await room.stats()), room.server.stats("event").totals.probes
    await room.page.evaluate("window.longestGapMs = 0")
    room.relay.weather = weather
    began_s, height = loop.time(), 0
    while loop.time() - began_s < seconds:
        stats = await room.stats()
        if stats["video"]["frameHeight"] != height:
            height = stats["video"]["frameHeight"]
            found.heights.append((round(loop.time() - began_s, 1), height))
        await asyncio.sleep(0.1)
    stats = await room.stats()
    found.longest_gap_s = round(stats["longestGapMs"] / 1000, 2)
    found.frames = decoded(stats) - before
    found.probes = room.server.stats("event").totals.probes - probes
    return found


async def measure(short: bool) -> list[Stretch]:
    clip = encode(LADDER)
    queue_s = 0.15
    good = Weather(rate=4_000_000, delay_s=0.02, queue_s=queue_s)
    narrow = Weather(rate=700_000, delay_s=0.02, queue_s=queue_s)
    rough = Weather(loss=0.03, delay_s=0.02, jitter_s=0.05)
    storm = Weather(loss=0.05, delay_s=0.02, jitter_s=0.2)
    plan = [("4 Mbit/s", good, 10), ("700 kbit/s", narrow, 25), ("4 Mbit/s again", good, 60)]
    if not short:
        plan += [("3 % loss, 50 ms jitter", rough, 40), ("5 % loss, 200 ms jitter", storm, 40)]
    async with open_room(clip) as room:
        await room.page.evaluate("play()")
        await room.until(lambda s: decoded(s) >= 30, "a second of picture")
        return [await stretch(room, name, weather, seconds) for name, weather, seconds in plan]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="without loss and jitter")
    for found in asyncio.run(measure(parser.parse_args().short)):
        print(json.dumps(asdict(found)), flush=True)


if __name__ == "__main__":
    main()
