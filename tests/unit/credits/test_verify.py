"""`webinar verify FILE`: offline, with words for people and JSON for programs."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.unit.credits.test_bundle import KEY, OTHER, edited, made
from webinar.cli import app
from webinar.credits.keys import published


def verify(tmp_path: Path, data: bytes, *options: str) -> tuple[int, str]:
    file = tmp_path / "출석 기록.zip"
    file.write_bytes(data)
    result = CliRunner().invoke(app, ["verify", str(file), *options])
    return result.exit_code, result.output


def test_a_valid_bundle_is_said_so_with_its_key_and_what_that_proves(tmp_path: Path) -> None:
    status, text = verify(tmp_path, made())
    assert status == 0
    assert text.startswith("✓ Valid: 연례 학술대회")
    assert KEY.public.id in text
    assert "5 entries" in text
    assert "It does not prove attention." in text


def test_a_changed_bundle_is_said_so_with_what_does_not_fit(tmp_path: Path) -> None:
    status, text = verify(tmp_path, edited({"people.csv": lambda content: content + b"x"}))
    assert status == 1
    assert text.startswith("✗ NOT VALID")
    assert "people.csv was changed" in text


def test_anything_else_is_no_bundle(tmp_path: Path) -> None:
    status, text = verify(tmp_path, b"a letter")
    assert (status, text.startswith("✗ This cannot be read")) == (2, True)
    assert CliRunner().invoke(app, ["verify", str(tmp_path / "nothing.zip")]).exit_code == 2


def test_programs_get_json(tmp_path: Path) -> None:
    status, text = verify(tmp_path, made(), "--json")
    told = json.loads(text)
    assert (status, told["verdict"], told["problems"]) == (0, "valid", [])
    assert told["key"]["public"] == KEY.public.text
    assert told["log"]["entries"] == 5


@pytest.mark.parametrize("signer", [KEY, OTHER], ids=["known", "unknown"])
def test_only_a_published_key_is_taken_when_the_published_keys_are_given(tmp_path: Path, signer: object) -> None:
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps(published([(KEY.public, "2026-11-22T00:00:00Z")], KEY.public.id)))
    key = KEY if signer is KEY else OTHER
    status, text = verify(tmp_path, made(key=key), "--keys", str(keys))
    assert status == (0 if signer is KEY else 1)
    assert ("which you trust" in text) is (signer is KEY)


def test_a_file_that_is_no_set_of_keys_is_a_wrong_use(tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_text("[]")
    status, _ = verify(tmp_path, made(), "--keys", str(tmp_path / "keys.json"))
    assert status == 2


def _zip(name: str, packed: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", packed) as archive:
        archive.writestr(name, b"{}" * 100)
        archive.writestr("signature.json", b"{}")
    return out.getvalue()


def test_an_archive_made_to_break_its_reader_is_no_bundle(tmp_path: Path) -> None:
    lzma = bytearray(_zip("manifest.json", zipfile.ZIP_LZMA))
    lzma[45:70] = b"\xff" * 25
    misnamed = _zip("m\u00e4nifest.json", zipfile.ZIP_STORED).replace("m\u00e4".encode(), b"m\xff\xff")
    for data in (bytes(lzma), misnamed):
        status, text = verify(tmp_path, data)
        assert (status, text.startswith("✗ This cannot be read")) == (2, True)
