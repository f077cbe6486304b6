"""Files that are made to be handed on: temporary, without a name, read from their beginning by who gets them."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import Callable, Iterator
from typing import IO


async def filled(write: Callable[[IO[bytes]], None]) -> IO[bytes]:
    """A temporary file, written off the loop and read from its beginning."""
    with given() as file:
        await asyncio.to_thread(write, file)
    return file


@contextlib.contextmanager
def given() -> Iterator[IO[bytes]]:
    """A temporary file for whoever gets it in the end: at its beginning then, and gone if it is not finished."""
    file: IO[bytes] = tempfile.TemporaryFile(prefix="webinar-")
    try:
        yield file
    except BaseException:  # when cancelled, too
        file.close()
        raise
    file.seek(0)
