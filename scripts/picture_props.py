"""What the studio is shown for its picture: somebody before a camera, and slides."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw

from tests.running import ROOT
from webinar.demo.slides import SLIDES as SLIDE_COUNT
from webinar.demo.slides import STRIP_TOP

SLIDES: Final = ROOT / "webinar" / "demo" / "assets"


def a_face(file: Path, frames: int = 24) -> Path:
    """Motion JPEG for the fake camera, 1280x720: somebody drawn, who moves a little."""
    with file.open("wb") as out:
        for n in range(frames):
            image = Image.new("RGB", (640, 360), "#d8dfdb")
            draw = ImageDraw.Draw(image)
            draw.rectangle((0, 290, 640, 360), fill="#c2ccc6")
            draw.rounded_rectangle((40, 40, 200, 200), 6, fill="#eef2ef", outline="#b4c0b9", width=4)
            draw.line((40, 120, 200, 120), fill="#b4c0b9", width=4)
            sway = abs(n - frames // 2) // 6
            draw.rounded_rectangle((190 + sway, 250, 450 + sway, 420), 90, fill="#1d5d57")
            draw.rectangle((296 + sway, 220, 344 + sway, 270), fill="#d9a987")
            draw.ellipse((250 + sway, 80, 390 + sway, 245), fill="#e3b594")
            draw.pieslice((240 + sway, 62, 400 + sway, 230), 180, 360, fill="#33302d")
            image.resize((1280, 720), Image.Resampling.BILINEAR).save(out, "JPEG", quality=80)
    return file


def a_deck(file: Path) -> Path:
    """The demo's slides as a PDF, without the strip for its clocks."""
    pages = []
    for n in range(1, SLIDE_COUNT + 1):
        page = Image.open(SLIDES / f"slide-{n}.png").convert("RGB")
        page.paste(page.crop((0, STRIP_TOP - 8, 1280, STRIP_TOP - 2)).resize((1280, 720 - STRIP_TOP)), (0, STRIP_TOP))
        pages.append(page)
    pages[0].save(file, "PDF", save_all=True, append_images=pages[1:])
    return file
