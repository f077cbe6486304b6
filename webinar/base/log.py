"""Structured logs: lines for people or JSON for machines, on standard error, secrets left out."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, cast

import structlog

# Names whose values never reach a log, wherever they come from.
_SECRET = re.compile(
    r"(pass(?:word|code|wd)|secret|token|stream_key|authorization|cookie|ticket|csrf|database_url|nats_url|smtp_url)",
    re.IGNORECASE,
)
# What links, sessions and tokens are made of: 43 characters or more (256 bits) in one run, JWTs with dots between.
_TOKEN = re.compile(r"(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{43,}(?:\.[A-Za-z0-9_-]+)*")
# Keys of webhooks: base64 in its other alphabet, where `/` and `+` end a run.
_HOOK = re.compile(r"whsec_[A-Za-z0-9+/=]+")
# Short ones behind a telling name: ?sig=…, ?token=…
_IN_QUERY = re.compile(r"([?&](?:token|sig|key)=)[A-Za-z0-9_\-.=]+")
# user:password@ or token@ inside a URL
_IN_URL = re.compile(r"(://(?:[^:/@\s]+:)?)[^@/\s]+@")


def redact(text: str) -> str:
    """The text without link tokens and passwords of URLs."""
    return _IN_URL.sub(r"\1…@", _IN_QUERY.sub(r"\1…", _TOKEN.sub("…", _HOOK.sub("whsec_…", text))))


def _redact_event(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in event.items():
        if not key.startswith("_"):  # what structlog itself puts there
            event[key] = _redacted(key, value)
    return event


def _redacted(key: object, value: object) -> object:
    """A value as it may stand in a log, whatever it is: exceptions and containers say what is in them."""
    if isinstance(key, str) and _SECRET.search(key):
        return "…"
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {redact(str(name)): _redacted(name, inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_redacted(None, inner) for inner in value]
    return redact(str(value))


def configure(service: str, level: str = "info", fmt: str = "console") -> None:
    """Route structlog and the standard library's logging of this process through one form."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        _redact_event,
    ]

    def add_service(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        event.setdefault("service", service)
        return event

    renderer: structlog.types.Processor
    if fmt == "json":
        renderer = structlog.processors.JSONRenderer(ensure_ascii=False)
    else:
        renderer = cast("structlog.types.Processor", _line)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[add_service, structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for chatty in ("aioice", "aiortc", "alembic", "asyncio", "fontTools", "nats", "httpx", "uvicorn"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, root.level))


def _line(_: object, __: str, event: MutableMapping[str, Any]) -> str:
    """`12:03:04.123 web      info    started  port=8000`: one line an event, the same width in every service."""
    stamp = str(event.pop("timestamp", ""))[11:23]
    level = str(event.pop("level", "info"))
    service = str(event.pop("service", "-"))
    name = str(event.pop("event", ""))
    event.pop("logger", None)
    error = event.pop("exception", None)
    pairs = " ".join(f"{k}={v}" for k, v in event.items())
    line = f"{stamp} {service:<8} {level:<7} {name}" + (f"  {pairs}" if pairs else "")
    return f"{line}\n{error}" if error else line


def get(name: str) -> structlog.stdlib.BoundLogger:
    """The logger of a module."""
    return cast("structlog.stdlib.BoundLogger", structlog.get_logger(name))
