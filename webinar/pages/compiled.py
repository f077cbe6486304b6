"""What templates compile to, once for all languages."""

from __future__ import annotations

import functools
from pathlib import Path
from types import CodeType

from jinja2.bccache import Bucket, BytecodeCache


class _Compiled(BytecodeCache):
    """In memory: texts are looked up when a template runs, so all languages share its code, 20 to 60 ms of CPU each."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, CodeType | None]] = {}  # by name: as many as there are templates

    def load_bytecode(self, bucket: Bucket) -> None:
        checksum, code = self._known.get(bucket.key, ("", None))
        if checksum == bucket.checksum:
            bucket.code = code

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._known[bucket.key] = (bucket.checksum, bucket.code)


@functools.cache
def compiled(folder: Path) -> BytecodeCache:
    """Of the templates below `folder`; for environments that differ in nothing that is compiled in."""
    return _Compiled()
