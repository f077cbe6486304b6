"""What `webinar verify` says of a bundle: for people, and for programs. Pure."""

from __future__ import annotations

import json
from typing import Any, Final

from webinar.credits.check import Report, Verdict

_PROVES: Final = (
    "This proves the record: the holder of the key kept it and nobody has changed it since.",
    "It does not prove attention.",
)
STATUS: Final = {Verdict.VALID: 0, Verdict.INVALID: 1, Verdict.UNREADABLE: 2}


def lines(report: Report) -> list[str]:
    """For the person at the terminal."""
    if report.verdict is Verdict.UNREADABLE:
        return [f"✗ This cannot be read as an attendance bundle. {report.problems[0].text}"]
    event = f"{report.event.get('title', '?')} ({report.event.get('id', '?')})"
    if report.verdict is Verdict.INVALID:
        said = [f"✗ NOT VALID: something in this bundle does not fit. It says it is of {event}."]
        said += [f"  • {problem.text}" for problem in report.problems]
        if report.unlisted:
            said.append(f"  • and {report.unlisted} more")
        return [*said, "  Do not rely on it. Ask whoever gave it to you for the original file."]
    said = [
        f"✓ Valid: {event}",
        f"  made      {report.made_at}",
        f"  files     {', '.join(report.files)}: all as they were signed",
        f"  log       {report.entries} entries, each fits the one before; "
        + ("it was closed" if report.sealed else "it was not closed yet: the event may have gone on"),
        f"  key       {_key(report)}",
    ]
    if report.trusted is None:
        said.append(f"            Compare it with the one published at {report.keys_url}, or check with --key.")
    return [*said, *(f"  {text}" for text in _PROVES)]


def _key(report: Report) -> str:
    key = report.key
    if key is None:
        return "none"
    return f"{key.id} (Ed25519 {key.text})" + (", which you trust" if report.trusted else "")


def document(report: Report) -> dict[str, Any]:
    """For programs."""
    key = report.key
    return {
        "verdict": report.verdict.value,
        "problems": [{"code": p.code, "file": p.file, "text": p.text} for p in report.problems],
        "more_problems": report.unlisted,
        "key": None if key is None else {"id": key.id, "algorithm": "Ed25519", "public": key.text},
        "trusted": report.trusted,
        "event": dict(report.event),
        "made_at": report.made_at,
        "keys_url": report.keys_url,
        "log": {"entries": report.entries, "head": report.head, "sealed": report.sealed},
        "files": list(report.files),
        "proves": "the record, not attention",
    }


def known_keys(text: str) -> frozenset[str]:
    """The keys of a published JWK set, for `check`. Raises `ValueError` when it is none."""
    value = json.loads(text)
    if not isinstance(value, dict) or not isinstance(value.get("keys"), list):
        raise ValueError("it is no set of keys")
    return frozenset(str(key["x"]) for key in value["keys"] if isinstance(key, dict) and "x" in key)
