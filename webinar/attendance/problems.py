"""What is wrong with a plan or a correction that was typed, in words for people. Pure."""

from __future__ import annotations

from typing import Final

from pydantic_core import ErrorDetails

from webinar.base.errors import FieldProblem, Invalid

_WORDS: Final = {
    "prompts_per_hour": "Choose a number from 0 to 6.",
    "answer_min": "Choose minutes from 1 to 15.",
    "share": "Choose a share from 1 to 100%.",
    "minutes": "Choose a number of minutes.",
    "confirmed": "Choose a share from 1 to 100%.",
    "rules": "At most 40 rules.",
    "reason": "Write the reason in at most 500 characters.",
    "started_at": "Choose a date and time.",
    "ended_at": "Choose a date and time.",
    "kind": "Choose what is to be changed.",
}
_MINUTES: Final = "Choose minutes from 0 to 240."
_OWN: Final = ("moment", "rules", "answer_min", "started_at", "ended_at", "reason")


def invalid(errors: list[ErrorDetails]) -> Invalid:
    """One message a field, in words for people. What a whole model refuses has its field's name for a type."""
    problems: dict[str, FieldProblem] = {}
    for error in errors:
        name = ".".join(str(part) for part in error["loc"])
        if error["type"] in _OWN:
            name, text = name or error["type"], error["msg"]
        else:
            last = name.split(".")[-1]
            text = _WORDS.get(last) or (_MINUTES if last.endswith("_min") else error["msg"])
        problems.setdefault(name, FieldProblem(name, text))
    return Invalid("Some fields need another look.", fields=list(problems.values()))
