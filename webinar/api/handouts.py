"""Files that guests may download: what a host hands out."""

from __future__ import annotations

import uuid
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from webinar.api import schemas
from webinar.api.access import HOST
from webinar.api.operation import Call, Operation, read_body
from webinar.base.errors import UnsupportedMedia
from webinar.events.handouts import MOST_BYTES, Handout

_PATH: Final = "/events/{event_id}/files"
_TYPE: Final = "application/octet-stream"


class FileReply(schemas.Reply):
    id: uuid.UUID
    name: str = Field(description="As guests save it: without a path and what file systems refuse.")
    bytes: int
    sha256: str
    created_at: schemas.Time


class FilesReply(schemas.Reply):
    items: list[FileReply]


class FileQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=255, description="The file's name with its ending.")]


def _reply(one: Handout) -> FileReply:
    return FileReply(id=one.id, name=one.name, bytes=one.bytes, sha256=one.sha256, created_at=one.created_at)


async def list_files(call: Call) -> FilesReply:
    event = await call.platform.events.get(call.event_id)
    return FilesReply(items=[_reply(one) for one in await call.platform.handouts.all(event.id)])


async def add_file(call: Call) -> FileReply:
    name = call.query(FileQuery).name
    event = await call.platform.events.get(call.event_id)
    return _reply(await call.platform.handouts.add(event.id, name, await _uploaded(call)))


async def delete_file(call: Call) -> None:
    await call.platform.handouts.remove(call.event_id, call.path_id("file_id"))


async def _uploaded(call: Call) -> bytes:
    """Raises `UnsupportedMedia`, `TooLarge`, `BadRequest`."""
    if call.request.headers.get("content-type", "").partition(";")[0].strip().lower() != _TYPE:
        raise UnsupportedMedia(f"Send the file as {_TYPE}.")
    return await read_body(call.request, MOST_BYTES, "This file is too large. 25 MB at most.")


HANDOUTS: Final = (
    Operation(
        name="listFiles",
        method="GET",
        path=_PATH,
        summary="Files that guests may download, the oldest first",
        tag="planning",
        callers=HOST,
        handler=list_files,
        reply=FilesReply,
    ),
    Operation(
        name="addFile",
        method="POST",
        path=_PATH,
        summary="Hand out a file of at most 25 MB; guests who are there see it within half a minute",
        tag="planning",
        callers=HOST,
        handler=add_file,
        status=201,
        takes=(_TYPE,),
        query=FileQuery,
        reply=FileReply,
    ),
    Operation(
        name="deleteFile",
        method="DELETE",
        path=f"{_PATH}/{{file_id}}",
        summary="Take a file away again",
        tag="planning",
        callers=HOST,
        handler=delete_file,
        status=204,
    ),
)
