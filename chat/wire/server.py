"""What the service sends. Each function gives the UTF-8 payload of one text frame, or of one event in it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping


def encode(type_: str, **fields: object) -> bytes:
    return json.dumps({"type": type_, **fields}, ensure_ascii=False, separators=(",", ":")).encode()


def moment(at: dt.datetime) -> str:
    """RFC 3339, UTC, milliseconds."""
    return at.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def encode_event(event: Mapping[str, object]) -> bytes:
    """One event of the log, encoded once, then only copied."""
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()


def events(encoded: Iterable[bytes]) -> bytes:
    """`events` out of encoded events, in order."""
    return b'{"type":"events","events":[' + b",".join(encoded) + b"]}"


def history(asked: str, value: int | str, encoded: Iterable[bytes]) -> bytes:
    """The answer to `history`: `events` that carries what was asked (`before`, `after` or `until`), so that it is not
    taken for news.
    """
    return (
        b'{"type":"events",%b:%b,"events":['
        % (
            json.dumps(asked).encode(),
            json.dumps(value).encode(),
        )
        + b",".join(encoded)
        + b"]}"
    )


def ack(cid: str, seq: int | None, *, held: bool = False) -> bytes:
    """`seq` is None for what is taken but no event of the log; `held`: a moderator has to approve it first."""
    return encode("ack", cid=cid, seq=seq, held=True) if held else encode("ack", cid=cid, seq=seq)


def nak(of: str, cid: str | None, code: str, retry_after: float | None = None) -> bytes:
    """`retry_after` in seconds: the same message may be taken then."""
    if retry_after is None:
        return encode("nak", of=of, cid=cid, code=code)
    return encode("nak", of=of, cid=cid, code=code, retry_after=round(retry_after, 2))


def bye(code: str, *, reconnect: bool, after_ms: int = 0) -> bytes:
    return encode("bye", code=code, reconnect=reconnect, after_ms=after_ms)
