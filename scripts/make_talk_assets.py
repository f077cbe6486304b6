"""Makes the files of the demo talk: webinar/demo/assets/slide-N.png and speech.opus.

Run by hand when the talk changes: `python -m scripts.make_talk_assets`. Needs espeak-ng and the Noto Sans CJK fonts;
the files are committed, so that nobody else needs either.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
import numpy as np
from numpy.typing import NDArray

from scripts.talk_slides import SLIDES
from webinar.demo.talk import SLIDE_SECONDS

ASSETS: Final = Path(__file__).parent.parent / "webinar" / "demo" / "assets"
RATE: Final = 48_000
LEAD_S: Final = 0.7  # of silence at the start of a slide
TAIL_S: Final = 0.4
MAX_PNG: Final = 60 * 1024
MAX_SPEECH: Final = 300 * 1024

# What is said to each slide: (voice, words). Two voices on one slide follow one another.
SPEECH: Final[tuple[tuple[tuple[str, str], ...], ...]] = (
    (("ko", "안녕하세요. 학회를 온라인으로 옮긴 사흘의 기록을 나누겠습니다."),),
    (("en-us", "Four parts. Why we moved, how people join, the programme, and what to keep."),),
    (("ko", "앱과 계정을 없애자 입장은 링크 한 번, 이 초로 줄었습니다."),),
    (("en-us", "People forgive a grey slide. They do not forgive missing the first sentence."),),
    (("ko", "둘째 날은 아홉 시에 시작해서 네 개의 세션이 이어집니다."),),
    (("en-us", "The picture is encoded once. Everyone watches the same programme, live or later."),),
    (("ko", "숫자 셋만 기억해 주세요. 일 초, 삼백 명, 그리고 삼 초."),),
    (("en-us", "Thank you. Please write your questions."), ("ko", "감사합니다. 질문을 남겨 주세요.")),
)


def slides(folder: Path) -> None:
    """Draws every slide; fails when a file is larger than its limit."""
    for number, draw in enumerate(SLIDES, start=1):
        path = folder / f"slide-{number}.png"
        draw().finish().save(path, optimize=True)
        if path.stat().st_size > MAX_PNG:
            raise SystemExit(f"{path.name}: {path.stat().st_size} bytes, {MAX_PNG} are allowed")


def _say(voice: str, words: str, speed: int) -> NDArray[np.float32]:
    """One sentence at 48 kHz mono, -1..1."""
    with tempfile.NamedTemporaryFile(suffix=".wav") as wav:
        command = ["espeak-ng", "-v", voice, "-s", str(speed), "-g", "2", "-w", wav.name, words]
        subprocess.run(command, check=True)  # noqa: S603 - words of this file, no shell
        with av.open(wav.name) as container:
            resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
            frames = [out for frame in container.decode(audio=0) for out in resampler.resample(frame)]
            frames += resampler.resample(None)
    return np.concatenate([frame.to_ndarray().ravel() for frame in frames])


def _spoken(parts: tuple[tuple[str, str], ...]) -> NDArray[np.float32]:
    """The words of a slide, as fast as they must be to end before the slide does."""
    room = int((SLIDE_SECONDS - LEAD_S - TAIL_S) * RATE)
    for speed in range(145, 260, 5):
        voices = [_say(voice, words, speed) for voice, words in parts]
        gap = np.zeros(RATE // 3, np.float32)
        sound = np.concatenate([piece for voice in voices for piece in (voice, gap)][:-1])
        if len(sound) <= room:
            return sound
    raise SystemExit(f"too long for {SLIDE_SECONDS} s: {parts}")


def speech(folder: Path) -> None:
    """The whole loop, exactly as long as all slides, as mono Opus."""
    samples = np.zeros(len(SPEECH) * SLIDE_SECONDS * RATE, np.float32)
    for number, parts in enumerate(SPEECH):
        sound = _spoken(parts)
        sound = sound * (0.5 / float(np.abs(sound).max()))
        start = int((number * SLIDE_SECONDS + LEAD_S) * RATE)
        samples[start : start + len(sound)] = sound
    path = folder / "speech.opus"
    with av.open(str(path), "w", format="ogg") as container:
        stream = container.add_stream("libopus", rate=RATE, layout="mono")
        stream.bit_rate = 24_000
        for start in range(0, len(samples), 960):
            frame = av.AudioFrame.from_ndarray(samples[None, start : start + 960], format="flt", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = RATE, start, Fraction(1, RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    if path.stat().st_size > MAX_SPEECH:
        raise SystemExit(f"{path.name}: {path.stat().st_size} bytes, {MAX_SPEECH} are allowed")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--only", choices=("slides", "speech"))
    only = parser.parse_args().only
    ASSETS.mkdir(parents=True, exist_ok=True)
    if only != "speech":
        slides(ASSETS)
    if only != "slides":
        speech(ASSETS)
    for path in sorted(ASSETS.iterdir()):
        sys.stdout.write(f"{path.stat().st_size:>8}  {path.name}\n")


if __name__ == "__main__":
    main()
