"""The table of the API's operations: what every module of this package has to offer."""

from __future__ import annotations

from typing import Final

from webinar.api.attendance import ATTENDANCE
from webinar.api.attendees import ATTENDEES
from webinar.api.certificates import CERTIFICATES
from webinar.api.chat_rules import CHAT_RULES
from webinar.api.conversation import CONVERSATION
from webinar.api.doors import DOORS
from webinar.api.editing import EDITING
from webinar.api.events import EVENTS
from webinar.api.figures import LIVE
from webinar.api.followup import FOLLOWUP
from webinar.api.handouts import HANDOUTS
from webinar.api.images import IMAGES
from webinar.api.mails import MAILS
from webinar.api.marks import MARKS
from webinar.api.moderation import MODERATION
from webinar.api.names import NAMES
from webinar.api.operation import Operation
from webinar.api.planning import PLANNING
from webinar.api.playback import PLAYBACK
from webinar.api.polling import POLLING
from webinar.api.receipts import RECEIPTS
from webinar.api.recordings import RECORDINGS
from webinar.api.records import RECORDS
from webinar.api.registration import REGISTRATION
from webinar.api.replay import REPLAY
from webinar.api.report import REPORT
from webinar.api.role_links import ROLE_LINKS
from webinar.api.series import SERIES
from webinar.api.tickets import TICKETS
from webinar.api.webhooks import WEBHOOKS

OPERATIONS: Final[tuple[Operation, ...]] = (
    *EVENTS,
    *LIVE,
    *TICKETS,
    *PLAYBACK,
    *PLANNING,
    *IMAGES,
    *SERIES,
    *HANDOUTS,
    *ATTENDEES,
    *REGISTRATION,
    *CONVERSATION,
    *CHAT_RULES,  # `chat/settings` stands before `chat/{seq}`
    *MODERATION,
    *POLLING,
    *NAMES,
    *DOORS,
    *ROLE_LINKS,
    *WEBHOOKS,
    *MAILS,
    *RECORDS,
    *CERTIFICATES,
    *RECEIPTS,
    *MARKS,
    *RECORDINGS,
    *EDITING,
    *REPORT,
    *FOLLOWUP,
    *REPLAY,
    *ATTENDANCE,
)
