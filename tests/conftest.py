"""What many tests stand on: one real PostgreSQL and one real NATS for a process of the run, a fresh database a test."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio
from hypothesis import HealthCheck, settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from tests.background import Background
from tests.databases import Databases
from webinar.base import db
from webinar.base.embedded import EmbeddedNats, EmbeddedPostgres

# A property is about what is computed; how long it takes on a busy machine is not its claim.
settings.register_profile("webinar", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("webinar")

# `make test` runs three parts, one after the other.
# Whose claims hold however busy the machine is: they share it, in several processes. Everything else, and what is new,
# is "beside": it has real media or a browser in it and waits most of the time: two groups (`InGroups`) run beside each
# other.
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
# Browser tests that show pages, and at most a still picture: as much work as the rooms that are left.
_STILL = (
    "test_attendance.py",
    "test_chat_panel.py",
    "test_doors.py",
    "test_every_page.py",
    "test_host_pages.py",
    "test_mails.py",
    "test_moderate.py",
    "test_plan.py",
    "test_room_talk.py",
)
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
    parser.addoption("--part", choices=("sharing", "beside", "alone"), help="one of the three that `make test` runs")


@pytest.fixture(scope="session")
def long(request: pytest.FixtureRequest) -> bool:
    """Whether a test of something that lasts takes its full length."""
    return bool(request.config.getoption("--long"))


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """With `--part`, files of the other two are not even imported, which takes seconds."""
    part = config.getoption("--part")
    if part is None or collection_path.suffix != ".py":
        return None
    path = collection_path.relative_to(Path(__file__).parent).as_posix()
    found = "alone" if path.startswith(_ALONE) else "sharing" if path.startswith(_SHARING) else "beside"
    return True if found != part else None


class InGroups(LoadScopeScheduling):  # type: ignore[misc] # without types
    """Two groups, each run by one process in the order of its files: rooms in a browser, and media, then still pages.

    Browser tests of a group have one platform for all of them, and none of asyncio's may come behind them: `testpaths`
    has them last.
    """

    def _split_scope(self, nodeid: str) -> str:
        rooms = nodeid.startswith("tests/browser/") and not nodeid.removeprefix("tests/browser/").startswith(_STILL)
        return "rooms" if rooms else "media"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> InGroups | None:
    """`--dist loadgroup` has its groups from here; other ways of xdist stay as they are."""
    return InGroups(config, log) if config.getvalue("dist") == "loadgroup" else None


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
def databases(postgres: EmbeddedPostgres, servers: Background) -> Iterator[Databases]:
    made = Databases(postgres.url, servers)
    yield made
    made.close()


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
