"""The event's logo as letters carry it: small, and made once for all letters of an event."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import Final

from webinar.base import log
from webinar.base.errors import WebinarError
from webinar.events.images import Images
from webinar.events.model import Event
from webinar.events.pictures import within
from webinar.mail.compose import Logo

_log = log.get(__name__)
_SHOWN: Final = (200, 48)  # CSS pixels, at most
_SHARP: Final = 2  # pixels of the picture for each of them
_KEPT: Final = 32


class Logos:
    """One a process."""

    def __init__(self, images: Images) -> None:
        self._images = images
        self._made: OrderedDict[str, Logo] = OrderedDict()  # by the picture's digest

    async def of(self, event: Event) -> Logo | None:
        """None where the event has none, and while the store does not give it: no letter waits for a picture."""
        image = (await self._images.brand(event)).logo
        if image is None:
            return None
        made = self._made.get(image.sha256)
        if made is None:
            try:
                data = await self._images.read(image)
            except WebinarError as error:
                _log.warning("a letter goes out without the logo", event_id=str(event.id), error=error.message)
                return None
            scale = min(1.0, _SHOWN[0] / image.width, _SHOWN[1] / image.height)
            width, height = max(1, round(image.width * scale)), max(1, round(image.height * scale))
            small = await asyncio.to_thread(within, data, width * _SHARP, height * _SHARP)
            made = self._made[image.sha256] = Logo(small, width, height)
            if len(self._made) > _KEPT:
                self._made.popitem(last=False)
        return made
