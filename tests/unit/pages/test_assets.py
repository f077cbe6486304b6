from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from webinar.pages.assets import Assets
from webinar.pages.covers import KINDS, cover


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "icons").mkdir()
    (tmp_path / "icons/sprite.svg").write_text('<svg><symbol id="i-copy"></symbol></svg>')
    (tmp_path / "a.js").write_text("// Said.\nexport const a = 1;\n")
    return tmp_path


def client(assets: Assets) -> httpx.AsyncClient:
    app = Starlette(routes=[Mount("/static", app=assets)])
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test")


async def test_a_versioned_file_may_be_kept_for_ever(folder: Path) -> None:
    assets = Assets(folder)
    async with client(assets) as http:
        reply = await http.get(assets.url("a.js"))
    assert reply.status_code == 200
    assert "immutable" in reply.headers["cache-control"]


async def test_an_unversioned_file_is_asked_for_again(folder: Path) -> None:
    async with client(Assets(folder)) as http:
        first = await http.get("/static/a.js")
        again = await http.get("/static/a.js", headers={"If-None-Match": first.headers["etag"]})
    assert first.headers["cache-control"] == "no-cache"
    assert again.status_code == 304


async def test_an_older_version_gets_todays_file_but_may_not_keep_it(folder: Path) -> None:
    async with client(Assets(folder)) as http:
        reply = await http.get("/static/~000000000000/a.js")
    assert (reply.status_code, reply.headers["cache-control"]) == (200, "no-cache")


async def test_nothing_above_the_folder_is_served(folder: Path) -> None:
    (folder.parent / "secret.txt").write_text("secret")
    assets = Assets(folder)
    async with client(assets) as http:
        for path in ("/static/..%2fsecret.txt", "/static/%2e%2e/secret.txt", assets.url("..%2fsecret.txt")):
            assert (await http.get(path)).status_code == 404


def test_one_changed_file_changes_every_address(folder: Path) -> None:
    before = Assets(folder).url("a.js")
    (folder / "b.js").write_text("export {};")
    assert Assets(folder).url("a.js") != before


def test_a_cover_is_the_same_each_time_and_another_for_another_event() -> None:
    assert cover("talk-abcde") == cover("talk-abcde")
    assert cover("talk-abcde") != cover("talk-abcdf")
    kinds = {cover(f"event-{n}").split("cover--")[1][0] for n in range(200)}
    assert kinds == {str(kind) for kind in range(KINDS)}


def test_a_cover_holds_nothing_of_the_slug() -> None:
    assert "script" not in cover("<script>alert(1)</script>")


async def test_a_script_travels_with_what_it_imports_and_small_for_who_takes_that(folder: Path) -> None:
    (folder / "word.js").write_text("// Said.\nexport const word = 'again';\n")
    (folder / "long.js").write_text('import { word } from "./word.js";\n' + "// Why.\nconsole.log(word);\n" * 200)
    assets = Assets(folder)
    async with client(assets) as http:
        small = await http.get(assets.url("long.js"), headers={"Accept-Encoding": "gzip"})
        plain = await http.get(assets.url("long.js"), headers={"Accept-Encoding": "identity"})
        head = await http.head(assets.url("long.js"), headers={"Accept-Encoding": "gzip"})
        source = await http.get("/static/long.js")
    assert (small.headers["content-encoding"], "content-encoding" in plain.headers) == ("gzip", False)
    assert int(small.headers["content-length"]) < int(plain.headers["content-length"]) / 10
    assert small.text == plain.text
    assert "const word='again';" in small.text
    assert small.text.count("console.log(word);") == 200
    assert "import" not in small.text
    assert "//" not in small.text
    assert source.text == (folder / "long.js").read_text()
    assert head.headers["content-length"] == small.headers["content-length"]
    for reply in (small, plain):
        assert reply.headers["content-type"].startswith("text/javascript")
        assert reply.headers["vary"] == "Accept-Encoding"
        assert "immutable" in reply.headers["cache-control"]
