"""What the program makes: raw pictures and sound on its own grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import av
import numpy as np
import numpy.typing as npt
from av.video.plane import VideoPlane

Samples = npt.NDArray[np.float32]  # [n, 2], 48 kHz, full scale ±1


@dataclass(frozen=True, slots=True)
class Picture:
    """One raw frame of the program: `number` counts frames from Go Live; the canvas is shared and never written.

    `span`: for how many frames of the program it stands, more than one where those after it are left out.
    """

    number: int
    frame: av.VideoFrame
    keyframe: bool
    span: int = 1


@dataclass(frozen=True, slots=True)
class Sound:
    """Raw samples of the program, from program sample `start` on."""

    start: int
    samples: Samples


def pixels(plane: VideoPlane) -> npt.NDArray[np.uint8]:
    """A writable view of a plane, [rows, line size in bytes]: padding at the end of lines included."""
    view = np.frombuffer(cast("Any", plane), np.uint8)
    return view[: plane.height * plane.line_size].reshape(plane.height, plane.line_size)
