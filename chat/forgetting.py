"""What the log keeps of somebody who had their data deleted: that there was something, and nothing of whom or what.

The rows stay, with their numbers and times, so that the order has no gap and answers still point somewhere. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chat.entry import FORGOTTEN


def forgotten(writer: str, content: Mapping[str, Any], person: str, alias: str) -> tuple[str, dict[str, Any]]:
    """(writer, content) of a row once `person` is nobody but `alias`; the same when it says nothing of them."""
    made = dict(content)
    if writer == person:
        made |= {"name": "", FORGOTTEN: True}
        if "body" in made:
            made["body"] = ""
    if made.get("person") == person:  # an order about them
        made |= {"person": alias, "person_name": ""}
    copy = made.get("message")
    if isinstance(copy, Mapping) and copy.get("person") == person:
        whose, inner = forgotten(person, copy["content"], person, alias)
        made["message"] = {**copy, "person": whose, "content": inner}
    return (alias if writer == person else writer), made
