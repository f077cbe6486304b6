"""Whether a bundle is what its key signed, and if not, exactly what does not fit. Pure and offline.

Everything in a bundle may be hostile: sizes, names and nesting are bounded before anything is believed.
"""

from __future__ import annotations

import base64
import binascii
import enum
import hashlib
import json
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO, Any, Final

from webinar.base.chain import GENESIS, canonical, link
from webinar.credits.bundle import FORMAT, LOG, MANIFEST, SIGNATURE, VERSION
from webinar.credits.keys import SIGNATURE_BYTES, PublicKey

_SMALL: Final = 1024 * 1024  # bytes of a manifest or a signature
_LARGEST: Final = 1024 * 1024 * 1024  # of all files together, unpacked
_LONGEST_LINE: Final = 1024 * 1024
_MOST_FILES: Final = 32
_MOST_PROBLEMS: Final = 20
_PIECE: Final = 256 * 1024


class Verdict(enum.StrEnum):
    VALID = "valid"
    INVALID = "invalid"  # it is a bundle, and something in it does not fit
    UNREADABLE = "unreadable"  # it is no bundle


@dataclass(frozen=True, slots=True)
class Problem:
    """What does not fit. `code` is stable; `text` is for people."""

    code: str
    file: str
    text: str


@dataclass(slots=True)
class Report:
    """What a check found. `key` and `event` are what the bundle says of itself: believed only when it is valid."""

    verdict: Verdict = Verdict.UNREADABLE
    problems: list[Problem] = field(default_factory=list)
    key: PublicKey | None = None
    trusted: bool | None = None  # whether the key is one of those that were given; None when none were
    event: Mapping[str, Any] = field(default_factory=dict)
    made_at: str = ""
    keys_url: str = ""
    entries: int = 0
    head: str = ""
    sealed: bool = False
    files: tuple[str, ...] = ()
    unlisted: int = 0  # problems beyond those in the list

    def say(self, code: str, file: str, text: str) -> None:
        if len(self.problems) < _MOST_PROBLEMS:
            self.problems.append(Problem(code, file, text))
        else:
            self.unlisted += 1


class _NoBundle(Exception):
    """It cannot be read as a bundle at all; the message says why."""


def check(file: IO[bytes], known: frozenset[str] | None = None, *, largest: int = _LARGEST) -> Report:
    """Checks a bundle of at most `largest` bytes, unpacked.

    `known`: ids or public keys that are trusted; without them any key may have signed.
    """
    report = Report()
    try:
        with zipfile.ZipFile(file) as archive:
            _check(archive, report, known, largest)
    except _NoBundle as error:
        report.say("unreadable", "", str(error))
        return report
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        # zipfile raises these for archives that are cut, changed in their structure, encrypted or of another kind, and
        # for names that are no text.
        report.say("unreadable", "", f"It is not a whole .zip file ({error}).")
        return report
    report.verdict = Verdict.INVALID if report.problems else Verdict.VALID
    return report


def _check(archive: zipfile.ZipFile, report: Report, known: frozenset[str] | None, largest: int) -> None:
    names = [info.filename for info in archive.infolist()]
    if len(names) > _MOST_FILES or sum(info.file_size for info in archive.infolist()) > largest:
        raise _NoBundle("It holds more than a bundle does.")
    if any(info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for info in archive.infolist()):
        raise _NoBundle("It is packed in a way that no bundle is.")
    if MANIFEST not in names or SIGNATURE not in names:
        raise _NoBundle(
            f"It has no {MANIFEST if MANIFEST not in names else SIGNATURE}: it is not an attendance bundle."
        )
    raw = _small(archive, MANIFEST)
    manifest = _object(raw, MANIFEST)
    if manifest.get("format") != FORMAT:
        raise _NoBundle("It is not an attendance bundle.")
    if manifest.get("version") != VERSION:
        raise _NoBundle(f"It is of version {manifest.get('version')!r}; this program knows {VERSION}. Use a newer one.")
    _signature(archive, raw, manifest, report, known)
    _about(manifest, report)
    for name in sorted({name for name in names if names.count(name) > 1}):
        report.say("double_file", name, f"{name} is in it twice.")
    _files(archive, set(names) - {MANIFEST, SIGNATURE}, manifest, report)
    if LOG in names:
        _chain(archive, manifest, report)


def _signature(
    archive: zipfile.ZipFile, raw: bytes, manifest: dict[str, Any], report: Report, known: frozenset[str] | None
) -> None:
    named = manifest.get("key")
    try:
        key = PublicKey.of(str(named["public"]))  # type: ignore[index] # whatever it is: the errors are caught
        if named["id"] != key.id:  # type: ignore[index]
            report.say("key_id", MANIFEST, "The key's id is not that of the key.")
    except (TypeError, KeyError, ValueError):
        report.say("no_key", MANIFEST, "The manifest names no Ed25519 key.")
        return
    report.key = key
    if known is not None:
        report.trusted = bool({key.id, key.text} & known)
        if not report.trusted:
            report.say("unknown_key", MANIFEST, f"It was signed by the key {key.id}, which is none of those you gave.")
    try:
        text = str(_object(_small(archive, SIGNATURE), SIGNATURE).get("signature", ""))
        signature = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (_NoBundle, binascii.Error, ValueError):
        signature = b""
    if len(signature) != SIGNATURE_BYTES:
        report.say("bad_signature", SIGNATURE, "There is no signature in signature.json.")
    elif not key.signed(signature, raw):
        report.say("bad_signature", SIGNATURE, "The signature is not of this manifest: one of the two was changed.")


def _about(manifest: dict[str, Any], report: Report) -> None:
    event, log = manifest.get("event"), manifest.get("log")
    report.event = event if isinstance(event, dict) else {}
    report.made_at, report.keys_url = str(manifest.get("made_at", "")), str(manifest.get("keys_url", ""))
    if isinstance(log, dict):
        report.head, report.sealed = str(log.get("head", "")), log.get("sealed") is True


def _files(archive: zipfile.ZipFile, there: set[str], manifest: dict[str, Any], report: Report) -> None:
    listed = manifest.get("files")
    if not isinstance(listed, dict):
        report.say("no_files", MANIFEST, "The manifest names no files.")
        return
    report.files = tuple(sorted(str(name) for name in listed))
    for name in sorted(there - set(listed)):
        report.say("extra_file", name, f"{name} is not named by the manifest.")
    for name in sorted(listed):
        said = listed[name] if isinstance(listed[name], dict) else {}
        if name not in there:
            report.say("missing_file", name, f"{name} is missing.")
            continue
        digest, size = hashlib.sha256(), 0
        try:
            for piece in _pieces(archive, name):
                digest.update(piece)
                size += len(piece)
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            report.say("changed_file", name, f"{name} cannot be unpacked whole ({error}).")
            continue
        if digest.hexdigest() != said.get("sha256"):
            report.say("changed_file", name, f"{name} was changed: its SHA-256 is not the one in the manifest.")
        elif size != said.get("bytes"):
            report.say("changed_file", name, f"{name} has {size} bytes, not {said.get('bytes')}.")


def _chain(archive: zipfile.ZipFile, manifest: dict[str, Any], report: Report) -> None:
    """Follows the log from its first entry; after the first break the rest is still counted, not judged."""
    prev, expected, broken = GENESIS, 1, False
    try:
        for number, line in enumerate(_lines(archive, LOG), 1):
            report.entries = number
            if broken:
                continue
            wrong = _wrong(line, prev, expected)
            if wrong is not None:
                report.say(wrong[0], LOG, f"Line {number} of {LOG}: {wrong[1]}")
                broken = True
                continue
            prev, expected = json.loads(line)["hash"], expected + 1
    except _NoBundle as error:
        report.say("changed_file", LOG, str(error))
        return
    except (zipfile.BadZipFile, zlib.error, EOFError):
        return  # said of the file already
    log = manifest.get("log") if isinstance(manifest.get("log"), dict) else {}
    if not broken and (prev != log.get("head") or report.entries != log.get("entries")):  # type: ignore[union-attr]
        told = log.get("entries")  # type: ignore[union-attr]
        report.say(
            "log_end", LOG, f"The log ends after {report.entries} entries, elsewhere than the manifest says ({told})."
        )


def _wrong(line: bytes, prev: str, expected: int) -> tuple[str, str] | None:
    """(code, words) of what is the matter with one entry; None when it follows the one before."""
    try:
        entry = json.loads(line)
        seq, at, type_, body = entry["seq"], entry["at"], entry["type"], entry["body"]
        told_prev, told_hash = entry["prev"], entry["hash"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return "log_entry", "this is no entry of a log."
    if seq != expected:
        return "log_order", f"here stands entry {seq!r} where {expected} should be: one was removed, added or moved."
    try:
        found = link(prev, seq=seq, at=at, type_=type_, body=body)
    except (ValueError, TypeError, RecursionError, UnicodeEncodeError):
        return "log_entry", "this is no entry of a log."
    if told_prev != prev:
        return (
            "log_order",
            f"entry {seq} does not follow the entry before it: one was removed, added, moved or changed.",
        )
    if told_hash != found or canonical(entry) != line:
        return "log_changed", f"entry {seq} was changed: its hash is another one."
    return None


def _lines(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    with archive.open(name) as file:
        while line := file.readline(_LONGEST_LINE + 1):
            if len(line) > _LONGEST_LINE:
                raise _NoBundle(f"A line of {name} is longer than any of ours.")
            yield line.rstrip(b"\n")


def _pieces(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    """At most `_LARGEST` bytes, whatever the archive says of the size."""
    left = _LARGEST
    with archive.open(name) as file:
        while left > 0 and (piece := file.read(min(_PIECE, left))):
            left -= len(piece)
            yield piece


def _small(archive: zipfile.ZipFile, name: str) -> bytes:
    try:
        with archive.open(name) as file:
            data = file.read(_SMALL + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise _NoBundle(f"{name} cannot be unpacked ({error}).") from error
    if len(data) > _SMALL:
        raise _NoBundle(f"{name} is larger than any of ours.")
    return data


def _object(data: bytes, name: str) -> dict[str, Any]:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise _NoBundle(f"{name} is not JSON.") from error
    if not isinstance(value, dict):
        raise _NoBundle(f"{name} is not a JSON object.")
    return value
