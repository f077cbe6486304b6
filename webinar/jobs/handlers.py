"""Every kind of queued job by its name, as `webinar.base.queue.enqueue` is given it, and who does it."""

from __future__ import annotations

from webinar.jobs.queue import Handler
from webinar.platform import Platform


def handlers(platform: Platform) -> dict[str, Handler]:
    """For one worker."""
    return {}
