"""Which bytes are a plain request for a part."""

from __future__ import annotations

import pytest

from webinar.delivery.express import plain_part

PATH = "/hls/abcdefghijklmnopqrstuv/720p/12.3.m4s"
HEAD = f"GET {PATH} HTTP/1.1\r\nHost: x\r\nAccept: */*\r\n"


@pytest.mark.parametrize("more", ["", "Connection: keep-alive\r\n", "X-Connection: close\r\nA:\r\n"])
def test_a_plain_request_is_read(more: str) -> None:
    assert plain_part((HEAD + more + "\r\n").encode()) == ("abcdefghijklmnopqrstuv", "720p", 12, 3)


@pytest.mark.parametrize(
    "data",
    [
        HEAD,
        HEAD + "\r\n" + HEAD + "\r\n",
        HEAD + "Content-Length: 0\r\n\r\n",
        HEAD + "content-length : 5\r\n\r\n",
        HEAD + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        HEAD + "X: a\nContent-Length: 5\r\n\r\n",
        HEAD + "X: a\r\n b\r\n\r\n",
        HEAD + "Connection: close\r\n\r\n",
        HEAD + "Connection: keep-alive, close\r\n\r\n",
        HEAD + "Range: bytes=0-\r\n\r\n",
        HEAD + "Expect: 100-continue\r\n\r\n",
        HEAD + "Upgrade: websocket\r\n\r\n",
        HEAD.replace("GET", "HEAD") + "\r\n",
        HEAD.replace("1.1", "1.0") + "\r\n",
        HEAD.replace(".m4s", ".m4s?x=1") + "\r\n",
        HEAD.replace("12.3", "12") + "\r\n",
        HEAD.replace("abcdefghijklmnopqrstuv", "..") + "\r\n",
        "\r\n" + HEAD + "\r\n",
    ],
)
def test_anything_else_is_left_to_the_server(data: str) -> None:
    assert plain_part(data.encode()) is None
