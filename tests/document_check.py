"""Runs schemathesis over a part of the OpenAPI document: every call with what the document allows and forbids."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.chat_stage import SECRET, ChatProcess

if TYPE_CHECKING:
    from tests.web_stage import Web

_RULES: Final = Path(__file__).parent / "schemathesis.toml"
# What hosts and programs keep about people; the other half is events and what is shown of them.
PEOPLE: Final = ("attendance", "attendees", "certificates", "mails", "registration", "webhooks")


@asynccontextmanager
async def with_chat(web: Web, database: str, nats_url: str) -> AsyncIterator[None]:
    """A chat process on the database and the bus of `web`: an announcement is said there."""
    chat = ChatProcess(
        {
            "WEBINAR_DATABASE_URL": database,
            "WEBINAR_NATS_URL": nats_url,
            "WEBINAR_SECRET_KEY": SECRET,
            "WEBINAR_PUBLIC_URL": web.url,
            "WEBINAR_HOST": "127.0.0.1",
            "WEBINAR_LOG_LEVEL": "warning",
        }
    )
    await chat.start()
    try:
        yield
    finally:
        await chat.stop()


async def check_document(web: Web, folder: Path, tags: Sequence[str], *, without: bool = False, long: bool) -> None:
    """Calls every operation of these tags, or `without` every one of the others; what is untrue fails with its words.

    The values at the edges of every field come each time; `long` adds made-up ones.
    """
    await web.event()
    which = [part for tag in tags for part in ("--exclude-tag" if without else "--include-tag", tag)]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(_RULES)),
        *("run", f"{web.url}/api/v1/openapi.json", "--header", f"Authorization: Bearer {web.token}", *which),
        *("--checks", "all", "--phases", "coverage,fuzzing", "--max-examples", "40" if long else "1"),
        *("--seed", "1", "--no-color", "--generation-database", "none", "--suppress-health-check", "all"),
        cwd=folder,  # it keeps notes in the folder it runs in
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
