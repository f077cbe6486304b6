"""The worker's mail: letters of the queue, reminders, and the connection to the mail server."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import replace

from webinar.host_post import HostPost
from webinar.jobs.queue import Handler
from webinar.jobs.reminders import Reminders
from webinar.letters import CALLED_OFF, CHANGED
from webinar.mail.postman import Postman
from webinar.mail.server import parse
from webinar.mail.service import DESTROYED_SOON, ENDED_ITSELF, ENDS_ITSELF
from webinar.mail.store import JOB
from webinar.people.addresses import ADDRESS_ASKED, NEW_ADDRESS
from webinar.people.hosts import FORGOTTEN
from webinar.platform import Platform
from webinar.post import Post


class Mailing:
    """One a worker where a mail server is set."""

    def __init__(self, platform: Platform, *, context: ssl.SSLContext | None = None) -> None:
        settings = platform.settings
        if settings.smtp_url is None:
            raise ValueError("no mail server is set")
        server = parse(settings.smtp_url.get_secret_value())
        hello = platform.writer.host
        self._postman = Postman(server, hello=hello, per_minute=settings.mail_per_minute, context=context)
        self._post = Post(
            platform.mail,
            platform.events,
            platform.registration,
            platform.showing,
            platform.writer,
            platform.logos,
            self._postman,
        )
        self._host_post = HostPost(
            platform.people,
            platform.events,
            platform.destruction,
            platform.mail,
            platform.writer,
            platform.logos,
            platform.links,
            platform.tokens,
            self._postman,
        )
        self._reminders = Reminders(platform.mail, platform.letters)

    def handlers(self) -> dict[str, Handler]:
        """A letter is tried for about six hours; its server is asked one letter after the other."""
        post = self._post
        patient = Handler(
            run=post.deliver,
            failed=post.given_up,
            at_once=4,
            tries=40,
            limit_s=120.0,
            first_wait_s=10.0,
            longest_wait_s=600.0,
        )
        return {
            JOB: patient,
            CALLED_OFF: replace(patient, run=post.called_off, failed=None),
            CHANGED: Handler(run=post.changed),
            # Who waits for it has asked again by then: about an hour.
            FORGOTTEN: replace(patient, run=self._host_post.forgotten, failed=None, tries=12),
            NEW_ADDRESS: replace(patient, run=self._host_post.new_address, failed=None),
            ADDRESS_ASKED: replace(patient, run=self._host_post.address_asked, failed=None),
            ENDS_ITSELF: replace(patient, run=self._host_post.ends_itself, failed=None),
            ENDED_ITSELF: replace(patient, run=self._host_post.ended_itself, failed=None),
            DESTROYED_SOON: replace(patient, run=self._host_post.destroyed_soon, failed=None),
        }

    async def close(self) -> None:
        await self._postman.close()

    async def keep(self) -> None:
        """For the life of the worker."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._postman.keep(), name="postman")
            tasks.create_task(self._reminders.keep(), name="reminders")
