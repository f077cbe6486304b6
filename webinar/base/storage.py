"""The object store for recordings and segments: a local folder, or S3, GCS, Azure by URL (obstore)."""

from __future__ import annotations

import asyncio
import datetime
import os
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, urlsplit

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import LocalStore, ObjectStore, from_url

from webinar.base.errors import CannotStart, NotFound, Unavailable
from webinar.base.settings import Settings

_CHUNK: Final = 256 * 1024
# One request each from a store that is elsewhere: large enough for its answer to take longer than its delay.
_REMOTE_CHUNK: Final = 4 * 1024 * 1024
_UPLOAD_PART: Final = 8 * 1024 * 1024  # the 10,000 parts that S3 allows are 80 GB
_UPLOADS_AT_ONCE: Final = 2
_COPIES_AT_ONCE: Final = 8
# What a request may take with all its tries. Who needs the object tries again later, less and less often.
_CLIENT: Final = {"connect_timeout": "5s", "timeout": "60s"}
_UPLOAD_TIMEOUT: Final = "300s"  # of one part: two at once get through at half a megabit a second
_MOST_RETRIES: Final = 3
_RETRY_FOR: Final = datetime.timedelta(seconds=20)


class Storage:
    """Objects by key (`recordings/<event>/<session>.mp4`). Keys are ours, never a user's text."""

    def __init__(self, store: ObjectStore, root: Path | None, uploads: ObjectStore | None = None) -> None:
        self._store = store
        self._uploads = uploads or store  # the same place, with more time for a request
        self._root = root

    @classmethod
    def open(cls, settings: Settings) -> Storage:
        """Raises `CannotStart` when the folder cannot be written, or the URL names no store that can be used."""
        if settings.storage_url is not None:
            store, uploads = _elsewhere(settings.storage_url)
            return cls(store, None, uploads)
        root = settings.data_dir.absolute() / "store"
        try:
            root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CannotStart(
                f"The folder {root} cannot be written ({error.strerror}). Make it writable or set WEBINAR_DATA_DIR."
            ) from error
        return cls(LocalStore(root), root)

    @property
    def here(self) -> bool:
        """Whether it is a folder of this machine, so that it shares the disk of the data folder."""
        return self._root is not None

    def local_path(self, key: str) -> Path | None:
        """The file behind a key, when the store is a folder of this machine; what it names may not exist."""
        return None if self._root is None else self._root / key

    async def put_file(self, key: str, path: Path) -> None:
        """Moves a finished file into the store: renamed on the same disk, else uploaded, confirmed, then removed.

        The local file is gone only after the object is there. Raises `Unavailable`; then the file is untouched.
        """
        size = (await asyncio.to_thread(path.stat)).st_size
        target = self.local_path(key)
        try:
            if target is not None:
                target.parent.mkdir(parents=True, exist_ok=True)
                try:
                    await asyncio.to_thread(os.replace, path, target)
                except OSError:
                    await self._upload(key, path)
                else:
                    return
            else:
                await self._upload(key, path)
            meta = await obstore.head_async(self._store, key)
        except (BaseError, OSError) as error:
            raise Unavailable(f"The object store did not take {key}: {_why(error)}") from error
        if meta["size"] != size:
            raise Unavailable(
                f"The object store has {meta['size']} bytes of {key}, not {size}; the local file is kept."
            )
        await asyncio.to_thread(path.unlink)

    async def _upload(self, key: str, path: Path) -> None:
        """In parts; the object is there when all are, or not at all."""
        await obstore.put_async(self._uploads, key, path, chunk_size=_UPLOAD_PART, max_concurrency=_UPLOADS_AT_ONCE)

    async def put_bytes(self, key: str, data: bytes) -> None:
        """Raises `Unavailable`."""
        try:
            await obstore.put_async(self._store, key, data)
        except (BaseError, OSError) as error:
            raise Unavailable(f"The object store did not take {key}: {_why(error)}") from error

    async def get_bytes(self, key: str) -> bytes:
        """Raises `NotFound` or `Unavailable`."""
        try:
            result = await obstore.get_async(self._store, key)
            return bytes(await result.bytes_async())
        except (NotFoundError, FileNotFoundError) as error:
            raise NotFound("There is no such object.") from error
        except (BaseError, OSError) as error:
            raise Unavailable(f"The object store did not give {key}: {_why(error)}") from error

    async def copy(self, key: str, target: str) -> None:
        """The same bytes below another key, without coming through here. Raises `NotFound` or `Unavailable`."""
        try:
            await obstore.copy_async(self._store, key, target)
        except (NotFoundError, FileNotFoundError) as error:
            raise NotFound("There is no such object.") from error
        except (BaseError, OSError) as error:
            raise Unavailable(f"The object store did not copy {key}: {_why(error)}") from error

    async def copy_to(self, key: str, targets: Sequence[str]) -> None:
        """The same for many, some at once; what fails is raised once those begun are done."""
        for at in range(0, len(targets), _COPIES_AT_ONCE):
            begun = (self.copy(key, target) for target in targets[at : at + _COPIES_AT_ONCE])
            for error in await asyncio.gather(*begun, return_exceptions=True):
                if error is not None:
                    raise error

    async def delete(self, key: str) -> None:
        """One that is not there is as good as deleted. Raises `Unavailable`."""
        try:
            await obstore.delete_async(self._store, key)
        except (NotFoundError, FileNotFoundError):
            return
        except (BaseError, OSError) as error:
            raise Unavailable(f"The object store did not delete {key}: {_why(error)}") from error

    async def size(self, key: str) -> int:
        """Bytes of an object. Raises `NotFound` or `Unavailable`."""
        try:
            return int((await obstore.head_async(self._store, key))["size"])
        except (NotFoundError, FileNotFoundError) as error:
            raise NotFound("There is no such object.") from error
        except (BaseError, OSError) as error:
            raise Unavailable(f"The object store did not answer for {key}: {_why(error)}") from error

    async def read_range(self, key: str, start: int, end: int) -> AsyncIterator[bytes]:
        """Bytes [start, end) in pieces, of at most 256 KB from this machine and 4 MB from elsewhere."""
        at, most = start, _REMOTE_CHUNK if self._root is None else _CHUNK
        while at < end:
            stop = min(at + most, end)
            try:
                piece = bytes(await obstore.get_range_async(self._store, key, start=at, end=stop))
            except (BaseError, OSError) as error:
                raise Unavailable(f"The object store did not give {key}: {_why(error)}") from error
            yield piece
            at = stop

    async def list_keys(self, prefix: str) -> list[str]:
        """All keys below a prefix (a folder), sorted. Raises `Unavailable`."""
        return sorted(await self.sizes(prefix))

    async def sizes(self, prefix: str) -> dict[str, int]:
        """Bytes of every object below a prefix (a folder), by key. Raises `Unavailable`."""
        found: dict[str, int] = {}
        try:
            async for batch in obstore.list(self._store, prefix):
                found |= {str(meta["path"]): int(meta["size"]) for meta in batch}
        except (BaseError, OSError) as error:
            raise Unavailable(f"The object store cannot be listed: {_why(error)}") from error
        return found

    async def total(self, prefix: str) -> int:
        """Bytes of all objects below a prefix (a folder), however many they are. Raises `Unavailable`."""
        total = 0
        try:
            async for batch in obstore.list(self._store, prefix):
                total += sum(int(meta["size"]) for meta in batch)
        except (BaseError, OSError) as error:
            raise Unavailable(f"The object store cannot be listed: {_why(error)}") from error
        return total

    async def remove_all(self, prefix: str) -> int:
        """Deletes every object below a prefix (a folder); returns how many. Raises `Unavailable`."""
        keys = await self.list_keys(prefix)
        try:
            if keys:
                await obstore.delete_async(self._store, keys)
        except (BaseError, OSError) as error:
            raise Unavailable(f"The object store did not delete {prefix}: {_why(error)}") from error
        return len(keys)


def _elsewhere(url: str) -> tuple[ObjectStore, ObjectStore]:
    """The store of a URL, and the same for uploads of files.

    `?endpoint=` and `&region=` name an S3 that is not Amazon's; credentials are not in it.
    """
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query))
    place = parts._replace(query="").geturl()
    if parts.scheme in ("file", "memory"):
        store = from_url(place)
        return store, store
    config = {f"aws_{name}": value for name, value in options.items() if name in ("endpoint", "region")}
    if len(config) != len(options) or (options and parts.scheme != "s3"):
        raise CannotStart("WEBINAR_STORAGE_URL takes `endpoint` and `region` after `?`, and with s3:// only.")
    client = dict(_CLIENT, allow_http=True) if options.get("endpoint", "").startswith("http://") else dict(_CLIENT)
    retry = {"max_retries": _MOST_RETRIES, "retry_timeout": _RETRY_FOR}
    try:
        store, uploads = (
            from_url(  # type: ignore[call-overload] # its overloads are by scheme
                place, config=config, client_options=chosen, retry_config=retry
            )
            for chosen in (client, client | {"timeout": _UPLOAD_TIMEOUT})
        )
    except (BaseError, ValueError) as error:
        raise CannotStart(f"WEBINAR_STORAGE_URL cannot be used: {_why(error)}") from error
    return store, uploads


def _why(error: Exception) -> str:
    """The first line: obstore's errors go on with a dump of what they are made of."""
    return str(error).partition("\n")[0]
