"""Lost Opus packets, repaired."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import numpy.typing as npt
import pytest

from ingest.program.opus import MOST_CONCEALED, Libopus, OpusDecoder, UndecodablePacket
from webinar.demo.talk import Talk

FRAME = 960


@pytest.fixture(scope="module")
def speech() -> npt.NDArray[np.float32]:
    """Two seconds of the demo's talk, mono."""
    programme = Talk().begin()
    blocks = [programme.sound(k)[:, 0] for k in range(100)]
    samples: npt.NDArray[np.float32] = np.concatenate(blocks).astype(np.float32)
    samples /= 32768
    return samples


def encode(samples: npt.NDArray[np.float32], *, fec: bool) -> list[bytes]:
    """20 ms packets at a bitrate at which Opus is a speech codec, as browsers send a microphone."""
    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format = 48_000, "mono", "flt"
    encoder.time_base, encoder.bit_rate = Fraction(1, 48_000), 28_000
    encoder.options = {"application": "voip", "fec": str(int(fec)), "packet_loss": "20"}
    packets: list[bytes] = []
    for at in range(0, len(samples) - FRAME + 1, FRAME):
        frame = av.AudioFrame.from_ndarray(samples[None, at : at + FRAME], "flt", "mono")
        frame.sample_rate, frame.pts, frame.time_base = 48_000, at, Fraction(1, 48_000)
        packets += [bytes(p) for p in encoder.encode(frame)]
    return packets


def error_of_every_fifth(packets: list[bytes]) -> float:
    """Energy of what is wrong when every fifth packet is lost, relative to that of the lost sound."""
    library = Libopus()
    whole, lossy = OpusDecoder(library), OpusDecoder(library)
    wrong = right = 0.0
    for number, packet in enumerate(packets):
        true = whole.decode(packet)
        if number % 5 == 3:
            lost = true
            continue
        if number % 5 == 4:
            repaired = lossy.repair(FRAME, packet)
            assert repaired.shape == lost.shape
            wrong += float(((repaired - lost) ** 2).sum())
            right += float((lost**2).sum())
        lossy.decode(packet)
    return wrong / right


def test_a_lost_packet_comes_back_from_the_copy_in_the_next_one(speech: npt.NDArray[np.float32]) -> None:
    with_copy = error_of_every_fifth(encode(speech, fec=True))
    concealed = error_of_every_fifth(encode(speech, fec=False))
    assert with_copy < 0.25
    assert with_copy < concealed / 2


def test_a_tone_goes_on_over_a_hole_and_a_long_hole_is_not_made_up() -> None:
    tone = (0.3 * np.sin(2 * np.pi * 440 * np.arange(48_000) / 48_000)).astype(np.float32)
    packets = encode(tone, fec=False)
    decoder = OpusDecoder(Libopus())
    for packet in packets[:20]:
        before = decoder.decode(packet)
    repaired = decoder.repair(2 * FRAME, packets[22])
    assert repaired.shape == (2 * FRAME, 2)
    assert float(np.abs(repaired).max()) > 0.5 * float(np.abs(before).max())
    assert len(decoder.repair(48_000, packets[30])) == MOST_CONCEALED
    assert len(decoder.repair(0, packets[30])) == 0


def test_what_is_no_packet_says_so_and_the_decoder_goes_on() -> None:
    decoder = OpusDecoder(Libopus())
    with pytest.raises(UndecodablePacket):
        decoder.decode(b"\xff\xff\xff")
    assert decoder.decode(encode(np.zeros(2 * FRAME, np.float32), fec=False)[0]).shape == (FRAME, 2)
