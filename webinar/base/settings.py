"""Every setting, read once from the environment (`WEBINAR_…`) and passed in.

`table()` is the source of docs/settings.md; a test holds the document against it.
"""

from __future__ import annotations

import os
import re
from datetime import timedelta
from email.utils import parseaddr
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from webinar.base.errors import BadSetting
from webinar.base.patterns import EMAIL


def default_data_dir() -> Path:
    """`./data`, and for root `/var/lib/webinar`: PostgreSQL refuses to run as root and is run as another
    user, who could not reach a folder below `/root`.
    """
    return Path("/var/lib/webinar") if os.geteuid() == 0 else Path("data")


class Settings(BaseSettings):
    """One instance a process. Field descriptions are the documentation."""

    model_config = SettingsConfigDict(env_prefix="WEBINAR_", extra="ignore", frozen=True, env_ignore_empty=True)

    data_dir: Path = Field(
        default_factory=default_data_dir,
        description="Folder for everything that lasts: embedded database, recordings, keys. `./data`; as root `/var/lib/webinar`.",
    )
    database_url: SecretStr | None = Field(
        default=None, description="PostgreSQL 14 or newer, `postgresql://user:password@host/name`. Unset: embedded."
    )
    nats_url: SecretStr | None = Field(default=None, description="NATS, `nats://host:4222`. Unset: embedded.")
    storage_url: str | None = Field(
        default=None,
        description="Object store for recordings and segments, `s3://bucket/prefix` and the like; `?endpoint=https://host&region=name` for an S3 that is not Amazon's. Keys come from `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`. Unset: `store/` in the data folder.",
    )
    http_port: int = Field(default=8000, ge=1, le=65535, description="TCP port of web.")
    public_url: str = Field(
        default_factory=lambda before: f"http://localhost:{before.get('http_port', 8000)}",
        description="Address people type, with scheme; https anywhere but on localhost, or browsers refuse camera and microphone. Unset: `http://localhost` with the HTTP port.",
    )
    chat_public_url: str | None = Field(
        default=None,
        description="WebSocket address of the chat service. Unset: the public URL's host on the chat port.",
    )
    host: str = Field(default="0.0.0.0", description="Address the servers listen on.")  # noqa: S104 - a server for others
    chat_port: int = Field(default=8001, ge=1, le=65535, description="TCP port of chat.")
    ingest_http_port: int = Field(
        default=8003, ge=1, le=65535, description="TCP port, loopback only: ingest's health and metrics."
    )
    worker_http_port: int = Field(
        default=8004, ge=1, le=65535, description="TCP port, loopback only: the worker's health and metrics."
    )
    whep_udp_port: int = Field(default=8000, ge=1, le=65535, description="UDP port the viewers' media leaves from.")
    ingest_udp_port: int = Field(default=8002, ge=1, le=65535, description="UDP port the presenter's media arrives at.")
    ice_addresses: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Comma-separated IP addresses browsers can reach this machine at (NAT 1:1). Unset: all of this machine's.",
    )
    secret_key: SecretStr | None = Field(
        default=None,
        description="At least 32 characters; signs links and sessions. Unset: made once, kept in the data folder.",
    )
    smtp_url: SecretStr | None = Field(
        default=None,
        description="Mail server, `smtp://user:password@host:587` (STARTTLS, insisted on) or `smtps://…`; `?tls=optional` or `?tls=never` for a relay in the house without encryption. `%40` for an @ in the user. Unset: no mail, personal links are shown on pages only.",
    )
    mail_from: str | None = Field(
        default=None,
        description="Who letters come from, `Our Society <webinar@example.org>`. Unset: the user of the mail server where that is an address, else `webinar@` and the public URL's host.",
    )
    mail_per_minute: int = Field(
        default=600, ge=1, le=60_000, description="Letters handed to the mail server in a minute, at most."
    )
    webhooks_inside: bool = Field(
        default=False,
        description="Webhooks may also go to plain http, private networks and this machine: for receivers that stand beside the platform.",
    )
    metrics_addresses: Annotated[tuple[str, ...], NoDecode] = Field(
        default=("127.0.0.1", "::1"),
        description="Comma-separated addresses or networks that may read `/metrics`. Requests that a proxy forwarded are refused.",
    )
    replay_days: int | None = Field(
        default=None,
        ge=1,
        description="Days after its end for which an event can be replayed from its segments. Unset: as long as its recording is kept.",
    )
    disk_reserve_gb: float = Field(
        default=2.0,
        ge=0,
        description="Space on the data folder's disk kept for recordings: below it no segments for rewinding and replay are stored there, and replays of past events are removed, oldest first.",
    )
    ladder: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Comma-separated renditions, top first, of `1080p,720p,480p,240p`. `auto`: the best that this machine was measured to encode with time to spare. Unset: what its number of cores allows.",
    )
    end_after_hours: float = Field(
        default=3.0,
        gt=0,
        le=720,
        description="Hours for which nobody may have sent, past its planned end, until a live event that nobody ends is ended.",
    )
    end_latest_hours: float = Field(
        default=12.0,
        gt=0,
        le=720,
        description="Hours past its planned end at which a live event is ended whoever sends. Its host may plan a later end meanwhile.",
    )
    whep_seats: int = Field(
        default=400, ge=0, description="Viewers over WebRTC; further ones get LL-HLS. 0: LL-HLS only."
    )
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Comma-separated addresses whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed.",
    )
    log_level: str = Field(default="info", description="`debug`, `info`, `warning` or `error`.")
    log_format: str = Field(default="console", description="`console` for people, `json` for machines.")

    @field_validator("ice_addresses", "ladder", "metrics_addresses", "trusted_proxies", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(v.strip() for v in value.split(",") if v.strip()) if isinstance(value, str) else value

    @field_validator("public_url", "chat_public_url")
    @classmethod
    def _has_scheme(cls, value: str | None, info: object) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https", "ws", "wss") or not parts.netloc:
            raise ValueError(f"{value!r} has no scheme: write it like https://webinar.example.org")
        return value.rstrip("/")

    @field_validator("database_url", "nats_url", "smtp_url")
    @classmethod
    def _has_known_scheme(cls, value: SecretStr | None, info: object) -> SecretStr | None:
        if value is None:
            return None
        expected = {
            "database_url": ("postgresql", "postgres"),
            "nats_url": ("nats", "tls", "ws", "wss"),
            "smtp_url": ("smtp", "smtps"),
        }[str(getattr(info, "field_name", ""))]
        if urlsplit(value.get_secret_value()).scheme not in expected:
            # The value may hold a password: it is not repeated.
            raise ValueError(f"the URL has no scheme we know: it must start with {expected[0]}://")
        return value

    @field_validator("mail_from")
    @classmethod
    def _is_address(cls, value: str | None) -> str | None:
        if value is not None and (not value.isprintable() or not re.match(EMAIL, parseaddr(value)[1])):
            raise ValueError(f"{value!r} is no address: write it like Our Society <webinar@example.org>")
        return value

    @field_validator("storage_url")
    @classmethod
    def _storage_scheme(cls, value: str | None) -> str | None:
        if value is not None and urlsplit(value).scheme not in ("s3", "gs", "az", "file", "memory"):
            raise ValueError(f"{value!r} has no scheme we know: write it like s3://bucket/prefix")
        return value

    @field_validator("secret_key")
    @classmethod
    def _long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < 32:
            raise ValueError("must have at least 32 characters: `openssl rand -base64 48` makes one")
        return value

    @field_validator("metrics_addresses")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for text in value:
            ip_network(text, strict=False)  # a ValueError that names what is wrong
        return value

    @field_validator("log_level")
    @classmethod
    def _level(cls, value: str) -> str:
        if value.lower() not in ("debug", "info", "warning", "error"):
            raise ValueError(f"{value!r}: choose debug, info, warning or error")
        return value.lower()

    @model_validator(mode="after")
    def _ports_differ(self) -> Self:
        tcp = {
            "HTTP": self.http_port,
            "CHAT": self.chat_port,
            "INGEST_HTTP": self.ingest_http_port,
            "WORKER_HTTP": self.worker_http_port,
        }
        if len(set(tcp.values())) < len(tcp):
            raise ValueError(
                "two services share one TCP port: " + ", ".join(f"WEBINAR_{k}_PORT={v}" for k, v in tcp.items())
            )
        if self.whep_udp_port == self.ingest_udp_port:
            raise ValueError(f"WEBINAR_WHEP_UDP_PORT and WEBINAR_INGEST_UDP_PORT are both {self.whep_udp_port}")
        return self

    @classmethod
    def read(cls, **overrides: object) -> Settings:
        """The settings of the environment; raises `BadSetting`, whose message names the variable and the mend."""
        try:
            return cls(**overrides)  # type: ignore[arg-type] # pydantic checks them
        except ValidationError as error:
            lines = []
            for problem in error.errors(include_url=False, include_input=False):
                name = "_".join(str(p) for p in problem["loc"]).upper()
                message = problem["msg"].removeprefix("Value error, ")
                lines.append(f"WEBINAR_{name}: {message}" if name else message)
            raise BadSetting("; ".join(lines)) from error

    @property
    def end_after(self) -> tuple[timedelta, timedelta]:
        """Past its planned end: how long an event lives without anybody who sends, and how long in any case."""
        return timedelta(hours=self.end_after_hours), timedelta(hours=self.end_latest_hours)

    @property
    def disk_reserve(self) -> int:
        """Bytes."""
        return round(self.disk_reserve_gb * 1024**3)

    @property
    def public_origin(self) -> str:
        """`scheme://host[:port]` of the public URL, as a browser sends it in `Origin`."""
        parts = urlsplit(self.public_url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def chat_url(self) -> str:
        """WebSocket URL of the chat service, with path."""
        if self.chat_public_url is not None:
            parts = urlsplit(self.chat_public_url)
            scheme = {"http": "ws", "https": "wss"}.get(parts.scheme, parts.scheme)
            return f"{scheme}://{parts.netloc}{parts.path or '/chat'}"
        parts = urlsplit(self.public_url)
        host = parts.hostname or "localhost"
        host = f"[{host}]" if ":" in host else host
        return f"{'wss' if parts.scheme == 'https' else 'ws'}://{host}:{self.chat_port}/chat"

    @property
    def secure_cookies(self) -> bool:
        return urlsplit(self.public_url).scheme == "https"

    @classmethod
    def table(cls) -> list[tuple[str, str, str]]:
        """(variable, default, meaning) of every setting, in order."""
        rows = []
        for name, field in cls.model_fields.items():
            # A default that depends on the machine stands in its description.
            default = field.default if field.default_factory is None else None
            shown = "" if default is None else ",".join(default) if isinstance(default, tuple) else str(default)
            rows.append((f"WEBINAR_{name.upper()}", shown, field.description or ""))
        return rows
