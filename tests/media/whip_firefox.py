"""Firefox as a presenter's browser, driven by Marionette (its own protocol: length, colon, JSON) without a driver."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

_PREFERENCES: Final[dict[str, bool | int | str]] = {
    "media.autoplay.default": 0,
    "media.autoplay.blocking_policy": 0,
    "media.peerconnection.ice.loopback": True,
    "media.peerconnection.ice.obfuscate_host_addresses": False,
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
    "datareporting.policy.dataSubmissionEnabled": False,
    "app.update.enabled": False,
    "app.normandy.enabled": False,
    "services.settings.server": "data:,#remote-settings-dummy/v1",
    "browser.shell.checkDefaultBrowser": False,
}


class Firefox:
    """One session."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._id = 0

    async def call(self, command: str, **parameters: Any) -> Any:
        """One command; raises `RuntimeError` with what Firefox says of it."""
        self._id += 1
        body = json.dumps([0, self._id, command, parameters]).encode()
        self._writer.write(b"%d:%s" % (len(body), body))
        _, _, error, result = await self._read()
        if error:
            raise RuntimeError(error.get("message", error))
        return result

    async def evaluate(self, expression: str) -> Any:
        """The value of an expression of the page, awaited; JSON. Raises `RuntimeError` with what went wrong in it.

        A script of ours has a scope of its own and sees the page's elements only. So the expression becomes a script
        element, and its value an attribute of it.
        """
        in_page = (
            "{const me = document.currentScript;"
            "const say = (name, value) => me.setAttribute(name, JSON.stringify(value ?? null));"
            f"(async () => ({expression}))()"
            ".then(value => say('data-value', value), error => say('data-error', String(error)));}"
        )
        script = (
            "const [source, done] = arguments, element = document.createElement('script');"
            "new MutationObserver((_, seen) => {"
            "  seen.disconnect(); element.remove();"
            "  done([element.dataset.value ?? null, element.dataset.error ?? null]);"
            "}).observe(element, {attributes: true});"
            "element.textContent = source; document.documentElement.append(element);"
        )
        answer = await self.call("WebDriver:ExecuteAsyncScript", script=script, args=[in_page])
        value, error = answer["value"]
        if error is not None:
            raise RuntimeError(json.loads(error))
        return json.loads(value)

    async def greeting(self) -> None:
        await self._read()

    async def _read(self) -> Any:
        size = await self._reader.readuntil(b":")
        return json.loads(await self._reader.readexactly(int(size[:-1])))


@contextlib.asynccontextmanager
async def firefox(url: str, port: int) -> AsyncIterator[Firefox]:
    """A page at `url`; `port` is a free one, for Marionette."""
    binary = shutil.which("firefox-esr") or shutil.which("firefox")
    assert binary is not None
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        lines = [f"user_pref({json.dumps(k)}, {json.dumps(v)});" for k, v in _PREFERENCES.items()]
        lines.append(f'user_pref("marionette.port", {port});')
        (Path(folder) / "user.js").write_text("\n".join(lines))
        child = await asyncio.create_subprocess_exec(
            binary, "--headless", "--marionette", "--no-remote", "--profile", folder, env=os.environ | {"HOME": folder}
        )
        try:
            reader, writer = await _connected(port)
            page = Firefox(reader, writer)
            await page.greeting()
            await page.call("WebDriver:NewSession", capabilities={})
            await page.call("WebDriver:Navigate", url=url)
            yield page
            writer.close()
        finally:
            if child.returncode is None:
                child.terminate()
            await child.wait()


async def _connected(port: int, tries: int = 300) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Until Firefox listens, 30 s at most."""
    for _ in range(tries):
        with contextlib.suppress(OSError):
            return await asyncio.open_connection("127.0.0.1", port)
        await asyncio.sleep(0.1)
    raise TimeoutError("Firefox does not listen")
