"""How messages are read: what a newer version says more is passed over."""

from __future__ import annotations

import functools
from dataclasses import fields
from typing import Any, TypeVar


class UnknownMessage(ValueError):
    """The bytes are not a message of this contract, or of a newer one."""


_T = TypeVar("_T")


@functools.cache
def _names(kind: type[Any]) -> frozenset[str]:
    return frozenset(field.name for field in fields(kind))


def read(kind: type[_T], found: dict[str, Any]) -> _T:
    """A dataclass from its JSON, without the fields of a newer version. Raises `TypeError`."""
    if not isinstance(found, dict):
        raise TypeError("not an object")
    names = _names(kind)  # type: ignore[arg-type] # classes are hashable
    return kind(**{name: value for name, value in found.items() if name in names})
