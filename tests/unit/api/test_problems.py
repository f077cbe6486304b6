"""What a request failed with, told to programs and to people: the database's absence is one thing, a fault another."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest
import uvloop
from starlette.requests import Request
from starlette.types import Message, Receive, Scope, Send

from webinar.api.problems import answer
from webinar.base.settings import Settings
from webinar.base.tokens import Tokens
from webinar.pages.middleware import PagesMiddleware
from webinar.pages.render import Renderer

pytest_plugins = ["tests.log_stage"]
_SCOPE: Scope = {
    "type": "http", "method": "GET", "path": "/e/talk", "query_string": b"lang=en", "headers": [],
    "server": ("localhost", 8000), "scheme": "http",
}  # fmt: skip
LOOPS: tuple[Callable[[], asyncio.AbstractEventLoop], ...] = (asyncio.new_event_loop, uvloop.new_event_loop)


def page_of(error: Exception, folder: Path) -> int:
    """The status of the page for people."""
    statuses: list[int] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise error

    async def receive() -> Message:
        raise AssertionError("nothing is read")

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    settings = Settings.read(data_dir=folder, public_url="https://example.org")
    tokens = Tokens("a secret of at least thirty-two characters")
    pages = PagesMiddleware(app, settings=settings, renderer=Renderer(settings, tokens))
    with asyncio.Runner() as runner:
        runner.run(pages(dict(_SCOPE), receive, send))
    return statuses[0]


def of_files(folder: Path) -> list[OSError]:
    """What opening raises: nothing there, a folder, a file on the way."""
    (folder / "file").write_bytes(b"")
    errors: list[OSError] = []
    for path in (folder / "none", folder, folder / "file" / "below"):
        with pytest.raises(OSError, match=str(path)) as raised, path.open("rb"):
            pass
        errors.append(raised.value)
    return errors


def test_a_file_that_is_missing_is_a_fault_and_is_logged_with_its_traceback(tmp_path: Path, lines: io.StringIO) -> None:
    errors = [*of_files(tmp_path), PermissionError(13, "Permission denied", str(tmp_path))]
    assert [type(one) for one in errors] == [FileNotFoundError, IsADirectoryError, NotADirectoryError, PermissionError]
    for error in errors:
        lines.seek(0)
        lines.truncate()
        assert answer(Request(_SCOPE), error).status_code == 500, error
        assert page_of(error, tmp_path) == 500, error
        logged = [json.loads(line) for line in lines.getvalue().splitlines()]
        assert [(one["event"], type(error).__name__ in one["exception"]) for one in logged] == [
            ("request failed", True), ("page failed", True),
        ]  # fmt: skip


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("place", ["a socket that is not there", "a socket nobody listens at", "a port"])
def test_a_database_that_is_away_is_said_to_be_wherever_it_listens(
    loop: Callable[[], asyncio.AbstractEventLoop], place: str, tmp_path: Path
) -> None:
    if place == "a socket nobody listens at":
        (tmp_path / ".s.PGSQL.5432").touch()
    where = "127.0.0.1:1/w?" if place == "a port" else f"/w?host={tmp_path}"
    with (
        pytest.raises((FileNotFoundError, ConnectionRefusedError)) as raised,
        asyncio.Runner(loop_factory=loop) as runner,
    ):
        runner.run(asyncpg.connect(f"postgresql://u:p@{where}"))
    assert answer(Request(_SCOPE), raised.value).status_code == 503
    assert page_of(raised.value, tmp_path) == 503
