"""docs/security.md: every test that it names is there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
NAMED = re.compile(r"`(tests/[\w/]+\.py)`((?: · `test_\w+`(?:, `test_\w+`)*)?)")


def test_every_test_that_the_document_names_is_there() -> None:
    text = (ROOT / "docs/security.md").read_text()
    named = NAMED.findall(text)
    assert len(named) > 80
    missing = []
    for path, tests in named:
        file = ROOT / path
        source = file.read_text() if file.exists() else ""
        missing += [path] if not source else []
        missing += [f"{path} {name}" for name in re.findall(r"test_\w+", tests) if f"def {name}(" not in source]
    assert missing == []
    assert len(re.findall(r"`test_\w+`", text)) == len(re.findall(r"`test_\w+`", "".join(t for _, t in named)))
