"""A strict LL-HLS player that plays nothing: follows every rendition of a live session and reports what is wrong.

`python -m tests.media.hls_validator URL SECONDS` prints the report of a session that runs somewhere.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from urllib.parse import urljoin

import httpx

from tests.media import hls_playlist
from tests.media.hls_playlist import Malformed, MediaPlaylist
from tests.media.hls_rules import FIRST_MSN, Follower, Report, across, reports

_LONGEST_WAIT_S = 8.0


class Validator:
    """One session. `report` grows while it follows."""

    def __init__(self, client: httpx.AsyncClient, url: str) -> None:
        self.client = client
        self.url = url
        self.report = Report()
        self.followers: dict[str, Follower] = {}  # by the URI of the playlist in the multivariant one
        self._now: dict[str, tuple[int, int]] = {}  # where each rendition is known to be

    async def follow(self, over: Callable[[], bool]) -> Report:
        """Until `over()`, looked at with each part, or the ENDLIST; then what only the end can tell."""
        start = hls_playlist.multivariant(await self._text(self.url))
        uris = [v.uri for v in start.variants] + [start.audio_uri]
        self.followers = {uri: Follower(uri.partition("/")[0], self.report) for uri in uris}
        async with asyncio.TaskGroup() as group:
            for uri, follower in self.followers.items():
                group.create_task(self._follow(uri, follower, over))
        across(self.report, hls_playlist.multivariant(await self._text(self.url)), self.followers)
        return self.report

    async def _follow(self, uri: str, follower: Follower, over: Callable[[], bool]) -> None:
        base = urljoin(self.url, uri)
        playlist = follower.state(hls_playlist.media(await self._text(base)))
        follower.initialized(await self._bytes(urljoin(base, playlist.map_uri)))
        follower.from_start = playlist.media_sequence == FIRST_MSN
        for segment in playlist.segments:
            if segment.uri and not segment.gap and segment.msn < playlist.segments[-1].msn - 1:
                follower.segment(segment, await self._bytes(urljoin(base, segment.uri)))
        position = max(playlist.segments[0].msn, playlist.segments[-1].msn - 1), 0
        while True:
            position = await self._media(base, follower, playlist, position)
            self._now[uri] = playlist.last_position
            if over() or playlist.ended:
                return
            playlist = await self._next(uri, base, follower, playlist)

    async def _next(self, uri: str, base: str, follower: Follower, playlist: MediaPlaylist) -> MediaPlaylist:
        """The state after the next part: asked for blocking, every other time as a delta update."""
        msn, number = playlist.next_position
        before = dict(self._now)
        delta = number % 2 == 1
        url = f"{base}?_HLS_msn={msn}&_HLS_part={number}" + ("&_HLS_skip=YES" if delta else "")
        made = hls_playlist.media(await self._text(url))
        now = follower.state(made)
        where = f"answer for {msn}.{number} ends before {now.next_position}"
        self.report.check("blocking", follower.name, now.ended or now.next_position > (msn, number), where)
        if delta:
            follower.same(hls_playlist.media(await self._text(f"{base}?_HLS_msn={msn}&_HLS_part={number}")))
        await self._reports(uri, follower.name, made, before)
        return now

    async def _reports(self, uri: str, name: str, made: MediaPlaylist, before: dict[str, tuple[int, int]]) -> None:
        others = [other for other in self.followers if other != uri]
        if made.ended or any(other not in before for other in others):
            return
        after = {}
        for other in others:
            latest = hls_playlist.media(await self._text(urljoin(self.url, other)))
            after[f"../{other}"] = latest.last_position
        # What a report says may be as old as the playlist, and that as old as the part it was made for.
        known = {f"../{other}": _step_back(before[other]) for other in others}
        reports(self.report, name, made, known, after)

    async def _media(
        self, base: str, follower: Follower, playlist: MediaPlaylist, position: tuple[int, int]
    ) -> tuple[int, int]:
        """Fetches what came after `position`: the parts, and each segment that they complete."""
        for segment in playlist.segments:
            for number, part in enumerate(segment.parts):
                if (segment.msn, number) >= position:
                    follower.part(segment, number, await self._bytes(urljoin(base, part.uri)))
                    position = segment.msn, number + 1
            if segment.uri and segment.parts and position[0] == segment.msn:
                follower.segment(segment, await self._bytes(urljoin(base, segment.uri)))
                position = segment.msn + 1, 0
        return position

    async def _text(self, url: str) -> str:
        reply = await self.client.get(url, timeout=_LONGEST_WAIT_S)
        if reply.status_code != 200:
            raise Malformed(f"{url}: {reply.status_code} {reply.text.strip()}")
        typed = reply.headers["content-type"] == "application/vnd.apple.mpegurl"
        self.report.check("headers", url, typed and "cache-control" in reply.headers, str(reply.headers))
        return reply.text

    async def _bytes(self, url: str) -> bytes:
        reply = await self.client.get(url, timeout=_LONGEST_WAIT_S)
        kept = "immutable" in reply.headers.get("cache-control", "")
        self.report.check("headers", url, reply.status_code != 200 or kept, str(reply.headers))
        self.report.check("status", url, reply.status_code == 200, f"{reply.status_code} for a listed address")
        return reply.content

    async def probe(self) -> None:
        """What must be refused is refused as the standard says (section 6.2.5.2), on a session that is live."""
        uri = next(iter(self.followers))
        base = urljoin(self.url, uri)
        now = hls_playlist.media(await self._text(base))
        msn, number = now.next_position
        for query, status in (
            ("?_HLS_part=0", 400),
            (f"?_HLS_msn={msn + 10}", 400),
            ("?_HLS_msn=x", 400),
            (f"?_HLS_msn={msn + 10}&_HLS_part=0", 400),
            (f"?_HLS_msn={msn}&_HLS_part={number}", 200),
            (f"?_HLS_msn={msn - 1}&_HLS_part=99", 200),  # beyond a segment: the first part of the next one
            (f"?_HLS_msn={now.media_sequence}&_HLS_part=0", 200),
        ):
            await self._expect(base + query, status)
        for path in ("999999.m4s", "999999.0.m4s", "../nothing/index.m3u8"):
            await self._expect(urljoin(base, path), 404)
        hint = urljoin(base, hls_playlist.media(await self._text(base)).hints[0])
        await self._expect(hint, 200)  # held until it is there

    async def probe_end(self) -> None:
        """After the ENDLIST blocking is ignored: the answer comes at once."""
        uri = next(iter(self.followers))
        base = urljoin(self.url, uri)
        ended = hls_playlist.media(await self._text(base))
        self.report.check("end", uri, ended.ended and not ended.hints, "no ENDLIST, or a hint after it")
        for query in ("?_HLS_msn=999999", "?_HLS_msn=999999&_HLS_part=0", "?_HLS_msn=0&_HLS_skip=YES"):
            await self._expect(base + query, 200)

    async def _expect(self, url: str, status: int) -> None:
        reply = await self.client.get(url, timeout=_LONGEST_WAIT_S)
        self.report.check("status", url, reply.status_code == status, f"{reply.status_code}, not {status}")


def _step_back(position: tuple[int, int]) -> tuple[int, int]:
    msn, part = position
    return (msn, part - 1) if part > 0 else (msn - 1, 0)


async def main(url: str, seconds: float) -> int:
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    async with httpx.AsyncClient() as client:
        validator = Validator(client, url)
        report = await validator.follow(lambda: loop.time() >= until)
        await validator.probe()
    sys.stdout.write(json.dumps({"looked": report.looked, "violations": len(report.violations)}) + "\n")
    for violation in report.violations[:50]:
        sys.stdout.write(f"{violation}\n")
    return 1 if report.violations else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1], float(sys.argv[2]))))
