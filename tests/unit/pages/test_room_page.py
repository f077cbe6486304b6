"""What the pages of room and studio give to their scripts is what the scripts ask for."""

from __future__ import annotations

import re
from pathlib import Path

from webinar.base import i18n
from webinar.pages.assets import STATIC_DIR, Assets
from webinar.pages.audience_texts import ANNOUNCING, DOORS
from webinar.pages.moderate_texts import CONSOLE
from webinar.pages.modules import EVERYWHERE
from webinar.pages.room_texts import CHAT, ROOM, translated
from webinar.pages.studio_texts import STUDIO

_SAY = re.compile(r'\bsay\(\s*"([a-z_]+)"')
_EITHER = re.compile(r'\bsay\([^"()]*\?\s*"([a-z_]+)"\s*:\s*"([a-z_]+)"')


def keys(folders: tuple[str, ...]) -> set[str]:
    """Keys of texts that the modules of these folders name outright."""
    found: set[str] = set()
    for folder in folders:
        for module in (STATIC_DIR / "js" / folder).glob("*.js"):
            source = module.read_text("utf-8")
            found.update(_SAY.findall(source))
            found.update(key for pair in _EITHER.findall(source) for key in pair)
    return found


def test_the_room_is_under_100_kb_before_its_media_and_hls_js_is_not_part_of_it() -> None:
    assets, scripts = Assets(), {"js/room/main.js", EVERYWHERE}
    styles = {f"css/{name}.css" for name in ("tokens", "base", "parts", "chat", "room", "agenda")}
    assert not [name for entry in scripts for name in assets.modules.imported(entry) if "vendor/" in name]
    sizes = {name: len(assets.sent(name, "br")) for name in scripts | styles}
    assert sum(sizes.values()) < 55_000, sizes  # the page itself comes to them


def test_every_text_the_scripts_ask_for_is_given_to_them() -> None:
    assert keys(("room", "chat")) <= {*ROOM, *CHAT}
    assert keys(("studio", "chat")) <= {*STUDIO, *CHAT, *DOORS, *ANNOUNCING}
    assert keys(("moderate",)) <= {*CONSOLE}


def test_every_text_of_the_scripts_is_korean_in_korean_and_keeps_its_places() -> None:
    korean = i18n.load("ko")
    english = translated(str, CHAT, ROOM, STUDIO, DOORS, ANNOUNCING)
    for key, text in translated(korean.gettext, CHAT, ROOM, STUDIO, DOORS, ANNOUNCING).items():
        if not english[key]:
            continue
        assert re.search("[가-힣]", text), key
        assert set(re.findall(r"{\w+}", text)) == set(re.findall(r"{\w+}", english[key])), key


def test_the_scripts_put_nothing_into_the_page_as_markup() -> None:
    scripts = [
        p
        for folder in ("room", "studio", "chat", "media", "moderate")
        for p in (STATIC_DIR / "js" / folder).glob("*.js")
    ]
    assert len(scripts) > 20
    for script in scripts:
        source = script.read_text("utf-8")
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", source), script


def test_no_script_or_style_of_ours_names_another_host() -> None:
    for path in Path(STATIC_DIR).rglob("*"):
        if path.suffix in (".js", ".css") and "vendor" not in path.parts:
            source = re.sub(r"/\*.*?\*/", "", path.read_text("utf-8"), flags=re.DOTALL)
            assert not re.search(r"https?://(?!localhost)", source), path
