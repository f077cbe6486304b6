"""Boxes, held against FFmpeg's reader."""

from __future__ import annotations

import io
from fractions import Fraction

import av

from ingest.package.boxes import Run, file_type, fragment, fragmented_movie, init_segment
from tests.media.encoded import talk
from tests.media.reading import watch


def test_an_init_segment_says_codec_size_and_sound() -> None:
    made = talk()
    video = init_segment(made.video) + fragment(1, (Run(made.video, made.pictures[:15]),))
    with av.open(io.BytesIO(video), "r") as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.width, stream.height) == ("h264", 256, 144)
        assert stream.time_base == Fraction(1, 90_000)
    audio = init_segment(made.audio) + fragment(1, (Run(made.audio, made.sounds[:23]),))
    with av.open(io.BytesIO(audio), "r") as container:
        sound = container.streams.audio[0]
        assert (sound.codec_context.name, sound.rate, sound.channels) == ("aac", 48_000, 2)


def test_fragments_keep_times_durations_and_sync_flags() -> None:
    made = talk(extra_keyframes=(20,))
    data = init_segment(made.video)
    for number in range(3):
        data += fragment(number + 1, (Run(made.video, made.pictures[15 * number : 15 * number + 15]),))
    with av.open(io.BytesIO(data), "r") as container:
        packets = [p for p in container.demux(video=0) if p.size]
    assert [p.pts for p in packets] == [s.pts for s in made.pictures[:45]]
    assert [p.duration for p in packets] == [3000] * 45
    assert [i for i, p in enumerate(packets) if p.is_keyframe] == [0, 20]
    assert [bytes(p) for p in packets] == [s.data for s in made.pictures[:45]]


def test_a_fragment_of_two_tracks_decodes_with_picture_and_sound_in_step() -> None:
    made = talk()
    seen = watch(
        file_type(b"isom", b"iso6")
        + fragmented_movie((made.video, made.audio))
        + fragment(1, (Run(made.video, made.pictures), Run(made.audio, made.sounds)))
    )
    assert len(seen.video_times) == len(made.pictures)
    assert len(seen.lip_sync()) == 4
    assert max(map(abs, seen.lip_sync()[1:])) < 0.005
    assert abs(seen.lip_sync()[0]) < 0.021  # the encoder's priming is cut off: sound fades in


def test_a_fragment_may_begin_anywhere_in_time() -> None:
    made = talk()
    data = init_segment(made.video) + fragment(9, (Run(made.video, made.pictures[60:75]),))
    assert watch(data).video_times[0] == 2.0
