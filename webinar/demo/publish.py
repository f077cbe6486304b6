"""`python -m webinar.demo.publish --whip-url URL`: keeps the talk, or a clip, on air until SIGTERM or SIGINT.

The stream key is read from WEBINAR_STREAM_KEY and never from the command line, which other users can see.
Exit status: 0 stopped, 1 failed with one line why, 2 usage.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import av

from webinar.base import log
from webinar.base.errors import WebinarError
from webinar.demo.clip import Clip
from webinar.demo.publisher import publish
from webinar.demo.source import Source
from webinar.demo.talk import Talk


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m webinar.demo.publish", description="Publishes the generated talk, or a clip, over WHIP."
    )
    parser.add_argument("--whip-url", required=True, help="address of the event's WHIP endpoint")
    parser.add_argument("--clip", type=Path, help="a video file to loop in place of the generated talk")
    parser.add_argument("--no-take-over", action="store_true", help="give way when somebody else is on air")
    parser.add_argument("--log-level", default=os.environ.get("WEBINAR_LOG_LEVEL") or "info")
    parser.add_argument("--log-format", default=os.environ.get("WEBINAR_LOG_FORMAT") or "console")
    return parser.parse_args(argv)


async def _run(arguments: argparse.Namespace, stream_key: str) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    source: Source = await asyncio.to_thread(Clip, arguments.clip) if arguments.clip else await asyncio.to_thread(Talk)
    report = await publish(arguments.whip_url, stream_key, source, stop=stop, take_over=not arguments.no_take_over)
    log.get(__name__).info(
        "publisher done", connections=report.connections, frames=report.frames, skipped=report.skipped
    )


def main(argv: Sequence[str] | None = None) -> int:
    arguments = _arguments(sys.argv[1:] if argv is None else argv)
    stream_key = os.environ.get("WEBINAR_STREAM_KEY")
    if not stream_key:
        sys.stderr.write("WEBINAR_STREAM_KEY is not set: put the event's stream key into it.\n")
        return 2
    log.configure("demo", arguments.log_level, arguments.log_format)
    av.logging.set_level(None)  # its callback into Python can deadlock threads
    try:
        asyncio.run(_run(arguments, stream_key))
    except WebinarError as error:
        sys.stderr.write(f"{error.message}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
