"""Writes docs/settings.md from the code; a test holds the two together."""

from __future__ import annotations

from pathlib import Path

from webinar.base.settings import Settings

HEAD = """# Settings

Every setting is an environment variable, read once at the start. A value that cannot be used stops the start with one
line that says what to write. (Made by `python scripts/settings_table.py`.)

| variable | default | meaning |
| --- | --- | --- |
"""


def main() -> None:
    rows = [
        f"| `{name}` | {f'`{default}`' if default else ''} | {meaning} |\n"
        for name, default, meaning in Settings.table()
    ]
    (Path(__file__).parent.parent / "docs" / "settings.md").write_text(HEAD + "".join(rows))


if __name__ == "__main__":
    main()
