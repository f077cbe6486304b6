"""Tokens: one purpose each, expiring, and links that can be revoked."""

from __future__ import annotations

import base64
import json
import uuid

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from webinar.base.errors import Gone, Unauthenticated, WebinarError
from webinar.base.tokens import Purpose, Tokens

TOKENS = Tokens("a" * 40)


def test_a_ticket_gives_back_its_claims() -> None:
    assert TOKENS.read(Purpose.VIEWER, TOKENS.sign(Purpose.VIEWER, {"event": "e"}, 60))["event"] == "e"


def test_a_ticket_of_one_purpose_opens_nothing_else() -> None:
    ticket = TOKENS.sign(Purpose.VIEWER, {"event": "e"}, 60)
    for purpose in set(Purpose) - {Purpose.VIEWER}:
        with pytest.raises(Unauthenticated):
            TOKENS.read(purpose, ticket)


def test_an_expired_ticket_is_gone() -> None:
    with pytest.raises(Gone):
        TOKENS.read(Purpose.CHAT, TOKENS.sign(Purpose.CHAT, {}, -1))


def test_a_ticket_of_another_installation_is_refused() -> None:
    with pytest.raises(Unauthenticated):
        TOKENS.read(Purpose.CHAT, Tokens("b" * 40).sign(Purpose.CHAT, {}, 60))


@pytest.mark.parametrize(("algorithm", "key"), [("none", ""), ("HS512", "k" * 64)])
def test_only_the_pinned_algorithm_is_read(algorithm: str, key: str) -> None:
    forged = jwt.encode({"aud": "viewer", "exp": 4_000_000_000, "event": "e"}, key, algorithm=algorithm)
    with pytest.raises(Unauthenticated):
        TOKENS.read(Purpose.VIEWER, forged)


def test_changed_claims_are_refused() -> None:
    head, _, tail = TOKENS.sign(Purpose.VIEWER, {"event": "e"}, 60).split(".")
    body = base64.urlsafe_b64encode(json.dumps({"aud": "viewer", "exp": 4_000_000_000, "event": "other"}).encode())
    with pytest.raises(Unauthenticated):
        TOKENS.read(Purpose.VIEWER, ".".join((head, body.decode().rstrip("="), tail)))


def test_a_link_holds_its_subject_and_version_and_160_bits_nobody_can_guess() -> None:
    subject = uuid.uuid4()
    link = TOKENS.link(Purpose.JOIN, subject, 3)
    assert TOKENS.read_link(Purpose.JOIN, link) == (subject, 3, b"")
    assert TOKENS.link(Purpose.JOIN, subject, 3) == link
    assert len(link) == 51
    event = uuid.uuid4()
    of_event = TOKENS.link(Purpose.JOIN, subject, 3, event)
    assert TOKENS.read_link(Purpose.JOIN, of_event) == (subject, 3, event.bytes[:6])
    assert len(of_event) == 59
    for forged in (
        of_event[:24] + of_event[32:],
        of_event[:26] + "AAAA" + of_event[30:],
        link[:24] + "A" * 8 + link[24:],
    ):
        with pytest.raises(Unauthenticated):
            TOKENS.read_link(Purpose.JOIN, forged)


def test_a_link_of_one_purpose_is_no_link_of_another() -> None:
    with pytest.raises(Unauthenticated):
        TOKENS.read_link(Purpose.PRESENTER, TOKENS.link(Purpose.JOIN, uuid.uuid4(), 1))


@given(st.text(max_size=80))
def test_any_other_text_is_refused_and_nothing_breaks(text: str) -> None:
    for read in (TOKENS.read_link, TOKENS.read):
        with pytest.raises(WebinarError):
            read(Purpose.JOIN, text)
