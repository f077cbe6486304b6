"""Samples of one rendition to parts and segments on the fixed grid of program time.

Segment `msn` holds what starts in [msn, msn + 1) × the segment's length, in every rendition: so they are aligned in
time without knowing of each other. Parts are cut *before* they would exceed the part target, so only the last of a
segment may be short. For both the sample that is being pushed decides, not the next one: a part is out at once.

Samples must begin at the grid (the encoders force an IDR there). Where raw frames were dropped between two samples,
the earlier one is shown for longer when its part is still open, the later one earlier when not: decode times stay
contiguous, which players need, and the picture is wrong by the frames that are missing anyway.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ingest.package.boxes import Run, Sample, Track, fragment


@dataclass(frozen=True, slots=True)
class CutPart:
    """One finished part. `pts` and `duration` count the track's timescale."""

    msn: int
    part: int
    pts: int
    duration: int
    independent: bool
    last: bool
    payload: bytes


class Segmenter:
    """Parts of one track. `part_target` and `segment_target` count the track's timescale."""

    def __init__(self, track: Track, part_target: int, segment_target: int) -> None:
        self._track = track
        self._part_target = part_target
        self._segment_target = segment_target
        self._samples: list[Sample] = []
        self._next_pts = 0
        self._msn = 0
        self._part = 0
        self._sequence = 0

    def push(self, sample: Sample) -> list[CutPart]:
        """The parts that this sample completes, at most two."""
        done: list[CutPart] = []
        if sample.pts != self._next_pts:
            sample = self._close_gap(sample)
        if self._samples and self._full(sample.duration):
            # A sample longer than those before it: the part ends without it.
            done.append(self._cut())
        self._samples.append(sample)
        self._next_pts = sample.pts + sample.duration
        if self._full(sample.duration):
            done.append(self._cut())
        return done

    def flush(self) -> list[CutPart]:
        """The rest, as the last part of the program."""
        return [self._cut(end=True)] if self._samples else []

    def _close_gap(self, sample: Sample) -> Sample:
        gap = sample.pts - self._next_pts
        if self._samples and 0 < gap <= self._part_target - self._length():
            self._samples[-1] = replace(self._samples[-1], duration=self._samples[-1].duration + gap)
            self._next_pts += gap
            return sample
        return replace(sample, pts=self._next_pts, duration=max(1, sample.duration + gap))

    def _length(self) -> int:
        return sum(s.duration for s in self._samples)

    def _full(self, duration: int) -> bool:
        """Whether one more sample of `duration` would not fit into the open part."""
        return self._length() + duration > self._part_target or self._ends_segment()

    def _ends_segment(self) -> bool:
        return self._next_pts >= (self._msn + 1) * self._segment_target

    def _cut(self, *, end: bool = False) -> CutPart:
        samples, self._samples = self._samples, []
        self._sequence += 1
        last = end or self._ends_segment()
        cut = CutPart(
            msn=self._msn,
            part=self._part,
            pts=samples[0].pts,
            duration=sum(s.duration for s in samples),
            independent=samples[0].sync,
            last=last,
            payload=fragment(self._sequence, (Run(self._track, samples),)),
        )
        if last:
            self._msn += 1
            self._part = 0
        else:
            self._part += 1
        return cut
