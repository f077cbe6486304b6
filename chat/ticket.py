"""Who somebody is in which room: what the web service vouches for."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from chat import wire
from chat.entry import ROLES, STAFF
from webinar.base.errors import Gone, WebinarError
from webinar.base.tokens import Purpose, Tokens

_LONGEST: Final = 200  # characters of an id, of a name


class Expired(Exception):
    """A ticket of ours, too old: a new one opens the room."""


class Invalid(Exception):
    """No ticket of this installation, or not for chat."""


@dataclass(frozen=True, slots=True)
class Ticket:
    event_id: uuid.UUID
    person: str
    role: str
    name: str
    issued_at: int  # Unix time, s
    names_shown: bool | None = None  # the event's setting by which the name was chosen; None: it is shown always

    @property
    def staff(self) -> bool:
        return self.role in STAFF

    @classmethod
    def read(cls, tokens: Tokens, text: str) -> Ticket:
        """Raises `Expired`, `Invalid`."""
        try:
            return cls._of(tokens.read(Purpose.CHAT, text))
        except Gone as error:
            raise Expired from error
        except (WebinarError, ValueError, KeyError) as error:
            raise Invalid from error

    @classmethod
    def _of(cls, claims: Mapping[str, Any]) -> Ticket:
        person, role, name = claims["person"], claims["role"], claims["name"]
        for text in (person, name):
            if not isinstance(text, str) or not 0 < len(text) <= _LONGEST:
                raise ValueError("a claim is not a text of sensible length")
        if role not in ROLES:
            raise ValueError("no such role")
        shown = claims.get("names")
        if shown is not None and not isinstance(shown, bool):
            raise ValueError("no setting")
        event = uuid.UUID(str(claims["event"]))
        return cls(event, person, role, wire.clean(name) or "?", int(claims["iat"]), shown)
