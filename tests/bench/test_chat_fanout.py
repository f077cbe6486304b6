"""The bench's short form: that it measures, and that nobody in a full room misses anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.bench.chat_fanout import measure

if TYPE_CHECKING:
    from tests.chat_stage import Stage

pytest_plugins = ("tests.chat_stage",)
pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_two_hundred_people_get_every_message_once_and_in_order_and_come_back_together(stage: Stage) -> None:
    chat = await stage.new_chat()
    figures = await measure(stage, chat, people=200, rate=20, seconds=2, reconnect=True)
    assert (figures.sent, figures.refusals) == (40, {})
    assert (figures.missing, figures.out_of_order, figures.doubled) == (0, 0, 0)
    assert figures.deliveries == 8000
    assert figures.reconnect_s > 0
    await chat.stop()
