"""The SHA-256 of a recording, taken while it is written, so that nothing of its length is left to do at End.

Closing a file changes bytes near its beginning: the header that hides the fragments gets a size. SHA-256 goes from the
first byte to the last, so the fragments lie in groups with a header each (`movie.PLACE`): the size of a group, and with
it every byte it will have in the closed file, is known as soon as the next one begins. Left for the end are the
groups that were not yet followed, at most two, and the tables.
"""

from __future__ import annotations

import hashlib
import itertools
import os
from collections.abc import Sequence
from typing import Final

from ingest.record.movie import HEAD, PLACE, hiding

_STEP: Final = 1024 * 1024


class Digest:
    """Of one file, which its writer holds open. Bytes are read back from the page cache."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256(HEAD)
        self.taken = len(HEAD)  # everything before is in the hash

    def follow(self, fd: int, heads: Sequence[int], most: int) -> None:
        """Takes in up to about `most` bytes of finished groups; `heads` are the offsets of all. Raises `OSError`."""
        limit = self.taken + most
        for head, end in itertools.pairwise(heads):
            if self.taken < end and self.taken < limit:
                self._group(fd, head, end, limit)

    def finish(self, fd: int, heads: Sequence[int], end: int) -> str:
        """The digest of the closed file whose last group ends at `end`, in hexadecimal. Raises `OSError`."""
        for head, behind in zip(heads, (*heads[1:], end), strict=True):
            if self.taken < behind:
                self._group(fd, head, behind, behind)
        self._take(fd, os.fstat(fd).st_size)
        return self._hash.hexdigest()

    def _group(self, fd: int, head: int, end: int, limit: int) -> None:
        if self.taken == head:
            self._hash.update(hiding(end - head))
            self.taken += len(PLACE)
        self._take(fd, min(end, limit))

    def _take(self, fd: int, end: int) -> None:
        while self.taken < end:
            data = os.pread(fd, min(_STEP, end - self.taken), self.taken)
            if not data:
                raise OSError("the file is shorter than what was written")
            self._hash.update(data)
            self.taken += len(data)
