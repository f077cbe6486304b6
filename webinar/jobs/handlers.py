"""Every kind of queued job by its name, as `webinar.base.queue.enqueue` is given it, and who does it."""

from __future__ import annotations

import uuid

from webinar.base.errors import NotFound
from webinar.base.queue import Payload
from webinar.credits.service import GIVEN_OUT
from webinar.events.turned import TURNED
from webinar.hooks.service import JOB
from webinar.jobs.queue import Handler
from webinar.platform import Platform
from webinar.recordings.store import RECORDED
from webinar.registration.moves import MOVED
from webinar.registration.seating import FORGET


def handlers(platform: Platform) -> dict[str, Handler]:
    """For one worker."""

    async def forget(payload: Payload) -> None:
        await platform.forgetting.elsewhere(uuid.UUID(payload["event"]), uuid.UUID(payload["attendee"]))

    async def given_out(payload: Payload) -> None:
        try:
            event = await platform.events.get(uuid.UUID(payload["event"]))
        except NotFound:
            return
        await platform.records.certificates.tell(event, {uuid.UUID(one) for one in payload["certificates"]})

    return {
        FORGET: Handler(run=forget),
        # About a day in all, at first in quick succession.
        GIVEN_OUT: Handler(run=given_out, tries=16, longest_wait_s=21_600),
        MOVED: Handler(run=platform.guests.moved, tries=16, longest_wait_s=21_600),
        TURNED: Handler(run=platform.telling.turned, tries=16, longest_wait_s=21_600),
        RECORDED: Handler(run=platform.telling.recorded, tries=16, longest_wait_s=21_600),
        JOB: Handler(
            run=platform.hooks.deliver, failed=platform.hooks.failed, at_once=8, tries=16, longest_wait_s=21_600
        ),
    }
