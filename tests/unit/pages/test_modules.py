"""A script comes with hints for all that it needs, once."""

from __future__ import annotations

import re
from pathlib import Path

from webinar.pages.assets import STATIC_DIR
from webinar.pages.modules import EVERYWHERE, Modules


def tree(folder: Path) -> Modules:
    (folder / "js/common").mkdir(parents=True)
    (folder / "js/room").mkdir()
    (folder / "js/common/page.js").write_text('import { a } from "./shared.js";\n')
    (folder / "js/common/shared.js").write_text("export const a = 1;\n")
    (folder / "js/room/main.js").write_text(
        'import {\n  one,\n  two,\n} from "./near.js";\nimport { a } from "../common/shared.js";\n'
        '/** @typedef {import("./typed.js").Typed} Typed */\nconst later = () => import("./later.js");\n'
    )
    (folder / "js/room/near.js").write_text('import "./far.js";\nexport { b } from "./given_on.js";\n')
    for name in ("far", "given_on", "typed", "later"):
        (folder / f"js/room/{name}.js").write_text('import { one } from "./main.js";\n')
    return Modules(folder, lambda path: f"/static/{path}")


def test_what_a_module_needs_before_it_runs_is_found_and_what_it_loads_later_is_not(tmp_path: Path) -> None:
    found = tree(tmp_path).imported("js/room/main.js")
    assert found == ("js/room/near.js", "js/common/shared.js", "js/room/far.js", "js/room/given_on.js")


def test_a_script_stands_behind_hints_for_what_no_other_script_of_the_page_asked_for(tmp_path: Path) -> None:
    modules = tree(tmp_path)
    assert re.findall('"(/static/[^"]+)"', modules.script("js/room/main.js")) == [
        "/static/js/room/near.js",
        "/static/js/room/far.js",
        "/static/js/room/given_on.js",
        "/static/js/room/main.js",
    ]
    assert modules.script(EVERYWHERE).count("modulepreload") == 1


def test_every_script_that_a_template_names_is_there_with_all_that_it_imports() -> None:
    templates = STATIC_DIR.parent.parent / "templates"
    entries = {
        e for page in templates.rglob("*.html") for e in re.findall(r"script\('([^']+)'\)", page.read_text("utf-8"))
    }
    modules = Modules(STATIC_DIR, str)
    assert len(entries) > 10
    for entry in entries:
        assert all((STATIC_DIR / name).is_file() for name in modules.imported(entry)), entry
