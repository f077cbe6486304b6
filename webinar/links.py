"""Absolute addresses of this installation. Built from the public URL, never from a request's Host header."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from webinar.base.settings import Settings
from webinar.credits.certificate import short
from webinar.events.model import Event
from webinar.events.moderators import Moderators
from webinar.events.role_model import LinkRole, RoleLink
from webinar.events.roles import RoleLinks
from webinar.events.service import EventService
from webinar.recordings.model import Download, Recording, film, sound
from webinar.recordings.service import RecordingService
from webinar.registration.model import Attendee
from webinar.registration.service import RegistrationService

_DOORS: Final[Mapping[LinkRole, str]] = {LinkRole.COHOST: "h", LinkRole.PRESENTER: "s", LinkRole.MODERATOR: "m"}


class Links:
    """Every link that leaves the platform: in answers of the API, on pages, in mails, on the terminal."""

    def __init__(
        self,
        settings: Settings,
        events: EventService,
        moderators: Moderators,
        roles: RoleLinks,
        registration: RegistrationService,
        recordings: RecordingService,
    ) -> None:
        self._base = settings.public_url
        self._events = events
        self._moderators = moderators
        self._roles = roles
        self._registration = registration
        self._recordings = recordings

    def absolute(self, path: str) -> str:
        return f"{self._base}{path}"

    def event(self, event: Event) -> str:
        """The public page."""
        return self.absolute(f"/e/{quote(event.slug)}")

    def host(self, event: Event) -> str:
        """The host's page: opens to who is signed in."""
        return self.absolute(f"/events/{event.id}")

    def studio(self, event: Event) -> str:
        """The presenter's link: a secret."""
        return self.absolute(f"/s/{self._events.presenter_link(event)}")

    def moderate(self, event: Event) -> str:
        """The moderators' link: a secret."""
        return self.absolute(f"/m/{self._moderators.link(event)}")

    def role(self, link: RoleLink) -> str:
        """One person's link by role: a secret."""
        return self.absolute(f"/{_DOORS[link.role]}/{self._roles.token(link.id, link.event_id)}")

    def stage(self, link_id: uuid.UUID, event: Event) -> str:
        """The studio by a speaker's own link: a secret."""
        return self.absolute(f"/s/{self._roles.token(link_id, event.id)}")

    def whip(self, event: Event) -> str:
        return self.absolute(f"/whip/{event.id}")

    def join(self, attendee: Attendee) -> str:
        """The personal link: a secret."""
        return self.absolute(f"/j/{self._registration.join_link(attendee)}")

    def certificate(self, attendee: Attendee) -> str:
        """Their certificate, by their personal link: a secret."""
        return f"{self.join(attendee)}/certificate.pdf"

    def verify(self, certificate_id: uuid.UUID) -> str:
        """Where anybody can check a certificate."""
        return self.absolute(f"/verify/{short(certificate_id)}")

    def download(self, recording: Recording, *, host: bool = False) -> str | None:
        """A signed link to the file, for 12 hours; None while it is not ready.

        Only a link for a `host` opens it once the host has left out some of the recording.
        """
        return self._file(recording, film(recording), host=host)

    def audio(self, recording: Recording, *, host: bool = False) -> str | None:
        """The same for its sound alone."""
        return self._file(recording, sound(recording), host=host)

    def cut(self, recording: Recording, file: Download | None) -> str | None:
        """The same for the part that a host made of it."""
        if file is None:
            return None
        path = f"/recordings/{recording.id}/cut/{quote(file.name, safe='')}"
        return self.absolute(f"{path}?sig={self._recordings.signature(recording, cut=True)}")

    def film(self, recording: Recording, file: Download, *, save: bool = False) -> str:
        """What guests watch where no segments are left, or `save`: opens for as long as the replay's gate lets anybody,
        and gives what the host left of it by then.
        """
        path = f"/recordings/{recording.id}/film/{quote(file.name, safe='')}"
        return self.absolute(f"{path}?sig={self._recordings.film_key(recording)}{'&save=1' if save else ''}")

    def _file(self, recording: Recording, file: Download | None, *, host: bool) -> str | None:
        if file is None:
            return None
        path = f"/recordings/{recording.id}/{quote(file.name, safe='')}"
        return self.absolute(f"{path}?sig={self._recordings.signature(recording, host=host)}")
