"""The OpenAPI document is true of people: who registers, what they are sent, how long they were there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.document_check import PEOPLE, check_document

if TYPE_CHECKING:
    from tests.web_stage import Web

pytest_plugins = ["tests.web_stage"]


@pytest.mark.slow
async def test_schemathesis_finds_the_document_true_of_people(web: Web, folder: Path, long: bool) -> None:
    await check_document(web, folder, PEOPLE, long=long)
