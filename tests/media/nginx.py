"""The nginx of the system with `deploy/nginx.conf`, in a folder and on ports of its own."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

from tests.running import ROOT, free_ports
from tests.waiting import until

_MAIN = """
daemon off; master_process off; pid {folder}/pid; error_log stderr warn;
events {{ worker_connections 2048; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    include {folder}/webinar.conf;
}}
"""


@contextlib.asynccontextmanager
async def nginx(web_port: int, extra: str = "", *, chat_port: int = 8001) -> AsyncIterator[tuple[str, int]]:
    """(URL, process id) of nginx in front of the web service on `web_port`. `extra` goes into the server block."""
    (port,) = free_ports(1)
    with tempfile.TemporaryDirectory(prefix="webinar-nginx-") as name:
        folder = Path(name)
        ours = (ROOT / "deploy" / "nginx.conf").read_text()
        for was, is_ in (
            ("/var/cache/nginx/webinar", f"{folder}/cache"),
            ("127.0.0.1:8000;", f"127.0.0.1:{web_port};"),
            ("127.0.0.1:8001;", f"127.0.0.1:{chat_port};"),
            ("listen 80;", f"listen 127.0.0.1:{port}; {extra}"),
        ):
            assert ours.count(was) == 1, was
            ours = ours.replace(was, is_)
        (folder / "webinar.conf").write_text(ours)
        (folder / "nginx.conf").write_text(_MAIN.format(folder=folder))
        process = await asyncio.create_subprocess_exec(
            shutil.which("nginx") or "/usr/sbin/nginx", "-p", name, "-c", f"{folder}/nginx.conf"
        )

        async def listening() -> bool:
            assert process.returncode is None, "nginx has ended"
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                return False
            writer.close()
            return True

        try:
            await until(listening)
            yield f"http://127.0.0.1:{port}", process.pid
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()
