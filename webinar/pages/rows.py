"""Lists that are edited row by row on one form: their fields, and what its buttons do with a row. Pure.

Row n of a list has the fields `<list>-<n>-<field>`. A button of the form sends `do`: `add`, `up:<n>`, `down:<n>`,
`remove:<n>` or a word of the list's own; the page then comes back with the list so arranged and nothing is saved.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from pydantic import BaseModel, ValidationError

from webinar.base.errors import FieldProblem, Invalid
from webinar.pages.forms import FormView, Sent
from webinar.pages.visit import Visit

Row = dict[str, str]
M = TypeVar("M", bound=BaseModel)
ADD: Final = "add"
_MOVES: Final = {"up": -1, "down": 1}


@dataclass(frozen=True, slots=True)
class Done:
    """What a button asked for: its word, the row it stands in (-1: none), and where the eye should be now."""

    verb: str
    row: int = -1

    @property
    def focus(self) -> int:
        """The row that the page should show first after it."""
        return max(0, self.row + _MOVES.get(self.verb, 0))


def asked(sent: Sent) -> Done:
    """`save` when no button of a row was pressed."""
    verb, _, number = sent.text("do").partition(":")
    return Done(verb or "save", int(number) if number.isascii() and number.isdigit() and len(number) < 4 else -1)


def read(sent: Sent, name: str, fields: Sequence[str], most: int) -> list[Row]:
    """The rows in the order of their numbers, as typed; at most `most`."""
    numbers = {
        int(parts[1])
        for parts in (key.split("-") for key in sent.fields)
        if len(parts) == 3 and parts[0] == name and parts[1].isascii() and parts[1].isdigit() and len(parts[1]) < 4
    }
    return [{f: sent.text(f"{name}-{n}-{f}") for f in fields} for n in sorted(numbers)[:most]]


def filled(rows: Iterable[Row], fields: Sequence[str]) -> list[Row]:
    """Those in which something of these fields was written: an empty row is nobody's mistake."""
    return [row for row in rows if any(row.get(f) for f in fields)]


def made(model: type[M], rows: Iterable[Mapping[str, object]], words: Mapping[str, str]) -> list[M]:
    """One of `model` of each row. Raises `Invalid`, its fields named `items.<n>.<field>` with n of the rows given.

    `words`: by field what is said to people of a problem, where the model's own words are for programs.
    """
    found: list[M] = []
    problems: list[FieldProblem] = []
    for n, row in enumerate(rows):
        try:
            found.append(model.model_validate(row, strict=False))
        except ValidationError as error:
            for problem in error.errors(include_url=False, include_context=False):
                name = str(problem["loc"][0])
                problems.append(FieldProblem(f"items.{n}.{name}", words.get(name, problem["msg"])))
    if problems:
        raise Invalid("Some fields need another look.", fields=problems)
    return found


def moved(rows: Sequence[Row], done: Done) -> list[Row]:
    """The list with a row one further up or down, or without it; as it is for what cannot be done."""
    found = list(rows)
    if not 0 <= done.row < len(found):
        return found
    if done.verb == "remove":
        del found[done.row]
    elif done.verb in _MOVES and 0 <= (other := done.row + _MOVES[done.verb]) < len(found):
        found[done.row], found[other] = found[other], found[done.row]
    return found


def view(rows: Sequence[Row], name: str) -> FormView:
    """The rows as the fields of a form."""
    return FormView({f"{name}-{n}-{f}": value for n, row in enumerate(rows) for f, value in row.items()})


def show_problems(shown: FormView, name: str, error: Invalid, made: Visit, at: dict[str, str] | None = None) -> None:
    """Puts what is wrong with `items.<n>.<field>` beside the row's field; `at`: fields that are called otherwise."""
    for problem in error.fields:
        parts = problem.field.split(".")
        if len(parts) == 3 and parts[0] == "items":
            field = (at or {}).get(parts[2], parts[2])
            shown.problems.setdefault(f"{name}-{parts[1]}-{field}", made.t(problem.message))
        else:
            shown.message = made.t(problem.message)
    if not error.fields:
        shown.message = made.t(error.message)
