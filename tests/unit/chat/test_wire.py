"""chat/wire.py: what a client may say, and how the service says it."""

from __future__ import annotations

import datetime as dt
import json
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Opcode
from websockets.protocol import CLIENT, Protocol

from chat import wire
from chat.entry import Entry
from chat.state import RoomState

CID = "0b9c2f4e-6b5a-4a57-9a3c-0d8f6b1f2a3e"


def said(**fields: object) -> str:
    return json.dumps(fields)


def test_each_client_message_is_read_into_its_own_type() -> None:
    assert wire.decode(said(type="hello", ticket="t", since=4, epoch="e")) == wire.Hello("t", 4, "e")
    assert wire.decode(said(type="hello", ticket="t")) == wire.Hello("t", None, None)
    assert wire.decode(said(type="send", cid=CID, body="안녕", reply_to=3)) == wire.Send(CID, "안녕", 3)
    assert wire.decode(said(type="history", before=9, limit=5)) == wire.History(5, before=9)
    assert wire.decode(said(type="ping")) == wire.Ping()


def test_an_unknown_type_is_refused_and_the_conversation_goes_on() -> None:
    assert wire.decode(said(type="dance", cid="no uuid")) == wire.Refused("dance", None, "unknown_type")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "7",
        '"hello"',
        "{",
        '{"type":}',
        '{"type":7}',
        '{"type":""}',
        '{"type":"\\ud800"}',
        '{"type":"ping","x":NaN}',
        '{"type":"ping","x":' + "9" * 5000 + "}",
        '{"type":"ping","x":' + "[" * 9 + "]" * 9 + "}",
        "[" * 8000,
        '{"a":' * 1500,
        said(type="hello"),
        said(type="hello", ticket=5),
        said(type="hello", ticket="t", since=-1),
        said(type="hello", ticket="t", since=True),
        said(type="hello", ticket="t", since=2**53),
        said(type="hello", ticket="t", epoch=5),
        said(type="ping", pad="x" * wire.MAX_FRAME),
    ],
)
def test_what_is_no_message_is_malformed(text: str) -> None:
    with pytest.raises(wire.Malformed):
        wire.decode(text)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"cid": "7", "body": "x"}, "bad_message"),
        ({"cid": None, "body": "x"}, "bad_message"),
        ({"cid": CID, "body": "x", "reply_to": 0}, "bad_message"),
        ({"cid": CID, "body": "x", "reply_to": "1"}, "bad_message"),
        ({"cid": CID, "body": ["x"]}, "bad_body"),
        ({"cid": CID}, "bad_body"),
        ({"cid": CID, "body": " \n\t\u0000 "}, "empty"),
        ({"cid": CID, "body": "가" * 1001}, "too_long"),
    ],
)
def test_a_message_that_cannot_be_taken_is_refused_with_its_reason(fields: dict[str, object], code: str) -> None:
    answer = wire.decode(said(type="send", **fields))
    assert isinstance(answer, wire.Refused)
    assert (answer.of, answer.code) == ("send", code)


def test_a_lone_surrogate_in_a_body_is_refused() -> None:
    assert wire.decode(f'{{"type":"send","cid":"{CID}","body":"\\ud83d"}}') == wire.Refused("send", CID, "bad_body")


def test_a_body_of_a_thousand_characters_of_four_bytes_fits_into_a_frame() -> None:
    text = json.dumps({"type": "send", "cid": CID, "body": "🎈" * 1000}, ensure_ascii=False)
    assert len(text.encode()) < wire.MAX_FRAME
    assert wire.decode(text) == wire.Send(CID, "🎈" * 1000, None)


def test_brackets_inside_a_text_are_no_depth() -> None:
    body = '[{"\\' * 100
    assert wire.decode(said(type="send", cid=CID, body=body)) == wire.Send(CID, body, None)


def test_a_cid_has_one_form() -> None:
    answer = wire.decode(said(type="send", cid=CID.upper(), body="x"))
    assert answer == wire.Send(CID, "x", None)
    assert wire.decode(said(type="send", cid="{" + CID + "}", body="x")) == wire.Refused("send", None, "bad_message")


def test_history_is_cut_to_its_limit() -> None:
    assert wire.decode(said(type="history", before=5, limit=10**6)) == wire.History(wire.MAX_HISTORY, before=5)
    assert wire.decode(said(type="history", before=0)) == wire.Refused("history", None, "bad_message")


def test_controls_leave_a_text_and_newlines_are_one_kind() -> None:
    assert wire.clean(" a\r\nb\rc\x00\x1b[1m\td\u009f\n ") == "a\nb\nc[1m\td"


@given(st.text(max_size=200) | st.recursive(st.none() | st.text(max_size=5), st.lists).map(json.dumps))
def test_whatever_comes_is_a_message_or_malformed(text: str) -> None:
    try:
        wire.decode(text)
    except wire.Malformed:
        pass


@given(st.binary(max_size=70_000))
def test_a_frame_is_what_a_websocket_client_reads(payload: bytes) -> None:
    payload = payload.hex().encode()
    client = Protocol(CLIENT, max_size=None)
    client.receive_data(wire.Frame.of(payload).wire)
    (frame,) = client.events_received()
    assert (frame.opcode, frame.fin, frame.data) == (Opcode.TEXT, True, payload)  # type: ignore[union-attr]


@pytest.mark.parametrize("size", [0, 125, 126, 65535, 65536])
def test_frames_at_the_borders_of_the_length_forms_are_read_whole(size: int) -> None:
    client = Protocol(CLIENT, max_size=None)
    client.receive_data(wire.Frame.of(b"x" * size).wire)
    assert [len(frame.data) for frame in client.events_received()] == [size]  # type: ignore[union-attr]


def test_an_event_carries_who_when_and_what_and_nothing_twice() -> None:
    at = dt.datetime(2026, 5, 1, 9, 0, 0, 123456, tzinfo=dt.timezone(dt.timedelta(hours=9)))
    content = {"name": "지민", "role": "attendee", "body": "<b>hi</b>", "reply_to": 2}
    event = json.loads(RoomState().encode(Entry(7, "message", at, CID, "p1", content))[0])
    assert event == {
        "seq": 7,
        "type": "message",
        "at": "2026-05-01T00:00:00.123Z",
        "cid": CID,
        "from": {"id": "p1", "name": "지민", "role": "attendee"},
        "body": "<b>hi</b>",
        "reply_to": 2,
    }


def test_server_messages_are_objects_with_their_type() -> None:
    assert json.loads(wire.events([b'{"seq":1}', b'{"seq":2}'])) == {
        "type": "events",
        "events": [{"seq": 1}, {"seq": 2}],
    }
    assert json.loads(wire.history("before", 9, [])) == {"type": "events", "before": 9, "events": []}
    assert json.loads(wire.ack(CID, 4)) == {"type": "ack", "cid": CID, "seq": 4}
    assert json.loads(wire.nak("send", CID, "rate", 1.2345)) == {
        "type": "nak",
        "of": "send",
        "cid": CID,
        "code": "rate",
        "retry_after": 1.23,
    }
    assert "retry_after" not in json.loads(wire.nak("history", None, "bad_message"))
    assert json.loads(wire.bye("restart", reconnect=True, after_ms=5))["after_ms"] == 5


def test_cids_of_any_case_compare_equal_after_reading() -> None:
    cid = str(uuid.uuid4())
    lower, upper = (wire.decode(said(type="send", cid=form, body="x")) for form in (cid, cid.upper()))
    assert lower == upper
