"""What is left out of our scripts on their way says nothing: a parser reads the same program before and after.

Whole and joined with what they import, as they travel: so every one of them can be joined, and what comes of it parsed.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from webinar.pages.assets import STATIC_DIR, shortened
from webinar.pages.modules import Modules

_VENV = Path(sys.executable).parent.parent

# The names of those pairs, read from standard input, whose syntax trees differ.
_DIFFERENT = """
const ts = require(process.argv[1]);
const read = (text) => {
  const found = [];
  const file = ts.createSourceFile("a.js", text, ts.ScriptTarget.ESNext, false, ts.ScriptKind.JS);
  const visit = (node) => {
    const before = found.push(node.kind);
    ts.forEachChild(node, visit);
    if (found.length === before) found.push(text.slice(ts.skipTrivia(text, node.pos), node.end));
  };
  visit(file);
  return JSON.stringify([found, file.parseDiagnostics.map((problem) => problem.messageText)]);
};
const pairs = JSON.parse(require("fs").readFileSync(0, "utf-8"));
console.log(JSON.stringify(pairs.filter(([, one, other]) => read(one) !== read(other)).map(([name]) => name)));
"""


def different(pairs: list[tuple[str, str, str]]) -> list[str]:
    node, parser = _VENV / "bin/node", _VENV / "share/typescript/lib/typescript.js"
    done = subprocess.run(
        [node, "-e", _DIFFERENT, parser],
        input=json.dumps(pairs),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return list(json.loads(done.stdout))


def test_every_script_of_ours_is_the_same_program_when_it_is_shortened() -> None:
    modules = Modules(STATIC_DIR, str)
    names = {path.relative_to(STATIC_DIR).as_posix() for path in STATIC_DIR.glob("js/**/*.js")}
    carried = {needed for name in names for needed in modules.imported(name)}
    scripts = {name: modules.joined(name) for name in names - carried}
    assert len(names) > 100
    assert "js/room/main.js" in scripts
    assert different([(name, script, shortened(script)) for name, script in scripts.items()]) == []


def test_the_comparison_sees_what_matters() -> None:
    assert different(
        [
            ("comments", "a(); // why\nb();", "a();b();"),
            ("a line end that ends a statement", "return_\n(a)", "return_(a)"),
            ("a line end that means something", "const f = () => { return\n1; }", "const f = () => { return 1; }"),
            ("blanks in a text", 'say("a  b")', 'say("a b")'),
            ("a pattern", "x = /a  \\/\\/b/", "x = /a /"),
        ]
    ) == ["a line end that means something", "blanks in a text", "a pattern"]
