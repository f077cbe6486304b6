"""How a host lets people in, beside the event's own settings. Pure."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from webinar.base.errors import Conflict, FieldProblem, Invalid
from webinar.base.patterns import ONE_LINE

MOST_DOMAINS: Final = 50
SHORTEST_PASSCODE: Final = 4
# The name of a domain as `patterns.EMAIL` takes it.
_DOMAIN: Final = r"^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)+$"

Others = Literal["pending", "refused"]


@dataclass(frozen=True, slots=True)
class Rules:
    """Of one event."""

    event_id: uuid.UUID
    domains: tuple[str, ...]
    others: Others
    has_passcode: bool
    closes_at: datetime | None
    marketing: bool  # people are asked whether they want to hear of other events
    keeper: str  # who keeps the data: a name to show; "" is the host
    retention_days: int
    destroyed_at: datetime  # so many days after the end; no later than anybody who registered was told


def _lower(text: str) -> str:
    return text.lower()


Domain = Annotated[str, AfterValidator(_lower), Field(max_length=253, pattern=_DOMAIN.replace("a-z", "A-Za-z"))]
Passcode = Annotated[str, Field(min_length=SHORTEST_PASSCODE, max_length=64, pattern=ONE_LINE)]
Keeper = Annotated[str, Field(max_length=100, pattern=f"^$|{ONE_LINE}")]


class RulesChange(BaseModel):
    """What is absent stays."""

    model_config = ConfigDict(extra="forbid", strict=True)

    domains: list[Domain] | None = Field(
        default=None, max_length=MOST_DOMAINS, description="E-mail domains let in at once; empty: everybody alike."
    )
    others: Others | None = Field(default=None, description="What becomes of other addresses then.")
    passcode: Passcode | None = Field(default=None, description="Asked for on the form; null: none. Never given back.")
    closes_at: AwareDatetime | None = Field(default=None, description="Nobody can register by themselves from then on.")
    marketing: bool | None = Field(default=None, description="Whether people may agree to hear of other events.")
    keeper: Keeper | None = Field(default=None, description="Who keeps the data, as it is named on the form.")
    retention_days: Annotated[int, Field(ge=1, le=3650)] | None = Field(
        default=None, description="Days after its end until the event's personal data is destroyed."
    )


WORDS: Final = {
    "domains": "Write domains like example.org, at most 50.",
    "others": "Choose what becomes of other addresses.",
    "passcode": "Write a passcode of 4 to 64 characters, in one line.",
    "closes_at": "Choose a date and time.",
    "keeper": "Write a name of at most 100 characters, in one line.",
    "retention_days": "Choose a number of days between 1 and 3,650.",
}


def parse_change(fields: Mapping[str, Any]) -> RulesChange:
    """Of form fields; `domains` with spaces, commas or lines between them. Raises `Invalid`."""
    given = dict(fields)
    if isinstance(given.get("domains"), str):
        words = re.split(r"[\s,;]+", given["domains"].strip())
        given["domains"] = list(dict.fromkeys(word.removeprefix("@").lower() for word in words if word))
    try:
        return RulesChange.model_validate(given, strict=False)
    except ValidationError as error:
        problems: dict[str, FieldProblem] = {}
        for found in error.errors(include_url=False, include_context=False):
            name = str(found["loc"][0])
            problems.setdefault(name, FieldProblem(name, WORDS.get(name, found["msg"])))
        raise Invalid("Some fields need another look.", fields=list(problems.values())) from error


def may_keep(days: int, promised: int, agreed: int) -> None:
    """Raises `Conflict` for data kept longer than the people who `agreed` were promised."""
    if agreed and days > promised:
        raise Conflict(
            "People have registered who were told when their data is deleted. It can be earlier, but not later.",
            code="retention_promised",
        )
