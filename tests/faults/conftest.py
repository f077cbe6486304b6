"""Faults whose promise is a time need a machine that does nothing else: they run in `make faults` alone."""

from __future__ import annotations

from pathlib import Path

import pytest

_TIMED = ("test_serve_killed.py",)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    return True if collection_path.name in _TIMED and not config.getoption("--long") else None
