"""The data folder and the private files in it."""

from __future__ import annotations

import os
import secrets
import socket
from pathlib import Path

from webinar.base.errors import CannotStart


def free_port() -> int:
    """A TCP port of loopback that nobody has just now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def make_data_dir(path: Path) -> Path:
    """The data folder, made if need be and proven writable; absolute. Raises `CannotStart`."""
    path = path.absolute()
    try:
        path.mkdir(mode=0o711, parents=True, exist_ok=True)
        probe = path / f".write-test-{os.getpid()}"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise CannotStart(
            f"The data folder {path} cannot be written ({error.strerror}). "
            "Make it writable for this user, or choose another with WEBINAR_DATA_DIR.",
            code="data_dir",
        ) from error
    return path


def write_private(path: Path, text: str) -> None:
    """A file that only this user reads, whole or not at all."""
    temporary = path.with_name(path.name + ".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def secret_key(data_dir: Path) -> str:
    """The installation's key, made on first use and kept in the data folder."""
    path = data_dir / "secret.key"
    if not path.exists():
        write_private(path, secrets.token_urlsafe(48))
    return path.read_text().strip()
