"""What many tests stand on: one real PostgreSQL and one real NATS for a process of the run, a fresh database a test."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import threading
from collections.abc import AsyncIterator, Awaitable, Iterator
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio
from hypothesis import HealthCheck, settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from tests.databases import Databases
from webinar.base import db
from webinar.base.embedded import EmbeddedNats, EmbeddedPostgres

# A property is about what is computed; how long it takes on a busy machine is not its claim.
settings.register_profile("webinar", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("webinar")

# Whose claims hold however busy the machine is: they share it, in several processes. Everything else, and what is new,
# has real media or a browser in it and waits most of the time: two groups (`InGroups`) run beside each other.
_SHARING = (
    "unit/",
    "security/",
    "integration/test_api_",
    "integration/test_chat_",
    "integration/test_commands.py",
    "integration/test_hls.py",
    "integration/test_hls_feed.py",
    "integration/test_hls_nginx.py",
    "integration/test_hls_store.py",
    "integration/test_hls_whole.py",
    "integration/test_housekeeper.py",
    "integration/test_ingest_",
    "integration/test_mail_",
    "integration/test_openapi",
    "integration/test_overload.py",
    "integration/test_pause.py",
    "integration/test_storage_s3.py",
    "integration/test_supervisor.py",
    "integration/test_whep_endpoint.py",
)
# Browser tests that show pages, and at most a still picture.
_PAGES = ("test_every_page.py", "test_host_pages.py", "test_mails.py", "test_plan.py")
# Whose figures, or whose presenter that encodes 720p, need the machine for themselves.
_ALONE = (
    "bench/test_whep_fanout.py",
    "integration/test_whep_chromium.py",
    "integration/test_whep_fanout.py",
    "integration/test_whip_aiortc.py",
    "integration/test_whip_chromium.py",
    "integration/test_whip_weather.py",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="what takes long in its long form, as `make faults` runs it")


@pytest.fixture(scope="session")
def long(request: pytest.FixtureRequest) -> bool:
    """Whether a test of something that lasts takes its full length."""
    return bool(request.config.getoption("--long"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks `alone` or `beside` what is not of `_SHARING`; `make test` runs the three parts one after the other."""
    here = Path(__file__).parent
    for item in items:
        path = item.path.relative_to(here).as_posix()
        if path.startswith(_ALONE):
            item.add_marker(pytest.mark.alone)
        elif not path.startswith(_SHARING):
            item.add_marker(pytest.mark.beside)


class InGroups(LoadScopeScheduling):  # type: ignore[misc] # without types
    """Two groups, each run by one process in the order of its files: rooms in a browser, and media, then pages.

    Browser tests of a group have one platform for all of them, and none of asyncio's may come behind them: `testpaths`
    has them last.
    """

    def _split_scope(self, nodeid: str) -> str:
        rooms = nodeid.startswith("tests/browser/") and not nodeid.removeprefix("tests/browser/").startswith(_PAGES)
        return "rooms" if rooms else "media"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> InGroups | None:
    """`--dist loadgroup` has its groups from here; other ways of xdist stay as they are."""
    return InGroups(config, log) if config.getvalue("dist") == "loadgroup" else None


class Background:
    """A loop in a thread for servers that outlive the loop of one test: their output is read, their end is awaited."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="servers", daemon=True)
        self._thread.start()

    def run(self, work: Awaitable[object]) -> None:
        async def awaited() -> None:
            await work

        asyncio.run_coroutine_threadsafe(awaited(), self._loop).result(timeout=90)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


@pytest.fixture(scope="session")
def servers() -> Iterator[Background]:
    background = Background()
    yield background
    background.close()


@pytest.fixture(scope="session")
def server_dir() -> Iterator[Path]:
    """PostgreSQL runs as another user when the tests run as root: a folder that it can reach, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="webinar-tests-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres(servers: Background, server_dir: Path) -> Iterator[EmbeddedPostgres]:
    """A running server whose database `webinar` has the newest schema and is a template: nobody writes into it."""
    server = EmbeddedPostgres(server_dir)

    async def start() -> None:
        await server.start()
        await db.upgrade(server.url)
        # No test of this server outlives it: dropping a test's database need not wait for the disk.
        admin = await asyncpg.connect(server.url)
        await admin.execute("alter system set fsync = off")
        await admin.execute("select pg_reload_conf()")
        await admin.close()

    servers.run(start())
    yield server
    servers.run(server.stop())


@pytest.fixture(scope="session")
def nats(servers: Background, server_dir: Path) -> Iterator[EmbeddedNats]:
    """A running server. Tests share it and keep apart by the ids of their events."""
    server = EmbeddedNats(server_dir)
    servers.run(server.start())
    yield server
    servers.run(server.stop())


@pytest.fixture(scope="session")
def databases(postgres: EmbeddedPostgres) -> Databases:
    return Databases(postgres.url)


@pytest_asyncio.fixture
async def database(databases: Databases) -> AsyncIterator[str]:
    """The URL of a database for this test alone, with the newest schema and nothing in it."""
    async with databases.one() as url:
        yield url


@pytest_asyncio.fixture
async def pool(database: str) -> AsyncIterator[db.Pool]:
    """A pool on this test's own database."""
    made = await db.connect(database, service="tests")
    yield made
    made.terminate()
