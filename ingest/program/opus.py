"""Opus decoding with repair: a lost packet is rebuilt from the copy in the next one (in-band FEC, RFC 6716, 2.1.7).

FFmpeg's decoder knows neither FEC nor concealment, so libopus is called itself: the copy that PyAV's wheel carries and
has loaded already, else the system's.
"""

from __future__ import annotations

import ctypes
import ctypes.util
from pathlib import Path
from typing import Final

import av
import numpy as np

from ingest.contract import AUDIO_CLOCK
from ingest.program.raw import Samples
from webinar.base.errors import CannotStart

_CHANNELS: Final = 2
_LONGEST: Final = AUDIO_CLOCK * 120 // 1000  # of one packet (RFC 6716, 2.1.4)
_STEP: Final = AUDIO_CLOCK // 400  # libopus conceals in steps of 2.5 ms
# A longer hole is not made up: what would fill it is noise that fades.
MOST_CONCEALED: Final = _LONGEST


class UndecodablePacket(ValueError):
    """libopus does not understand a packet."""


class Libopus:
    """The library's few functions, typed. Raises `CannotStart` when there is none."""

    def __init__(self) -> None:
        library = ctypes.CDLL(_find())
        pointer, size = ctypes.c_void_p, ctypes.c_int
        self.create = library.opus_decoder_create
        self.create.argtypes = [ctypes.c_int32, size, ctypes.POINTER(size)]
        self.create.restype = pointer
        self.destroy = library.opus_decoder_destroy
        self.destroy.argtypes = [pointer]
        self.destroy.restype = None
        self.decode = library.opus_decode_float
        self.decode.argtypes = [pointer, ctypes.c_char_p, ctypes.c_int32, pointer, size, size]
        self.decode.restype = size


class OpusDecoder:
    """One stream, to 48 kHz stereo. Not for two threads at once."""

    def __init__(self, library: Libopus) -> None:
        self._library = library
        error = ctypes.c_int()
        self._state = library.create(AUDIO_CLOCK, _CHANNELS, ctypes.byref(error))
        if not self._state:
            raise MemoryError(f"libopus made no decoder ({error.value})")

    def __del__(self) -> None:
        if self._state:
            self._library.destroy(self._state)

    def decode(self, packet: bytes) -> Samples:
        """The packet's sound. Raises `UndecodablePacket`."""
        return self._decode(packet, _LONGEST, fec=False)

    def repair(self, missing: int, packet: bytes) -> Samples:
        """Stands for the `missing` samples right before `packet`, which is to be decoded next; at most 120 ms.

        The last lost packet comes from the packet's FEC when it carries one, everything else is concealed.
        """
        count = round(min(missing, MOST_CONCEALED) / _STEP) * _STEP
        if count <= 0:
            return np.zeros((0, _CHANNELS), np.float32)
        return self._decode(packet, count, fec=True)

    def _decode(self, packet: bytes, most: int, *, fec: bool) -> Samples:
        out = np.empty((most, _CHANNELS), np.float32)
        made = self._library.decode(self._state, packet, len(packet), out.ctypes.data, most, int(fec))
        if made < 0:
            raise UndecodablePacket(f"libopus says {made}")
        return out[:made]


def _find() -> str:
    wheel = Path(av.__file__).parent
    for folder in (wheel.parent / "av.libs", wheel / ".dylibs"):
        for path in sorted(folder.glob("libopus*")):
            return str(path)
    found = ctypes.util.find_library("opus")
    if found is None:
        raise CannotStart("libopus is missing. Install it (Debian: libopus0) or PyAV from its wheel.")
    return found
