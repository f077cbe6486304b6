"""The signed bundle of an event's attendance: a .zip that anybody can check years later, without us (`check.py`).

`manifest.json` (canonical JSON) names every other file with its SHA-256, the head of the log's chain, the event and the
key; `signature.json` holds the Ed25519 signature over the bytes of the manifest. So one signature covers all of it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any, Final

from webinar.base.chain import GENESIS, canonical
from webinar.credits.keys import SigningKey
from webinar.credits.model import utc

FORMAT: Final = "webinar-attendance-bundle"
VERSION: Final = 1
MANIFEST: Final = "manifest.json"
SIGNATURE: Final = "signature.json"
LOG: Final = "log.jsonl"
PEOPLE: Final = "people.csv"
RULES: Final = "rules.json"
README: Final = "README.txt"
_TIME: Final = (1980, 1, 1, 0, 0, 0)  # the same content makes the same file

_HOW: Final = """\
This is the attendance record of one event, signed by the platform that kept it.

  manifest.json   what belongs to it, with the SHA-256 of every file, and the public key
  signature.json  the Ed25519 signature (RFC 8032) over the bytes of manifest.json
  log.jsonl       everything that was noted, in order; each entry's hash is over the one before
  people.csv      one row a person
  rules.json      the rules the minutes were judged by

Check it offline:  webinar verify FILE
or with any tool that knows SHA-256 and Ed25519. Compare the key with the one the platform publishes:
  {keys}

It proves the record: that it was kept by the holder of that key and has not been changed since. It does not prove
attention.

이 파일은 한 행사의 출석 기록이며, 기록한 플랫폼이 서명했어요.
확인하기(인터넷 없이):  webinar verify 파일
공개 키는 위 주소에 있는 것과 비교해 주세요.
기록이 그 키의 주인에게서 나왔고 그 뒤로 바뀌지 않았다는 것을 증명해요. 집중해서 보았다는 증명은 아니에요.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """Which event a bundle is of, and where its keys are published."""

    event: Mapping[str, Any]  # canonical JSON types only
    made_at: datetime
    keys_url: str
    sealed: bool  # whether the log was closed when it was taken


def write(
    out: IO[bytes],
    about: About,
    log: Iterable[Mapping[str, Any]],
    people: Iterable[bytes],
    rules: Any,
    key: SigningKey,
) -> None:
    """Writes the bundle; `log` are `{seq, at, type, body, prev, hash}` in order, `people` pieces of the CSV.

    Files are written as they come, so memory does not grow with them.
    """
    head, entries = GENESIS, 0
    files: dict[str, dict[str, Any]] = {}

    def lines() -> Iterable[bytes]:
        nonlocal head, entries
        for entry in log:
            head, entries = entry["hash"], entries + 1
            yield canonical(dict(entry)) + b"\n"

    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, pieces in (
            (README, (_HOW.format(keys=about.keys_url).encode(),)),
            (RULES, (canonical(rules),)),
            (PEOPLE, people),
            (LOG, lines()),
        ):
            files[name] = _add(archive, name, pieces)
        manifest = canonical(
            {
                "format": FORMAT,
                "version": VERSION,
                "made_at": utc(about.made_at),
                "event": dict(about.event),
                "key": {"id": key.public.id, "algorithm": "Ed25519", "public": key.public.text},
                "keys_url": about.keys_url,
                "log": {"entries": entries, "head": head, "sealed": about.sealed},
                "files": files,
            }
        )
        signature = {
            "algorithm": "Ed25519",
            "key": key.public.id,
            "signature": base64.urlsafe_b64encode(key.sign(manifest)).decode().rstrip("="),
        }
        _add(archive, MANIFEST, (manifest,))
        _add(archive, SIGNATURE, (json.dumps(signature, indent=1).encode() + b"\n",))


def _add(archive: zipfile.ZipFile, name: str, pieces: Iterable[bytes]) -> dict[str, Any]:
    """Writes one file; returns what the manifest says of it."""
    info = zipfile.ZipInfo(name, _TIME)
    info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
    digest, size = hashlib.sha256(), 0
    with archive.open(info, "w", force_zip64=True) as file:
        for piece in pieces:
            digest.update(piece)
            size += len(piece)
            file.write(piece)
    return {"sha256": digest.hexdigest(), "bytes": size}
