"""Makes the files that hosts ask for: a part of a recording, with its chapters.

Not a job of the queue: with a store that is far away it takes longer than a job may. A row is claimed for a while,
and the claim is renewed until the file is in the store; a worker that is killed loses it, and the next one begins anew.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from webinar.base import log
from webinar.base.bus import Bus
from webinar.base.db import AWAY
from webinar.base.errors import NotFound, WebinarError
from webinar.base.process import Command, Process
from webinar.base.storage import Storage
from webinar.recordings.cut_store import CutStore
from webinar.recordings.cuts import Chapter, Cut
from webinar.recordings.editing import FOLDER, Editing
from webinar.recordings.model import Recording

_log = log.get(__name__)
_LOOK_EVERY_S: Final = 1.0
_LEASE: Final = timedelta(seconds=60)
_TRIES: Final = 3
_RENEW_EVERY_S: Final = 1.0
_ROOM: Final = 1.1  # of the recording's size that must be free, and what stays free
_KEEP_FREE: Final = 256 * 1024 * 1024


class CannotCut(Exception):
    """Trying again would change nothing."""


class Cutter:
    """One a worker; one file at a time."""

    def __init__(self, store: CutStore, editing: Editing, storage: Storage, bus: Bus, folder: Path) -> None:
        """`folder` is for files in the making: on the disk of the store, where that is a folder."""
        self._store = store
        self._editing = editing
        self._storage = storage
        self._bus = bus
        self._folder = folder

    async def keep(self) -> None:
        """For the life of the worker."""
        await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)  # of one that was killed
        while True:
            try:
                while await self.step():
                    pass
            except (WebinarError, *AWAY) as error:
                _log.warning("cuts wait", error=str(error) or type(error).__name__)
            await asyncio.sleep(_LOOK_EVERY_S)

    async def step(self) -> bool:
        """Makes one file, if one is wanted; whether there was one."""
        if await self._store.give_up_cuts(_TRIES):
            _log.error("a cut is given up")
        claimed = await self._store.claim_cut(_LEASE, _TRIES)
        if claimed is None:
            return False
        cut, recording = claimed
        try:
            await self._claimed(cut, recording)
        except CannotCut as error:
            _log.warning("a cut is not made", recording=str(recording.id), error=str(error))
            await self._store.cut_failed(cut, str(error))
        except asyncio.CancelledError:
            with contextlib.suppress(*AWAY):  # then the lease runs out
                await asyncio.shield(self._store.cut_again(cut))
            raise
        await self._bus.publish_json(f"event.{recording.event_id}.changed", {"event_id": str(recording.event_id)})
        return True

    async def _claimed(self, cut: Cut, recording: Recording) -> None:
        """Makes the file, whose claim is renewed for as long as that takes. Raises `CannotCut`."""
        said: dict[str, Any] = {}
        making = asyncio.create_task(self._make(cut, recording, said), name="make cut")
        try:
            while not (await asyncio.wait({making}, timeout=_RENEW_EVERY_S))[0]:
                if not await self._store.cut_at(cut, 0.95 * float(said.get("progress", 0.0)), _LEASE):
                    raise CannotCut("another part is wanted by now")
        finally:
            making.cancel()
            await asyncio.gather(making, return_exceptions=True)
        making.result()

    async def _make(self, cut: Cut, recording: Recording, said: dict[str, Any]) -> None:
        """What the child tells meanwhile is written into `said`."""
        if recording.key is None or recording.bytes is None:
            raise CannotCut("there is no file of this recording")
        await asyncio.to_thread(self._folder.mkdir, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._folder) as made_in:
            folder = Path(made_in)
            source = await self._source(recording, folder)
            self._check_room(recording.bytes)
            chapters = await self._editing.chapters(recording) or []
            wish = folder / "wish.json"
            await asyncio.to_thread(wish.write_text, _wish(cut, chapters), "utf-8")
            report = await self._run([source, folder / "made.mp4", wish], said)
            key = f"{FOLDER}/{recording.event_id}/{recording.id}-{cut.version}-{cut.tries}.mp4"
            await self._storage.put_file(key, folder / "made.mp4")
            wanted, before = await self._store.cut_made(
                cut, key, report["bytes"], report["sha256"], report["begins_s"], report["ends_s"]
            )
        for gone in {before} if wanted else {key}:
            if gone is not None and not (wanted and gone == key):
                await self._editing.forget(gone)
        _log.info("cut made", recording=str(recording.id), version=cut.version, bytes=report["bytes"], wanted=wanted)

    async def _source(self, recording: Recording, folder: Path) -> Path:
        """The recording as a file of this machine. Raises `CannotCut`, `Unavailable`."""
        key, size = recording.key or "", recording.bytes or 0
        here = self._storage.local_path(key)
        try:
            if here is not None:
                await self._storage.size(key)
                return here
            self._check_room(size)
            path = folder / "whole.mp4"
            with path.open("wb") as file:
                async for piece in self._storage.read_range(key, 0, size):
                    await asyncio.to_thread(file.write, piece)
        except NotFound as error:
            raise CannotCut("the file of this recording is not in the store") from error
        return path

    def _check_room(self, size: int) -> None:
        if shutil.disk_usage(self._folder).free < _ROOM * size + _KEEP_FREE:
            raise CannotCut("there is too little room on the disk")

    async def _run(self, paths: Sequence[Path], said: dict[str, Any]) -> dict[str, Any]:
        """What the child made, as it reports it. Raises `CannotCut`."""
        argv = [sys.executable, "-m", "ingest.record.trim", *map(str, paths)]
        process = await Process.start(Command("trim", argv, on_line=_listen(said)))
        ended = asyncio.create_task(process.wait(), name="trim ends")
        try:
            await asyncio.wait({ended})
        finally:
            if not ended.done():
                await process.stop()
            await asyncio.gather(ended, return_exceptions=True)
        if "done" not in said:
            raise CannotCut(str(said.get("problem") or said.get("text") or "the file could not be made"))
        return dict(said["done"])


def _wish(cut: Cut, chapters: Sequence[Chapter]) -> str:
    listed = [{"at_s": chapter.at_s, "title": chapter.title} for chapter in chapters]
    return json.dumps({"from_s": cut.from_s, "to_s": cut.to_s, "chapters": listed})


def _listen(said: dict[str, Any]) -> Callable[[str], None]:
    def on_line(line: str) -> None:
        try:
            found = json.loads(line)
        except ValueError:
            said["text"] = line  # of a traceback the last one says what it was
            return
        if isinstance(found, dict):
            said.update(found)

    return on_line
