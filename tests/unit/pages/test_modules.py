"""A script travels with all that it needs, and is the same program as its modules."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from webinar.pages.assets import STATIC_DIR
from webinar.pages.modules import EVERYWHERE, Modules

_NODE = Path(sys.executable).parent / "node"


def tree(folder: Path, **files: str) -> Modules:
    """Modules by name: `room_main` is `js/room/main.js`."""
    for name, text in files.items():
        path = folder / "js" / f"{name.replace('_', '/', 1)}.js"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Modules(folder, lambda path: f"/static/{path}")


def said(folder: Path, *programs: str) -> list[str]:
    """What these files say when one page runs them one after the other."""
    for number, program in enumerate(programs):
        (folder / f"{number}.mjs").write_text(program)
    run = "".join(f'await import("./{number}.mjs");' for number in range(len(programs)))
    (folder / "run.mjs").write_text(f"globalThis.said = [];{run}console.log(JSON.stringify(said));")
    done = subprocess.run([_NODE, "run.mjs"], cwd=folder, capture_output=True, text=True, timeout=60, check=True)
    return list(json.loads(done.stdout))


def test_what_a_module_needs_is_found_in_the_order_in_which_it_runs_and_what_it_loads_later_is_not(
    tmp_path: Path,
) -> None:
    modules = tree(
        tmp_path,
        common_shared="export const a = 1;\n",
        room_far="export const one = 1;\n",
        room_near='import { one } from "./far.js";\nexport const two = one + 1;\n',
        room_main='import {\n  two,\n} from "./near.js";\nimport { a } from "../common/shared.js";\n'
        '/** @typedef {import("./typed.js").Typed} Typed */\nconst later = () => import("./later.js");\n',
    )
    assert modules.imported("js/room/main.js") == ("js/room/far.js", "js/room/near.js", "js/common/shared.js")


def test_a_joined_script_runs_as_its_modules_would_and_two_of_a_page_share_what_both_need(tmp_path: Path) -> None:
    modules = tree(
        tmp_path,
        common_kinds='said.push("kinds");\nexport class Away extends Error {}\nexport async function none() {}\n',
        room_first='import { Away as Gone } from "../common/kinds.js";\nsaid.push("first");\n'
        "export const gone = new Gone();\nconst mine = 1;\n",
        room_main='import { Away, none } from "../common/kinds.js";\nimport { gone } from "./first.js";\n'
        "const mine = 2;\nsaid.push(gone instanceof Away, typeof none, mine, typeof this);\n",
        host_other='import { gone } from "../room/first.js";\nimport { Away } from "../common/kinds.js";\n'
        "said.push(gone instanceof Away);\nexport function told() {}\n",
    )
    main, other = modules.joined("js/room/main.js"), modules.joined("js/host/other.js")
    ask = '\nimport { told } from "./1.mjs";\nsaid.push(told.name);'
    assert said(tmp_path, main, other, ask) == ["kinds", "first", True, "function", 2, "undefined", True, "told"]


def test_addresses_are_those_of_the_module_that_names_them(tmp_path: Path) -> None:
    modules = tree(
        tmp_path,
        studio_frames='export const worker = new URL("./worker.js", import.meta.url).pathname;\n'
        'export const late = () => import("./late.js");\n',
        room_main='import { late, worker } from "../studio/frames.js";\n'
        'said.push(worker.endsWith("/js/studio/worker.js"), (await_ => late)().toString());\n',
    )
    program = modules.joined("js/room/main.js")
    (tmp_path / "js/room").mkdir(exist_ok=True)
    (tmp_path / "js/room/joined.mjs").write_text(program)
    assert said(tmp_path, 'import "./js/room/joined.mjs";') == [True, '() => import("../studio/late.js")']


@pytest.mark.parametrize(
    "text",
    [
        'import * as all from "./near.js";\n',
        'import "./near.js";\n',
        'export { b } from "./near.js";\n',
        "export default 1;\n",
        "export let counted = 0;\n",
        "await null;\n",
    ],
)
def test_a_form_that_cannot_be_joined_is_an_error(tmp_path: Path, text: str) -> None:
    with pytest.raises(ValueError, match=r"js/room/main\.js cannot be joined"):
        tree(tmp_path, room_main=text).joined("js/room/main.js")


def test_a_module_that_needs_itself_is_an_error(tmp_path: Path) -> None:
    modules = tree(
        tmp_path,
        room_main='import { a } from "./a.js";\n',
        room_a='import { b } from "./b.js";\nexport const a = 1;\n',
        room_b='import { a } from "./a.js";\nexport const b = 1;\n',
    )
    with pytest.raises(ValueError, match="needs itself"):
        modules.joined("js/room/main.js")


def test_a_page_asks_for_one_file_a_script() -> None:
    assert re.findall('"([^"]+)"', Modules(STATIC_DIR, lambda path: f"/static/{path}").script(EVERYWHERE)) == [
        "module",
        "/static/js/common/page.js",
    ]


def test_every_script_that_a_template_names_is_there() -> None:
    templates = STATIC_DIR.parent.parent / "templates"
    entries = {
        e for page in templates.rglob("*.html") for e in re.findall(r"script\('([^']+)'\)", page.read_text("utf-8"))
    }
    assert len(entries) > 10
    assert all((STATIC_DIR / entry).is_file() for entry in entries)
