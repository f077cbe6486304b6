"""`webinar doctor`: looks at this machine and its settings, and says what to do about each problem."""

from __future__ import annotations

import asyncio
import ctypes
import os
import shutil
import socket
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import Final, Literal
from urllib.parse import urlsplit

from webinar.base import db
from webinar.base.bus import Bus
from webinar.base.embedded import EmbeddedPostgres, make_data_dir
from webinar.base.errors import BadSetting, WebinarError
from webinar.base.process import Command, Process
from webinar.base.service import port_error
from webinar.base.settings import Settings
from webinar.base.storage import Storage
from webinar.base.tokens import Tokens
from webinar.credits.keys import SigningKey
from webinar.mail.postman import NotNow, Postman
from webinar.mail.server import default_sender, parse
from webinar.office import signing_key
from webinar.supervisor import ports

# As `ingest.encode.speed` has it: a ladder with 1080p that is this much faster than real time leaves time to spare.
_SPARE: Final = 3.0
# 1080p costs about as much as the default ladder below it and half again: below this it cannot fit.
_WORTH_A_TRY: Final = 6.0

Level = Literal["ok", "hint", "problem"]

# Two hours of the top rung and audio, 1.95 Mbit/s, and as much again for segments.
_DISK_WANTED: Final = 4 * 1024**3
_MAIL_S: Final = 10.0  # EHLO, STARTTLS and signing in
_COUNTING_S: Final = 10.0  # what the store holds: millions of objects take minutes
_ADJTIMEX_UNSYNCHRONISED: Final = 5  # TIME_ERROR, adjtimex(2)


@dataclass(frozen=True, slots=True)
class Finding:
    """One check's outcome; `advice` is empty when all is well."""

    check: str
    level: Level
    found: str
    advice: str = ""

    def line(self) -> str:
        mark = {"ok": "✓", "hint": "•", "problem": "✗"}[self.level]
        return f"{mark} {self.check:<12} {self.found}" + (f"\n{'':15}→ {self.advice}" if self.advice else "")

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


async def examine(settings: Settings) -> list[Finding]:
    """All findings, in the order of `CHECKS`; one check that fails does not hide the others."""
    findings: list[Finding] = []
    for check in CHECKS:
        findings += await check(settings)
    return findings


async def _python(settings: Settings) -> list[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    return [Finding("Python", "ok", version)]


async def _data_dir(settings: Settings) -> list[Finding]:
    try:
        folder = make_data_dir(settings.data_dir)
    except WebinarError as error:
        return [Finding("Data folder", "problem", str(settings.data_dir.absolute()), error.message)]
    free = shutil.disk_usage(folder).free
    found = f"{folder}, {free / 1024**3:.1f} GB free"
    if free < _DISK_WANTED:
        return [
            Finding("Data folder", "problem", found, "Two hours need about 4 GB: free some, or set WEBINAR_DATA_DIR.")
        ]
    return [Finding("Data folder", "ok", found)]


async def _ports(settings: Settings) -> list[Finding]:
    if settings.database_url is None and EmbeddedPostgres.running_url(settings.data_dir) is not None:
        return [Finding("Ports", "ok", "the platform is running on this data folder and holds them")]
    findings: list[Finding] = []
    free: list[str] = []
    for setting, transport, host, port in ports(settings):
        kind = socket.SOCK_STREAM if transport == "TCP" else socket.SOCK_DGRAM
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, kind) as sock:
            if transport == "TCP":
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                sock.bind((host, port))
                free.append(f"{transport} {port}")
            except OSError as error:
                advice = port_error(error, transport, port, setting).message
                findings.append(Finding("Ports", "problem", f"{transport} {port} cannot be had", advice))
    return findings or [Finding("Ports", "ok", ", ".join(free))]


async def _udp(settings: Settings) -> list[Finding]:
    """Whether each address told to browsers reaches this machine from itself; a firewall outside stays unseen."""
    addresses = settings.ice_addresses or ("127.0.0.1",)
    findings = []
    for address in addresses:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as receiver, socket.socket(family, socket.SOCK_DGRAM) as sender:
            receiver.settimeout(1)
            try:
                receiver.bind(("::" if family == socket.AF_INET6 else "0.0.0.0", 0))  # noqa: S104 - as the service does
                sender.sendto(b"webinar", (address, receiver.getsockname()[1]))
                await asyncio.to_thread(receiver.recv, 16)
                findings.append(Finding("UDP", "ok", f"{address} reaches this machine"))
            except OSError as error:
                advice = (
                    f"If it is a router's, forward UDP {settings.whep_udp_port} and {settings.ingest_udp_port} from it "
                    "to this machine; else correct WEBINAR_ICE_ADDRESSES."
                )
                findings.append(Finding("UDP", "hint", f"{address} does not answer from here ({error})", advice))
    if not settings.ice_addresses and urlsplit(settings.public_url).hostname not in ("localhost", "127.0.0.1", "::1"):
        advice = "Behind NAT set WEBINAR_ICE_ADDRESSES to the address browsers reach this machine at."
        findings.append(Finding("UDP", "hint", "all addresses of this machine are offered to browsers", advice))
    return findings


async def _public_url(settings: Settings) -> list[Finding]:
    parts = urlsplit(settings.public_url)
    if parts.scheme == "http" and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
        advice = "Put a TLS proxy in front and set WEBINAR_PUBLIC_URL to https: browsers give no camera to plain http."
        return [Finding("Public URL", "problem", settings.public_url, advice)]
    return [Finding("Public URL", "ok", settings.public_url)]


async def _encoder(settings: Settings) -> list[Finding]:
    """Encodes the ladder for a moment in a process of its own, as ingest would; says when a better one would fit."""
    measured = await _speed(settings.ladder)
    if isinstance(measured, str):
        return [Finding("Encoder", "problem", "the ladder could not be encoded", measured or "See the log.")]
    names, preset, factor = measured
    cores = len(os.sched_getaffinity(0))
    found = f"{names} ({preset}) at {factor:.1f} x real time on {cores} cores"
    if factor < 1.0:
        return [
            Finding(
                "Encoder",
                "problem",
                found,
                "Too slow for live: set WEBINAR_LADDER to fewer renditions, like 480p,240p.",
            )
        ]
    if factor < 1.5:
        return [
            Finding(
                "Encoder", "hint", found, "Little is left for viewers: fewer renditions in WEBINAR_LADDER would help."
            )
        ]
    if not settings.ladder and factor >= _WORTH_A_TRY:
        better = await _speed(("1080p", *names.split(",")))
        if not isinstance(better, str) and better[2] >= _SPARE:
            advice = f"1080p fits too, at {better[2]:.1f} x real time: set WEBINAR_LADDER=auto or {better[0]}."
            return [Finding("Encoder", "hint", found, advice)]
    return [Finding("Encoder", "ok", found)]


async def _speed(ladder: tuple[str, ...]) -> tuple[str, str, float] | str:
    """(renditions, preset, times real time) of a ladder, or what was said instead."""
    lines: list[str] = []
    command = Command(
        name="speed",
        argv=[sys.executable, "-m", "ingest.encode.speed", ",".join(ladder)],
        on_line=lines.append,
    )
    process = await Process.start(command)
    try:
        async with asyncio.timeout(60):
            status = await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
        status = 1
    if status != 0 or not lines:
        return " ".join(lines[-1:])
    names, preset, factor = lines[-1].split()
    return names, preset, float(factor)


async def _clock(settings: Settings) -> list[Finding]:
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "adjtimex"):
        return []
    buffer = ctypes.create_string_buffer(512)  # struct timex, zeroed: modes 0 only reads
    state = libc.adjtimex(buffer)
    now = time.strftime("%Y-%m-%d %H:%M:%S %Z")
    if state == _ADJTIMEX_UNSYNCHRONISED:
        return [
            Finding("Clock", "hint", f"{now}, not synchronised", "Start a time service (systemd-timesyncd or chrony).")
        ]
    return [Finding("Clock", "ok", now)]


async def _mail(settings: Settings) -> list[Finding]:
    if settings.smtp_url is None:
        return [
            Finding(
                "Mail", "hint", "not set", "Personal links are shown on pages only. Set WEBINAR_SMTP_URL to mail them."
            )
        ]
    try:
        server = parse(settings.smtp_url.get_secret_value())
    except BadSetting as error:
        return [Finding("Mail", "problem", "WEBINAR_SMTP_URL", error.message)]
    hello = urlsplit(settings.public_url).hostname or "localhost"
    postman = Postman(server, hello=hello, per_minute=settings.mail_per_minute)
    try:
        async with asyncio.timeout(_MAIL_S):
            found = await postman.check()
    except (NotNow, TimeoutError) as error:
        return [Finding("Mail", "problem", str(error) or f"{server.where}: time out", "Check WEBINAR_SMTP_URL.")]
    finally:
        await postman.close()
    sender = settings.mail_from or default_sender(server, hello)
    return [Finding("Mail", "ok", f"{found}; letters come from {sender}")]


async def _signing(settings: Settings) -> list[Finding]:
    """The key of bundles and certificates, to be compared with the one that others are told."""
    try:
        key = SigningKey(Tokens(signing_key(settings))).public
    except WebinarError as error:
        return [Finding("Signing key", "problem", "none", error.message)]
    return [Finding("Signing key", "ok", f"{key.id} (Ed25519 {key.text})")]


async def storage_findings(settings: Settings) -> list[Finding]:
    """Writes and reads; says what is used."""
    where = settings.storage_url or f"{settings.data_dir}/store"
    key = f"doctor/{os.getpid()}"
    try:
        storage = Storage.open(settings)
        await storage.put_bytes(key, b"webinar")
        same = await storage.get_bytes(key) == b"webinar"
        await storage.delete(key)
        used = await _used(storage)
    except WebinarError as error:
        return [Finding("Storage", "problem", where, error.message)]
    if not same:
        return [Finding("Storage", "problem", where, "It gave back something else than was written: check the bucket.")]
    return [Finding("Storage", "ok", f"{where}, {used}")]


async def _used(storage: Storage) -> str:
    try:
        async with asyncio.timeout(_COUNTING_S):
            recordings, segments = [await storage.total(name) / 1024**3 for name in ("recordings", "live")]
    except TimeoutError:
        return f"more than can be counted in {_COUNTING_S:.0f} s"
    return f"{recordings:.1f} GB of recordings, {segments:.1f} GB of segments"


async def _database(settings: Settings) -> list[Finding]:
    if settings.database_url is None:
        return [Finding("Database", "ok", "embedded PostgreSQL in the data folder")]
    try:
        revision = await db.ensure_known(settings.database_url.get_secret_value())
    except WebinarError as error:
        return [Finding("Database", "problem", "WEBINAR_DATABASE_URL", error.message)]
    if revision != db.head():
        return [
            Finding(
                "Database",
                "hint",
                f"revision {revision or 'none'}",
                "Run `webinar db upgrade` (`serve` does it itself).",
            )
        ]
    return [Finding("Database", "ok", f"revision {revision}")]


async def _bus(settings: Settings) -> list[Finding]:
    if settings.nats_url is None:
        return [Finding("Bus", "ok", "embedded NATS")]
    try:
        bus = await Bus.connect(settings.nats_url.get_secret_value(), "webinar doctor", timeout_s=5)
    except WebinarError as error:
        return [Finding("Bus", "problem", "WEBINAR_NATS_URL", error.message)]
    await bus.close()
    return [Finding("Bus", "ok", "NATS answers")]


CHECKS: Final[tuple[Callable[[Settings], Awaitable[list[Finding]]], ...]] = (
    _python,
    _data_dir,
    _ports,
    _udp,
    _public_url,
    _encoder,
    _clock,
    _mail,
    _signing,
    storage_findings,
    _database,
    _bus,
)
