"""How attendance of an event is taken, and what counts: the host's plan with its rules. Pure."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from webinar.attendance.problems import invalid

MOST_RULES: Final = 40
# Two prompts are never nearer than half of their mean distance; an answer must be over before the next may come.
_NEAREST: Final = 0.5
RULE_WORDS: Final = "A rule asks for a share, for minutes, for check-in or check-out, or for answered prompts."
ANSWER_WORDS: Final = "Choose fewer minutes: an answer must be over before the next prompt can come."


class Rule(BaseModel):
    """What somebody must have done for the event, or one item of its agenda, to count. All that is given is needed."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    id: uuid.UUID | None = Field(default=None, description="Null for a new one.", strict=False)
    agenda_item_id: uuid.UUID | None = Field(default=None, description="Null: the whole event.", strict=False)
    share: Annotated[int | None, Field(ge=1, le=100, description="% of the programme, watched live.")] = None
    minutes: Annotated[int | None, Field(ge=1, le=20_160, description="Watched live.")] = None
    enter: bool = Field(default=False, description="Checked in while it could be done.")
    leave: bool = Field(default=False, description="Checked out while it could be done.")
    confirmed: Annotated[
        int | None, Field(ge=1, le=100, description="% of the prompts answered that the person was asked.")
    ] = None

    @model_validator(mode="after")
    def _asks_for_something(self) -> Rule:
        if not (self.share or self.minutes or self.enter or self.leave or self.confirmed):
            raise PydanticCustomError("rules", RULE_WORDS)
        return self


Minutes = Annotated[int, Field(ge=0, le=240)]


class Plan(BaseModel):
    """How attendance of one event is taken."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    windows: bool = Field(default=False, description="People check in and check out.")
    enter_before_min: Minutes = Field(default=30, description="Check-in opens so long before the start.")
    enter_after_min: Minutes = Field(default=15, description="It closes so long after it, or when the event ends.")
    leave_before_min: Minutes = Field(
        default=10, description="Check-out opens so long before the planned end; it closes when the event ends."
    )
    prompts_per_hour: Annotated[int, Field(ge=0, le=6, description="How often people are asked, on average.")] = 0
    answer_min: Annotated[int, Field(ge=1, le=15, description="Time to answer.")] = 3
    pauses_count: bool = Field(default=True, description="Breaks of the programme belong to it.")
    rules: Annotated[tuple[Rule, ...], Field(max_length=MOST_RULES)] = ()

    @model_validator(mode="after")
    def _answers_end_before_the_next_prompt(self) -> Plan:
        if self.prompts_per_hour and self.answer_min > 60 * _NEAREST / self.prompts_per_hour:
            raise PydanticCustomError("answer_min", ANSWER_WORDS)
        return self

    @property
    def prompt_gaps(self) -> tuple[timedelta, timedelta] | None:
        """The least and the greatest time from one prompt to the next; None without prompts."""
        if not self.prompts_per_hour:
            return None
        mean = timedelta(hours=1) / self.prompts_per_hour
        return mean * _NEAREST, mean * (2 - _NEAREST)


def parse_plan(fields: dict[str, Any]) -> Plan:
    """A `Plan` of form fields; raises `Invalid`."""
    try:
        return Plan.model_validate(fields, strict=False)
    except ValidationError as error:
        raise invalid(error.errors(include_url=False)) from error
