"""Where the templates are: in the checkout, or in the wheel."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_PACKAGE: Final = Path(__file__).resolve().parent.parent


def template_dir() -> Path:
    """`templates/` of the checkout, or the copy a wheel carries."""
    carried = _PACKAGE / "templates"
    return carried if carried.is_dir() else _PACKAGE.parent / "templates"
