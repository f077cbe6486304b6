"""What the host sees of a live session: ingest's heartbeat, who watches, and where the seconds go.

From memory: what this process knows itself, and what the other web processes tell of their viewers.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Final

from ingest.contract import LiveStatus
from webinar.api import schemas
from webinar.api.admission import Transport
from webinar.events.model import Event

if TYPE_CHECKING:
    from webinar.platform import Platform

_TRANSPORTS: Final[tuple[Transport, Transport]] = ("whep", "hls")


def figures(platform: Platform, event: Event) -> schemas.LiveReply:
    """All of them, as of now."""
    beats, event_id = platform.stage.heartbeats, str(event.id)
    status = beats.latest(event_id)
    return schemas.live_reply(
        event, status, beats.silent_for(event_id), viewers(platform, event.id), _delay(platform, event.id, status)
    )


def viewers(platform: Platform, event_id: uuid.UUID) -> schemas.Viewers:
    """Guests by how they watch, as of now."""
    there = platform.crowd.viewers(event_id)
    return schemas.Viewers(
        total=sum(there.values()),
        watching=platform.crowd.watching(event_id),
        whep=there["whep"],
        hls=there["hls"],
        lobby=there["lobby"],
        by_rendition=dict(sorted(platform.crowd.sent(event_id).rungs.items())),
    )


def _delay(platform: Platform, event_id: uuid.UUID, status: LiveStatus | None) -> schemas.Delay:
    sent = platform.crowd.sent(event_id)
    whep, hls = (_reported(platform, event_id, transport) for transport in _TRANSPORTS)
    return schemas.Delay(
        program_s=status.delay_s if status else 0.0,
        encode_s=max((r.late_s for r in status.renditions if r.wanted_fps), default=0.0) if status else 0.0,
        send_s=round(sent.late_s, 3) if sent.viewers else None,
        whep_median_s=whep[0],
        whep_p95_s=whep[1],
        hls_median_s=hls[0],
        hls_p95_s=hls[1],
    )


def _reported(platform: Platform, event_id: uuid.UUID, transport: Transport) -> tuple[float | None, float | None]:
    """Median and 95th percentile of what players say."""
    behind = platform.crowd.behind(event_id, transport)
    if not behind:
        return None, None
    return behind[len(behind) // 2], behind[min(len(behind) - 1, len(behind) * 95 // 100)]
