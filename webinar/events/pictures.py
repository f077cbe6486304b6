"""Pictures that hosts upload, made ours: decoded within bounds and written anew, without anything but pixels. Pure.

What was uploaded is never stored or served: metadata (places, cameras, names) and what else hid in the file are gone.
"""

from __future__ import annotations

import enum
import hashlib
import io
import warnings
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageCms, ImageOps

from webinar.base.errors import FieldProblem, Invalid

MAX_BYTES: Final = 10 * 1024 * 1024
# A camera's 48 megapixels fit: a JPEG is decoded at a fraction of its size. Of any other kind a picture is decoded
# whole, and making it smaller takes a copy: some 200 MB for a moment.
_MAX_JPEG_PIXELS: Final = 50_000_000
_MAX_PIXELS: Final = 25_000_000
_FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF")
_SMALLEST: Final = 16


class Kind(enum.StrEnum):
    COVER = "cover"  # top of the event page, and what messengers show of its link
    LOGO = "logo"  # in bars, mails, certificates
    HOLDING = "holding"  # what viewers see while nobody sends


@dataclass(frozen=True, slots=True)
class Form:
    """How pictures of a kind are kept: JPEG, which every messenger previews; PNG where a ground shines through."""

    width: int  # at most
    height: int
    type: str
    ending: str
    quality: int = 86


FORMS: Final = {
    Kind.COVER: Form(1600, 900, "image/jpeg", "jpg"),
    Kind.LOGO: Form(640, 240, "image/png", "png"),
    Kind.HOLDING: Form(1920, 1080, "image/jpeg", "jpg", quality=92),
}


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as it is kept."""

    type: str
    ending: str
    data: bytes
    sha256: str
    width: int
    height: int


def _bad(text: str) -> Invalid:
    return Invalid(text, fields=[FieldProblem("file", text)])


def made_ours(kind: Kind, data: bytes) -> Picture:
    """Decodes and encodes: some 0.1 s of CPU, so off the loop. Raises `Invalid` for what is no picture we take."""
    if len(data) > MAX_BYTES:
        raise _bad("The picture is larger than 10 MB. Make it smaller and try again.")
    form = FORMS[kind]
    image = _decoded(data, form)
    image.thumbnail((form.width, form.height), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    if form.type == "image/png":
        image.save(out, "PNG", optimize=True)
    else:
        _flat(image).save(out, "JPEG", quality=form.quality, optimize=True, progressive=True)
    encoded = out.getvalue()
    return Picture(form.type, form.ending, encoded, hashlib.sha256(encoded).hexdigest(), image.width, image.height)


def within(data: bytes, width: int, height: int) -> bytes:
    """A picture of ours as a PNG of at most that size; what is smaller stays as it is."""
    image = Image.open(io.BytesIO(data))
    if image.width <= width and image.height <= height and image.format == "PNG":
        return data
    image.thumbnail((width, height), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


def _decoded(data: bytes, form: Form) -> Image.Image:
    """In sRGB, upright, RGB or RGBA."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(data), formats=_FORMATS)
            if image.width * image.height > (_MAX_JPEG_PIXELS if image.format == "JPEG" else _MAX_PIXELS):
                raise _bad("The picture has too many pixels. Make it smaller and try again.")
            image.draft("RGB", (form.width * 2, form.height * 2))  # a JPEG need not be decoded whole
            image.load()
            return _plain(ImageOps.exif_transpose(_near(image, form)))
    except (
        OSError,
        ValueError,
        SyntaxError,
        EOFError,
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
    ) as error:
        raise _bad("This file is not a picture we can read. Take a JPEG, PNG or WebP.") from error


def _near(image: Image.Image, form: Form) -> Image.Image:
    """Not much larger than it will be kept: everything that follows makes copies."""
    if image.mode not in ("RGB", "RGBA", "L", "LA", "CMYK"):
        image = image.convert("RGBA" if image.mode == "PA" or "transparency" in image.info else "RGB")
    side = 2 * max(form.width, form.height)  # it may lie on its side
    image.thumbnail((side, side), Image.Resampling.LANCZOS)
    return image


def _plain(image: Image.Image) -> Image.Image:
    if min(image.size) < _SMALLEST:
        raise _bad("The picture is too small to be shown.")
    alpha = image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info
    profile = image.info.get("icc_profile")
    found = image.convert("RGBA" if alpha else "RGB") if image.mode != "CMYK" or not profile else image
    if profile and found.mode in ("RGB", "CMYK"):
        try:
            there = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            made = ImageCms.profileToProfile(found, there, ImageCms.createProfile("sRGB"), outputMode="RGB")
            found = found if made is None else made
        except (ImageCms.PyCMSError, OSError):
            pass  # a broken profile: the numbers are taken as they are
    # A new picture: what else the old one knew of itself stays behind.
    fresh = Image.new("RGBA" if found.mode == "RGBA" else "RGB", found.size)
    fresh.paste(found.convert(fresh.mode))
    return fresh


def _flat(image: Image.Image) -> Image.Image:
    """On white where it was transparent."""
    if image.mode != "RGBA":
        return image
    ground = Image.new("RGB", image.size, (255, 255, 255))
    ground.paste(image, mask=image.getchannel("A"))
    return ground
