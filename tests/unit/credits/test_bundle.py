"""A bundle is valid as it was made, and whatever is changed in it is named."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webinar.base.chain import GENESIS, canonical, link
from webinar.base.tokens import Tokens
from webinar.credits import bundle
from webinar.credits.check import Report, Verdict, check
from webinar.credits.keys import SigningKey

KEY = SigningKey(Tokens("a secret of at least thirty-two characters"))
OTHER = SigningKey(Tokens("another secret of at least 32 characters"))
EVENT = {"id": "e", "title": "연례 학술대회"}
Edit = Callable[[bytes], bytes]


def log(count: int = 5) -> list[dict[str, Any]]:
    entries, prev = [], GENESIS
    for seq in range(1, count + 1):
        at, body = f"2026-12-01T05:00:0{seq % 10}Z", {"person": "p", "이름": seq}
        hash_ = link(prev, seq=seq, at=at, type_="span", body=body)
        entries.append({"seq": seq, "at": at, "type": "span", "body": body, "prev": prev, "hash": hash_})
        prev = hash_
    return entries


def made(entries: list[dict[str, Any]] | None = None, key: SigningKey = KEY) -> bytes:
    out = io.BytesIO()
    about = bundle.About(
        event=EVENT, made_at=datetime(2026, 12, 1, 7, tzinfo=UTC), keys_url="https://x/keys", sealed=True
    )
    bundle.write(
        out, about, log() if entries is None else entries, [b"name\r\n", "김하나\r\n".encode()], [{"share": 80}], key
    )
    return out.getvalue()


def _same(content: bytes) -> bytes:
    return content


def edited(edits: dict[str, Edit | None], extra: dict[str, bytes] | None = None, data: bytes | None = None) -> bytes:
    """The bundle with some files changed, or left out (None)."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data or made())) as before, zipfile.ZipFile(out, "w") as after:
        for name in before.namelist():
            edit = edits.get(name, _same)
            if edit is not None:
                after.writestr(name, edit(before.read(name)))
        for name, content in (extra or {}).items():
            after.writestr(name, content)
    return out.getvalue()


def look(data: bytes, known: frozenset[str] | None = None) -> Report:
    return check(io.BytesIO(data), known)


def codes(data: bytes) -> set[tuple[str, str]]:
    report = look(data)
    assert report.verdict is Verdict.INVALID
    return {(problem.code, problem.file) for problem in report.problems}


def lines(edit: Callable[[list[bytes]], list[bytes]]) -> Edit:
    return lambda content: b"".join(line + b"\n" for line in edit(content.splitlines()))


def test_a_bundle_is_valid_as_it_was_made_and_says_by_which_key() -> None:
    report = look(made())
    assert (report.verdict, report.problems, report.entries) == (Verdict.VALID, [], 5)
    assert report.key == KEY.public
    assert report.event == EVENT
    assert report.sealed
    assert report.head == log()[-1]["hash"]


def test_the_same_record_makes_the_same_bytes() -> None:
    assert made() == made()


def test_an_empty_log_is_a_log() -> None:
    assert look(made([])).verdict is Verdict.VALID


def test_a_key_is_trusted_by_its_id_or_itself_and_no_other_is() -> None:
    for known in (KEY.public.id, KEY.public.text):
        assert look(made(), frozenset({known})).trusted is True
    report = look(made(key=OTHER), frozenset({KEY.public.id}))
    assert (report.verdict, report.trusted) == (Verdict.INVALID, False)
    assert [problem.code for problem in report.problems] == ["unknown_key"]


@pytest.mark.parametrize("name", ["people.csv", "rules.json", "README.txt"])
def test_one_changed_byte_of_a_file_is_named(name: str) -> None:
    data = edited({name: lambda content: content[:-1] + bytes([content[-1] ^ 1])})
    assert codes(data) == {("changed_file", name)}


def test_a_file_that_is_missing_or_too_many_is_named() -> None:
    assert codes(edited({"people.csv": None})) == {("missing_file", "people.csv")}
    assert codes(edited({}, {"../evil.txt": b"x"})) == {("extra_file", "../evil.txt")}


def test_swapped_files_are_both_named() -> None:
    with zipfile.ZipFile(io.BytesIO(made())) as archive:
        people, rules = archive.read("people.csv"), archive.read("rules.json")
    data = edited({"people.csv": lambda _: rules, "rules.json": lambda _: people})
    assert codes(data) == {("changed_file", "people.csv"), ("changed_file", "rules.json")}


@pytest.mark.parametrize(
    ("edit", "code", "line"),
    [
        (lambda rows: [*rows[:1], *rows[2:]], "log_order", 2),
        (lambda rows: [rows[0], rows[2], rows[1], *rows[3:]], "log_order", 2),
        (lambda rows: rows[1:], "log_order", 1),
        (lambda rows: [*rows[:2], rows[2].replace(b'"person":"p"', b'"person":"q"'), *rows[3:]], "log_changed", 3),
        (lambda rows: [*rows[:2], rows[1], *rows[2:]], "log_order", 3),
        (lambda rows: [*rows, b"not an entry"], "log_entry", 6),
    ],
    ids=["removed", "reordered", "first removed", "changed", "doubled", "added"],
)
def test_what_was_done_to_the_log_is_named_with_its_line(
    edit: Callable[[list[bytes]], list[bytes]], code: str, line: int
) -> None:
    report = look(edited({"log.jsonl": lines(edit)}))
    found = {problem.code: problem.text for problem in report.problems}
    assert set(found) == {"changed_file", code}
    assert found[code].startswith(f"Line {line} of log.jsonl: ")


def test_a_log_that_was_cut_at_its_end_ends_elsewhere_than_was_signed() -> None:
    assert ("log_end", "log.jsonl") in codes(edited({"log.jsonl": lines(lambda rows: rows[:-1])}))


def test_a_whole_new_record_without_the_key_has_no_valid_signature() -> None:
    forged = log(3)
    with zipfile.ZipFile(io.BytesIO(made(forged, OTHER))) as archive:
        manifest = json.loads(archive.read("manifest.json"))
    manifest["key"] = {"id": KEY.public.id, "algorithm": "Ed25519", "public": KEY.public.text}
    data = edited({"manifest.json": lambda _: canonical(manifest)}, data=made(forged, OTHER))
    assert codes(data) == {("bad_signature", "signature.json")}


def test_a_changed_manifest_is_not_what_was_signed() -> None:
    data = edited({"manifest.json": lambda content: content.replace("연례".encode(), "가짜".encode())})
    assert codes(data) == {("bad_signature", "signature.json")}


@pytest.mark.parametrize("data", [b"", b"PK", b"not a zip", b"\x00" * 200, made()[: len(made()) // 2]])
def test_what_is_no_bundle_is_unreadable(data: bytes) -> None:
    report = look(data)
    assert (report.verdict, [p.code for p in report.problems]) == (Verdict.UNREADABLE, ["unreadable"])


@pytest.mark.parametrize("manifest", [b"[" * 100_000, b"{}", b"null", b'{"format": 3}', b"\xff"])
def test_a_manifest_of_anything_else_is_unreadable(manifest: bytes) -> None:
    assert look(edited({"manifest.json": lambda _: manifest})).verdict is Verdict.UNREADABLE


@given(st.integers(0, len(made()) - 1), st.integers(1, 255))
def test_no_changed_byte_of_the_file_makes_another_valid_record(at: int, mask: int) -> None:
    data = bytearray(made())
    data[at] ^= mask
    report = look(bytes(data))
    if report.verdict is Verdict.VALID:  # what is not content: dates and attributes of the archive
        with zipfile.ZipFile(io.BytesIO(bytes(data))) as archive, zipfile.ZipFile(io.BytesIO(made())) as before:
            assert [archive.read(n) for n in archive.namelist()] == [before.read(n) for n in before.namelist()]
