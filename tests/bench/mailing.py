"""A new time of an event is told to 300 people: how fast their letters go out, and what that costs. Prints JSON.

The mail server is a real one on loopback that takes everything at once. Each letter has text, HTML and the calendar
entry twice. `burst_s` is from the first letter to the last one; CPU is what the kernel counted for the service
`worker` meanwhile, and once more for writing the letters down a minute after the change.

    python -m tests.bench.mailing --people 300 --per-minute 60000
"""

from __future__ import annotations

import argparse
import json
import time
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.bench.event import cpu_s
from tests.running import RunningPlatform, free_ports

_START = "2030-12-01T05:00:00Z"


class Counter:
    """When each letter came, and how large it was."""

    def __init__(self) -> None:
        self.at: list[float] = []
        self.bytes = 0
        self.to: set[str] = set()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.at.append(time.monotonic())
        self.bytes += len(envelope.content or b"")
        self.to.update(envelope.rcpt_tos)
        return "250 2.0.0 taken"


def measure(people: int, per_minute: int) -> dict[str, Any]:
    """Figures of one run on a platform of its own."""
    counter = Counter()
    (port,) = free_ports(1)
    server = Controller(counter, hostname="127.0.0.1", port=port)
    server.start()
    platform = RunningPlatform(WEBINAR_SMTP_URL=f"smtp://127.0.0.1:{port}", WEBINAR_MAIL_PER_MINUTE=str(per_minute))
    try:
        platform.start()
        event = platform.call("POST", "/api/v1/events", {"title": "연례 학술대회", "starts_at": _START}).json()
        path = f"/api/v1/events/{event['id']}"
        platform.call("PATCH", f"{path}/mails/confirmed", {"enabled": False})
        for number in range(people):
            guest = {"name": f"손님 {number}", "email": f"guest{number}@example.org"}
            assert platform.call("POST", f"{path}/attendees", guest).status == 201
        worker = platform.children()["worker"]
        platform.call("PATCH", path, {"title": "연례 학술대회: 새 제목"})
        platform.wait_for(lambda: counter.at, 120, "the first letter")
        cpu = cpu_s(worker)
        platform.wait_for(lambda: len(counter.at) >= people, 120, "the last letter")
        cpu = cpu_s(worker) - cpu
        assert len(counter.to) == people
        burst = counter.at[-1] - counter.at[0]
        return {
            "people": people,
            "per_minute_allowed": per_minute,
            "burst_s": round(burst, 1),
            "letters_a_second": round((people - 1) / burst, 1),
            "worker_cpu_ms_a_letter": round(1000 * cpu / people, 1),
            "bytes_a_letter": round(counter.bytes / people),
        }
    finally:
        platform.close()
        server.stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=300)
    parser.add_argument("--per-minute", type=int, default=60_000)
    asked = parser.parse_args()
    print(json.dumps(measure(asked.people, asked.per_minute)))
