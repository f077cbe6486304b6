"""Instructions a command runs: the same from run to run, whatever else the machine does meanwhile.

Valgrind's callgrind counts them (Debian: `apt-get install valgrind`), about fifty times slower than the command itself.
What it cannot tell is what an instruction costs: waiting for memory, and the kernel's part, are left out.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence

_COLLECTED = re.compile(rb"Collected : (\d+)")


def instructions(command: Sequence[str]) -> int:
    """How many instructions `command` runs in user space, all its threads together (not its children)."""
    valgrind = shutil.which("valgrind")
    if valgrind is None:
        sys.exit("the valgrind command is missing (Debian: apt-get install valgrind)")
    told = [valgrind, "--tool=callgrind", f"--callgrind-out-file={os.devnull}"]
    answer = subprocess.run([*told, *command], check=True, capture_output=True)
    found = _COLLECTED.search(answer.stderr)
    assert found is not None, answer.stderr.decode(errors="replace")
    return int(found[1])
