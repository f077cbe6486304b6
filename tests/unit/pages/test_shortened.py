"""What is left out of our scripts on their way says nothing: a parser reads the same program before and after."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from webinar.pages.assets import STATIC_DIR, shortened

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
    scripts = {
        path.relative_to(STATIC_DIR).as_posix(): path.read_text("utf-8") for path in STATIC_DIR.glob("js/**/*.js")
    }
    assert len(scripts) > 100
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
