from __future__ import annotations

import io

import pytest
from PIL import Image

from webinar.base.errors import Invalid
from webinar.events.pictures import Kind, made_ours


def encoded(mode: str, size: tuple[int, int], form: str) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size).save(out, form)
    return out.getvalue()


@pytest.mark.parametrize(
    ("mode", "form"),
    [("RGBA", "PNG"), ("P", "PNG"), ("1", "PNG"), ("I;16", "PNG"), ("L", "GIF"), ("CMYK", "JPEG"), ("RGB", "WEBP")],
)
def test_a_picture_of_any_mode_is_made_smaller_and_ours(mode: str, form: str) -> None:
    made = made_ours(Kind.LOGO, encoded(mode, (2000, 1000), form))
    assert (made.width, made.height, made.type) == (480, 240, "image/png")


def test_what_would_take_the_memory_of_viewers_is_refused_before_it_is_decoded() -> None:
    with pytest.raises(Invalid, match="too many pixels"):
        made_ours(Kind.COVER, encoded("1", (7000, 7000), "PNG"))
