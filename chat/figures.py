"""What /metrics of the chat service shows."""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

SOCKETS: Final = Gauge("webinar_chat_sockets", "Open sockets that have said hello")
ROOMS: Final = Gauge("webinar_chat_rooms", "Rooms held in memory")
HANDSHAKES: Final = Counter("webinar_chat_handshakes_total", "WebSocket handshakes by outcome", ["outcome"])
BYES: Final = Counter("webinar_chat_byes_total", "Sockets ended by the service, by reason", ["code"])
ACKED: Final = Counter("webinar_chat_acked_total", "Messages acknowledged, repeats too")
NAKED: Final = Counter("webinar_chat_naked_total", "Messages refused, by reason", ["code"])
FRAMES: Final = Counter("webinar_chat_frames_total", "Frames written in fan-out")
SLOW: Final = Counter("webinar_chat_slow_closed_total", "Sockets closed because they did not read what was sent")
FLOODED: Final = Counter("webinar_chat_flood_closed_total", "Sockets closed for pings or fragments without end")
BATCH: Final = Histogram(
    "webinar_chat_commit_messages", "Messages a commit", buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256)
)
COMMIT_S: Final = Histogram(
    "webinar_chat_commit_seconds", "Duration of a commit", buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 1, 5)
)
BALLOTS: Final = Histogram(
    "webinar_chat_ballot_batch", "Votes and answers to polls a transaction", buckets=(1, 4, 16, 64, 128, 256, 500)
)
REACTIONS_DROPPED: Final = Counter(
    "webinar_chat_reactions_dropped_total", "Reactions not counted: too many of one person, or of too long ago to keep"
)
