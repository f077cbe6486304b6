"""The soak's short form: viewers of both kinds and a chat on one event, and nothing of it is missing."""

from __future__ import annotations

import pytest

from tests.bench.soak import soak


@pytest.mark.timeout(180)
def test_an_event_with_viewers_and_chat_loses_nothing() -> None:
    result = soak(3, whep=10, hls=3, people=30, rate=5, WEBINAR_LADDER="480p,240p")
    assert {"web", "ingest", "chat", "worker"} <= result["memory"].keys()
    chat = result["chat"]
    assert (chat["missing"], chat["doubled"], chat["out_of_order"], chat["refusals"]) == (0, 0, 0, {})
    assert chat["sent"] > 0
    assert result["hls_viewers"]["parts"] > 0
    assert result["hls_viewers"]["errors"] == 0
    assert result["whep_viewers"]["decrypted"] > 0
    assert result["whep_viewers"]["bad"] == 0
    assert result["recording"]["errors"] == 0
    assert result["recording"]["length_s"] > 3
