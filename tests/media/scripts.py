"""Browser modules of ours, run by Node as the browser runs them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from webinar.pages.assets import STATIC_DIR

_NODE = Path(sys.executable).parent / "node"  # of the wheel that `make` installs


def run(imports: str, script: str) -> None:
    """Addresses in `imports` are relative to `static/js`. Fails with Node's own words when an assertion does."""
    source = imports.replace('"./', f'"{(STATIC_DIR / "js").as_uri()}/') + script
    done = subprocess.run(
        [str(_NODE), "--input-type=module", "-e", source], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 0, done.stderr
