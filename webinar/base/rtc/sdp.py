"""SDP offers read, answers written (RFC 8866, RFC 8829, RFC 9143), as far as WHIP and WHEP use them. Pure.

`parse_offer` refuses early and says why; `Answer` writes ice-lite, host candidates, rtcp-mux and setup:passive.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from webinar.base.rtc.dtls import DIGESTS, Fingerprint
from webinar.base.rtc.errors import SdpError
from webinar.base.rtc.peer import Remote

MAX_LENGTH: Final = 64 * 1024
MAX_SECTIONS: Final = 16
Direction = Literal["sendonly", "recvonly", "sendrecv", "inactive"]
DIRECTIONS: Final[tuple[Direction, ...]] = ("sendonly", "recvonly", "sendrecv", "inactive")
_HEX_PAIRS: Final = re.compile(r"[0-9A-F]{2}(:[0-9A-F]{2})+")
_ICE_CHARS: Final = re.compile(r"[A-Za-z0-9+/]{4,256}")  # RFC 8839 section 5.4
_TOKEN: Final = re.compile(r"[!-~]{1,64}")


@dataclass(frozen=True, slots=True)
class Codec:
    """One payload type of a media section."""

    payload_type: int
    name: str  # upper case: "H264", "VP8", "OPUS", "RTX"
    clock_rate: int
    channels: int = 1
    parameters: Mapping[str, str] = field(default_factory=dict)  # of a=fmtp
    feedback: tuple[str, ...] = ()  # of a=rtcp-fb: "nack", "nack pli", "goog-remb"

    @property
    def apt(self) -> int | None:
        """The payload type that an RTX codec repairs."""
        value = self.parameters.get("apt", "")
        return int(value) if value.isdecimal() else None


@dataclass(frozen=True, slots=True)
class OfferedMedia:
    """One m-section of an offer."""

    kind: str  # "video", "audio", "application"
    mid: str
    protocol: str
    direction: Direction
    rejected: bool  # its port was 0, without bundle-only
    formats: tuple[str, ...]
    codecs: tuple[Codec, ...]
    extensions: Mapping[str, int]  # URI → id
    ssrcs: tuple[int, ...]
    rtcp_mux: bool
    rtcp_rsize: bool  # RFC 5506

    def codec(self, name: str, **parameters: str) -> Codec | None:
        """The first codec of that name whose fmtp has these parameters (keywords take `_` for `-`)."""
        wanted = {key.replace("_", "-"): value for key, value in parameters.items()}
        for codec in self.codecs:
            if codec.name == name and all(codec.parameters.get(k) == v for k, v in wanted.items()):
                return codec
        return None

    def rtx(self, codec: Codec) -> Codec | None:
        """The retransmission codec for `codec` (RFC 4588)."""
        return next((c for c in self.codecs if c.name == "RTX" and c.apt == codec.payload_type), None)

    def h264(self, *, baseline_first: bool = False) -> Codec | None:
        """An H.264 codec with packetization mode 1: the offer's first, or the one nearest to constrained baseline.

        A decoder of any profile decodes constrained baseline, so the others still serve, last.
        """
        found = [c for c in self.codecs if c.name == "H264" and c.parameters.get("packetization-mode") == "1"]
        if not baseline_first:
            return found[0] if found else None
        ranks = {"42e0": 0, "42c0": 0, "4200": 1}
        return min(
            found, key=lambda c: ranks.get(c.parameters.get("profile-level-id", "4200")[:4].lower(), 2), default=None
        )


@dataclass(frozen=True, slots=True)
class Offer:
    """A usable offer: one transport for all sections."""

    media: tuple[OfferedMedia, ...]
    remote: Remote
    bundle: tuple[str, ...]

    def first(self, kind: str) -> OfferedMedia | None:
        """The first section of a kind that is in the bundle and not rejected."""
        return next((m for m in self.media if m.kind == kind and not m.rejected and m.mid in self.bundle), None)


@dataclass(slots=True)
class _Section:
    """Lines of one m-section, or of the session part."""

    head: str = ""
    lines: list[tuple[str, str]] = field(default_factory=list)  # attribute name → value

    def one(self, name: str) -> str | None:
        return next((value for key, value in self.lines if key == name), None)

    def every(self, name: str) -> list[str]:
        return [value for key, value in self.lines if key == name]

    def has(self, name: str) -> bool:
        return any(key == name for key, _ in self.lines)


def parse_offer(text: str | bytes) -> Offer:
    """Read an offer. Raises `SdpError`, whose `code` and message say what is missing; never anything else."""
    session, sections = _split(text)
    bundle = next((v.split()[1:] for v in session.every("group") if v.split()[:1] == ["BUNDLE"]), [])
    media = tuple(_media(section, index) for index, section in enumerate(sections))
    used = [
        (s, m) for s, m in zip(sections, media, strict=True) if not m.rejected and (m.mid in bundle or len(media) == 1)
    ]
    if not used:
        raise SdpError("All media must share one transport: the offer needs a=group:BUNDLE.", code="no_bundle")
    if not bundle:
        bundle = [media[0].mid]
    if any(m.kind != "application" and not m.rtcp_mux for _, m in used):
        raise SdpError("RTP and RTCP must share one port: the offer needs a=rtcp-mux.", code="no_rtcp_mux")
    return Offer(media, _remote(session, used[0][0]), tuple(bundle))


@dataclass(frozen=True, slots=True)
class Fragment:
    """What a trickle-ice-sdpfrag says of its sender's ICE session (RFC 8840 section 9).

    Its candidates are not read: a lite agent learns where its peer is from the checks that come.
    """

    ufrag: str
    pwd: str


def parse_fragment(text: str) -> Fragment:
    """Reads an SDP fragment. Raises `SdpError`."""
    if len(text) > MAX_LENGTH:
        raise SdpError("The SDP fragment is longer than 64 KB.", code="too_large")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines or any(line[1:2] != "=" for line in lines):
        raise SdpError("The body is not an SDP fragment.")
    found = {name: _attribute(lines, name) for name in ("ice-ufrag", "ice-pwd")}
    for name, value in found.items():
        if not _ICE_CHARS.fullmatch(value):
            raise SdpError(f"The SDP fragment has no usable a={name}.", code="no_ice")
    return Fragment(found["ice-ufrag"], found["ice-pwd"])


def _attribute(lines: Sequence[str], name: str) -> str:
    """The first value of an attribute, "" for none."""
    prefix = f"a={name}:"
    return next((line.removeprefix(prefix).strip() for line in lines if line.startswith(prefix)), "")


def _split(text: str | bytes) -> tuple[_Section, list[_Section]]:
    if len(text) > MAX_LENGTH:
        raise SdpError("The SDP is longer than 64 KB.", code="too_large")
    try:
        lines = (text.decode() if isinstance(text, bytes) else text).splitlines()
    except UnicodeDecodeError:
        raise SdpError("The body is not SDP: it is not text in UTF-8.") from None
    lines = [line.strip() for line in lines if line.strip()]
    if not lines or lines[0] != "v=0":
        raise SdpError("The body is not SDP: it must begin with v=0.")
    session = current = _Section()
    sections: list[_Section] = []
    for line in lines[1:]:
        if line[1:2] != "=":
            raise SdpError(f"The body is not SDP: {line[:40]!r} is no line of it.")
        if line.startswith("m="):
            current = _Section(head=line[2:])
            sections.append(current)
        elif line.startswith("a="):
            name, _, value = line[2:].partition(":")
            current.lines.append((name, value))
    if not sections:
        raise SdpError("The SDP offers no media.")
    if len(sections) > MAX_SECTIONS:
        raise SdpError(f"The SDP has more than {MAX_SECTIONS} media sections.", code="too_large")
    return session, sections


def _remote(session: _Section, section: _Section) -> Remote:
    ufrag = section.one("ice-ufrag") or session.one("ice-ufrag")
    if not ufrag or not _TOKEN.fullmatch(ufrag) or ":" in ufrag:
        raise SdpError("The offer has no usable a=ice-ufrag.", code="no_ice")
    prints = []
    for value in section.every("fingerprint") or session.every("fingerprint"):
        algorithm, _, digest = value.partition(" ")
        if algorithm.lower() in DIGESTS and _HEX_PAIRS.fullmatch(digest.strip().upper()):
            prints.append(Fingerprint(algorithm.lower(), digest.strip().upper()))
    if not prints:
        raise SdpError("The offer has no a=fingerprint with SHA-256 or better.", code="no_fingerprint")
    setup = section.one("setup") or session.one("setup") or "actpass"
    if setup not in ("actpass", "active", "passive"):
        raise SdpError("The offer's a=setup must be actpass, active or passive.", code="bad_setup")
    return Remote(ufrag, tuple(prints[:4]), dtls_client=setup != "passive")


def _media(section: _Section, index: int) -> OfferedMedia:
    head = section.head.split()
    if len(head) < 4 or not head[1].split("/")[0].isdecimal():
        raise SdpError(f"The SDP's media line {section.head[:40]!r} cannot be read.")
    mid = section.one("mid")
    if mid is not None and not _TOKEN.fullmatch(mid):
        raise SdpError("An a=mid cannot be read.")
    direction: Direction = next((d for d in DIRECTIONS if section.has(d)), "sendrecv")
    return OfferedMedia(
        kind=head[0],
        mid=mid if mid is not None else str(index),
        protocol=head[2],
        direction=direction,
        rejected=head[1] == "0" and not section.has("bundle-only"),
        formats=tuple(head[3:]),
        codecs=_codecs(section, head[3:]) if head[0] in ("audio", "video") else (),
        extensions=_extensions(section),
        ssrcs=tuple(dict.fromkeys(n for v in section.every("ssrc") if (n := _uint32(v.split(" ")[0])) is not None)),
        rtcp_mux=section.has("rtcp-mux"),
        rtcp_rsize=section.has("rtcp-rsize"),
    )


def _codecs(section: _Section, formats: Sequence[str]) -> tuple[Codec, ...]:
    maps, parameters, feedback = (_by_format(section, name) for name in ("rtpmap", "fmtp", "rtcp-fb"))
    codecs = []
    for text in formats:
        if not text.isdecimal() or int(text) > 127 or text not in maps:
            continue
        name, _, rest = maps[text][0].partition("/")
        rate, _, channels = rest.partition("/")
        if not rate.isdecimal() or len(rate) > 7:
            continue
        pairs = (item.strip().partition("=") for value in parameters.get(text, ()) for item in value.split(";"))
        codecs.append(
            Codec(
                payload_type=int(text),
                name=name.upper(),
                clock_rate=int(rate),
                channels=int(channels) if channels in ("1", "2") else 1,
                parameters={key.lower(): value for key, _, value in pairs if key},
                feedback=tuple(feedback.get(text, [])) + tuple(feedback.get("*", [])),
            )
        )
    return tuple(codecs)


def _by_format(section: _Section, name: str) -> dict[str, list[str]]:
    """Values of `a=name:<format> value`, by format."""
    found: dict[str, list[str]] = {}
    for line in section.every(name):
        key, _, value = line.partition(" ")
        found.setdefault(key, []).append(value.strip())
    return found


def _extensions(section: _Section) -> dict[str, int]:
    found: dict[str, int] = {}
    for line in section.every("extmap"):
        number, _, rest = line.partition(" ")
        number = number.partition("/")[0]
        uri = rest.split(" ")[0]
        if number.isdecimal() and 1 <= int(number[:4]) <= 14 and uri:
            found.setdefault(uri, int(number))
    return found


def _uint32(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) <= 10 and int(text) < 1 << 32 else None


def new_ssrc() -> int:
    """A random SSRC, never 0."""
    return secrets.randbelow((1 << 32) - 1) + 1
