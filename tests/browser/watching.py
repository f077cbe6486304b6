"""A viewer whose player is looked into: which connections it holds, what it says, where it is."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

from tests.browser import walk

# Counts what the page opens, and sends its media to another port of the server's address when there is one to send to.
WATCHED = """(port => {
    window.made = { pcs: [], sources: [], said: [], holds: 0, frames: 0, shown: NaN, longest: 0 };
    const Connection = window.RTCPeerConnection;
    window.RTCPeerConnection = class extends Connection {
        constructor(...given) { super(...given); window.made.pcs.push(this); }
        setRemoteDescription(answer) {
            const sdp = port ? answer.sdp.replace(/(a=candidate:.* 127\\.0\\.0\\.1 )\\d+/g, `$1${port}`) : answer.sdp;
            return super.setRemoteDescription({ type: answer.type, sdp });
        }
    };
    const Source = window.MediaSource;
    if (Source) window.MediaSource = class extends Source {
        constructor(...given) { super(...given); window.made.sources.push(this); }
    };
    document.addEventListener('DOMContentLoaded', () => {
        const notice = document.querySelector('[data-stage=notice]');
        if (!notice) return;
        const look = () => notice.hidden || window.made.said.push(notice.textContent.trim());
        new MutationObserver(look).observe(notice, { attributes: true, childList: true, subtree: true });
        const held = document.querySelector('[data-stage=held]');
        const holds = () => { window.made.holds += !held.hidden; };
        new MutationObserver(holds).observe(held, { attributes: true });
        const video = document.querySelector('.stage__video');
        const frame = now => {
            const { made } = window;
            made.frames += 1;
            made.longest = Math.max(made.longest, now - made.shown || 0);
            made.shown = now;
            video.requestVideoFrameCallback(frame);
        };
        video.requestVideoFrameCallback(frame);
    });
})(PORT)"""

# What the server says of the event, asked for each second, reaches the page with these changes: it began so much
# earlier, in seconds, and these renditions rest.
TOLD = """(before => {
    window.resting = [];
    const server = window.fetch;
    window.fetch = async (url, options) => {
        const address = new URL(url, location.href);
        if (!address.pathname.endsWith('/api/v1/playback')) return server(url, options);
        if (address.searchParams.has('wait')) {
            address.searchParams.set('wait', '1');
            address.searchParams.set('after', address.searchParams.get('after').split('~')[0]);
        }
        const reply = await server(address, options);
        if (!reply.ok) return reply;
        const said = await reply.json();
        said.event.started_at = new Date(Date.parse(said.event.started_at) - 1000 * before).toISOString();
        const changed = { ...said, resting: window.resting, version: [said.version, ...window.resting].join('~') };
        return new Response(JSON.stringify(changed), { status: reply.status, headers: reply.headers });
    };
})(BEFORE)"""

NOW = """() => {
    const video = document.querySelector('.stage__video');
    const { play, transport, time } = document.querySelector('[data-stage=root]').dataset;
    return {
        play, transport, time, muted: video.muted, paused: video.paused, at: video.currentTime,
        rate: video.playbackRate,
        width: video.videoWidth, height: video.videoHeight,
        behind: document.querySelector('[data-control=behind]').textContent,
        connections: window.made.pcs.filter(pc => pc.connectionState !== 'closed').length,
        begun: window.made.pcs.length,
        sources: window.made.sources.filter(source => source.readyState === 'open').length,
        players: document.querySelectorAll('video').length,
        notice: !document.querySelector('[data-stage=notice]').hidden,
        longest: window.made.longest / 1000,
        holds: window.made.holds, held: !document.querySelector('[data-stage=held]').hidden,
        said: window.made.said.at(-1) ?? '',
    };
}"""

# Under four seconds: LL-HLS is about one behind, and makes up what a slow machine costs it.
LIVE_EDGE = """() => {
    const behind = document.querySelector('[data-control=behind]').textContent;
    return /^(In real time|[0-3]\\.\\d s behind)$/.test(behind);
}"""

WELL = f"""transport => {{
    const now = ({NOW})();
    const [connections, sources] = transport === 'whep' ? [1, 0] : [0, 1];
    return now.transport === transport && now.play === 'playing' && !now.paused && !now.muted
        && !now.notice && !now.held && now.players === 1
        && now.connections === connections && now.sources === sources && ({LIVE_EDGE})();
}}"""


def watch(page: Page, link: str, transport: str = "whep", gate_port: int = 0) -> None:
    """Opens the link as a viewer who is looked into; plays with sound."""
    page.add_init_script(WATCHED.replace("PORT", str(gate_port)))
    page.goto(link)
    walk.playing(page, transport)
    walk.turn_sound_on(page)
    page.evaluate("window.neverReloaded = true")


def now(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = page.evaluate(NOW)
    return found


def forget_what_was_said(page: Page) -> None:
    """Just before a fault: what it makes the page say, and how long no picture comes, is told from what was earlier."""
    page.evaluate("() => { window.made.said.length = 0; window.made.longest = 0; }")


def says_reconnecting(page: Page, seconds: float = 20) -> None:
    walk.until(page, "() => window.made.said.some(text => text.startsWith('Reconnecting'))", seconds=seconds)


def shows(page: Page, frames: int, seconds: float = 60) -> None:
    """Until so many more frames were shown, by whatever session."""
    before = page.evaluate("window.made.frames")
    walk.until(page, "wanted => window.made.frames >= wanted", before + frames, seconds)


def well_again(page: Page, transport: str = "whep", seconds: float = 60) -> None:
    """Live, moving, heard, by one player with one connection; nothing on the picture; all that at once."""
    shows(page, 30, seconds)
    walk.playing(page, transport, seconds)
    try:
        walk.until(page, WELL, transport)
    except AssertionError as error:
        error.add_note(f"{now(page)}")
        raise
    assert page.evaluate("window.neverReloaded"), "the page was loaded again"
