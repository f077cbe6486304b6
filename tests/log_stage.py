"""What this process logs, as a service writes it with WEBINAR_LOG_LEVEL=debug. Fixture: `lines`."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest
import structlog

from webinar.base import log


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """Grows while the test runs; afterwards the process logs as before."""
    root, before = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers[:], root.level
    log.configure("web", "debug", "json")
    structlog.configure(cache_logger_on_first_use=False)
    stream = io.StringIO()
    (handler,) = root.handlers
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**before)
