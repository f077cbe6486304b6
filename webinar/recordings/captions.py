"""Captions that a host uploads: WebVTT, or SubRip that becomes WebVTT. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from webinar.base.errors import FieldProblem, Invalid
from webinar.base.text_file import text_of
from webinar.recordings.cuts import vtt_time

LANGUAGES: Final = ("ko", "en")
MOST_BYTES: Final = 2 * 1024 * 1024
_MOST_CUES: Final = 20_000
_TIMES: Final = re.compile(
    r"(?:(\d{1,3}):)?([0-5]?\d):([0-5]\d)[.,](\d{1,3})[ \t]+-->[ \t]+"
    r"(?:(\d{1,3}):)?([0-5]?\d):([0-5]\d)[.,](\d{1,3})(.*)"
)
# Positions that WebVTT knows (section 4.4); anything else behind the times is left out.
_SETTING: Final = re.compile(r"(?:vertical|line|position|size|align|region):[A-Za-z0-9%.,-]+")
_TAG: Final = re.compile(r"</?(?:b|i|u|c|v|lang|ruby|rt)(?:[.\s][^<>]*)?>|<\d\d:\d\d(?::\d\d)?\.\d{3}>")


@dataclass(frozen=True, slots=True)
class Cue:
    """Times in s of the recording."""

    start_s: float
    end_s: float
    text: str
    settings: str = ""


def read(data: bytes) -> list[Cue]:
    """The cues of a `.vtt` or `.srt` file, in the encoding it has. Raises `Invalid` that says what is wrong."""
    if len(data) > MOST_BYTES:
        raise _bad("The file is too large: captions take 2 MB at most.")
    text = text_of(data)
    if text is None or "\0" in text:  # which PostgreSQL does not take
        raise _bad("This is no text. Choose a .vtt or .srt file.")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    cues = list(_cues(lines))
    if not cues:
        raise _bad("There are no captions in this file. Choose a .vtt or .srt file.")
    if len(cues) > _MOST_CUES:
        raise _bad("The file has too many captions.")
    return sorted(cues, key=lambda cue: cue.start_s)


def write(cues: list[Cue], begins_s: float = 0.0, ends_s: float = float("inf")) -> str:
    """WebVTT of a part of the recording, on that part's clock."""
    made = ["WEBVTT\n"]
    for cue in cues:
        if cue.end_s <= begins_s or cue.start_s >= ends_s:
            continue
        start_s, end_s = max(0.0, cue.start_s - begins_s), min(cue.end_s, ends_s) - begins_s
        times = f"{vtt_time(start_s)} --> {vtt_time(end_s)}"
        made.append(f"{times}{' ' + cue.settings if cue.settings else ''}\n{cue.text}\n")
    return "\n".join(made)


def _cues(lines: list[str]) -> list[Cue]:
    found: list[Cue] = []
    at = 0
    while at < len(lines):
        match = _TIMES.fullmatch(lines[at].strip())
        at += 1
        if match is None:
            if "-->" in lines[at - 1]:
                raise _bad("The times of a caption cannot be read. Export the file again as .vtt or .srt.")
            continue
        start_s, end_s = _seconds(*match.groups()[:4]), _seconds(*match.groups()[4:8])
        if end_s <= start_s:
            raise _bad("A caption ends before it begins. Mend its times and choose the file again.")
        said: list[str] = []
        while at < len(lines) and lines[at].strip():
            said.append(_clean(lines[at].strip()))
            at += 1
        if said:
            found.append(Cue(start_s, end_s, "\n".join(said), " ".join(_SETTING.findall(match[9] or ""))))
    return found


def _seconds(hours: str | None, minutes: str, seconds: str, ms: str) -> float:
    return int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds) + int(ms.ljust(3, "0")) / 1000


def _clean(line: str) -> str:
    """Tags that WebVTT has stay; what only looks like one is text."""
    out, at = [], 0
    for tag in _TAG.finditer(line):
        out += [_text(line[at : tag.start()]), tag[0]]
        at = tag.end()
    return "".join([*out, _text(line[at:])])


def _text(text: str) -> str:
    text = re.sub(r"<[^<>]*>", "", text)  # of other formats: <font color=…>
    text = re.sub(r"&(?!(?:amp|lt|gt|nbsp|lrm|rlm|#\d+);)", "&amp;", text)
    return text.replace("<", "&lt;").replace(">", "&gt;")


def _bad(text: str) -> Invalid:
    return Invalid("Some fields need another look.", fields=[FieldProblem("file", text)])
