"""The wire format `webinar.chat.v1`: JSON text frames, each an object with `type`. docs/chat-protocol.md describes it.

`client*` read what clients say, `server` writes what the service says, `frame` puts it into WebSocket frames.
"""

from typing import Final

from chat.wire.client import (
    MAX_HISTORY,
    MAX_MENTIONS,
    Hello,
    History,
    People,
    Ping,
    Send,
    decode,
)
from chat.wire.client_asking import KINDS_OF_REACTION, AnswerPoll, Ask, Hand, React, Vote
from chat.wire.client_mod import (
    ModAnnounce,
    ModMuteAsker,
    ModNote,
    ModPerson,
    ModSettings,
    ModTarget,
    ModUnpin,
    mod,
)
from chat.wire.client_mod_asking import ModHand, ModPoll, ModPollSave, ModQuestion
from chat.wire.frame import Frame
from chat.wire.order import Lock, Mod
from chat.wire.parse import MAX_BODY, MAX_DEPTH, MAX_FRAME, MAX_SEQ, ClientMessage, Malformed, Refused, clean
from chat.wire.server import ack, bye, encode, encode_event, events, history, moment, nak

SUBPROTOCOL: Final = "webinar.chat.v1"

__all__ = [
    "KINDS_OF_REACTION",
    "MAX_BODY",
    "MAX_DEPTH",
    "MAX_FRAME",
    "MAX_HISTORY",
    "MAX_MENTIONS",
    "MAX_SEQ",
    "SUBPROTOCOL",
    "AnswerPoll",
    "Ask",
    "ClientMessage",
    "Frame",
    "Hand",
    "Hello",
    "History",
    "Lock",
    "Malformed",
    "Mod",
    "ModAnnounce",
    "ModHand",
    "ModMuteAsker",
    "ModNote",
    "ModPerson",
    "ModPoll",
    "ModPollSave",
    "ModQuestion",
    "ModSettings",
    "ModTarget",
    "ModUnpin",
    "People",
    "Ping",
    "React",
    "Refused",
    "Send",
    "Vote",
    "ack",
    "bye",
    "clean",
    "decode",
    "encode",
    "encode_event",
    "events",
    "history",
    "mod",
    "moment",
    "nak",
]
