"""Attendance for others: tables and the signed bundle, as downloads."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import IO, Final, Literal

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response, StreamingResponse

from webinar.api.access import HOST
from webinar.api.operation import Call, Operation
from webinar.recordings.model import content_disposition, file_name

_PIECE: Final = 256 * 1024

CSV: Final = "text/csv"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
JSON: Final = "application/json"
ZIP: Final = "application/zip"
PDF: Final = "application/pdf"


class TableQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    language: Literal["ko", "en"] | None = Field(
        default=None, description="Headings and results in this language and times in the event's zone."
    )


def named(title: str, ending: str) -> dict[str, str]:
    """The header that names a download by the event (RFC 6266)."""
    return {"Content-Disposition": content_disposition(file_name(title, ending)), "Cache-Control": "no-store"}


def streamed(file: IO[bytes], media_type: str, headers: dict[str, str]) -> Response:
    """A temporary file from where it stands, closed when it was sent, or when nobody listens any more."""
    return StreamingResponse(_pieces(file), headers=headers, media_type=media_type)


async def _pieces(file: IO[bytes]) -> AsyncIterator[bytes]:
    with file:
        while piece := await asyncio.to_thread(file.read, _PIECE):
            yield piece


async def csv(call: Call) -> Response:
    event = await call.platform.events.get(call.event_id)
    pieces = call.platform.records.csv(event, call.query(TableQuery).language)
    return StreamingResponse(pieces, headers=named(event.title, " attendance.csv"), media_type=f"{CSV}; charset=utf-8")


async def xlsx(call: Call) -> Response:
    event = await call.platform.events.get(call.event_id)
    file = await call.platform.records.xlsx(event, call.query(TableQuery).language or event.language)
    return streamed(file, XLSX, named(event.title, " attendance.xlsx"))


async def json(call: Call) -> Response:
    event = await call.platform.events.get(call.event_id)
    pieces = call.platform.records.json(event)
    return StreamingResponse(pieces, headers=named(event.title, " attendance.json"), media_type=JSON)


async def bundle(call: Call) -> Response:
    event = await call.platform.events.get(call.event_id)
    return streamed(await call.platform.records.bundle(event), ZIP, named(event.title, " attendance.zip"))


_EVENT: Final = "/events/{event_id}"
RECORDS: Final = (
    Operation(
        name="downloadAttendanceCsv",
        method="GET",
        path=f"{_EVENT}/attendance.csv",
        summary="Attendance as a table, one row a person",
        tag="attendance",
        callers=HOST,
        handler=csv,
        query=TableQuery,
        file=CSV,
    ),
    Operation(
        name="downloadAttendanceXlsx",
        method="GET",
        path=f"{_EVENT}/attendance.xlsx",
        summary="Attendance as a workbook, with a sheet of intervals; in the event's language unless said otherwise",
        tag="attendance",
        callers=HOST,
        handler=xlsx,
        query=TableQuery,
        file=XLSX,
    ),
    Operation(
        name="downloadAttendanceJson",
        method="GET",
        path=f"{_EVENT}/attendance.json",
        summary="Attendance as data, whole, with answers, intervals, rules and corrections",
        tag="attendance",
        callers=HOST,
        handler=json,
        file=JSON,
    ),
    Operation(
        name="downloadAttendanceBundle",
        method="GET",
        path=f"{_EVENT}/attendance.bundle",
        summary="The signed bundle (.zip) that `webinar verify` checks offline",
        tag="attendance",
        callers=HOST,
        handler=bundle,
        file=ZIP,
    ),
)
