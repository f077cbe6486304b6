"""`webinar serve`: starts, restarts what dies, leaves nothing behind, refuses to start in clear words."""

from __future__ import annotations

import os
import re
import signal
import socket
import stat
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.running import HEALTH, RunningPlatform, data_dir

SERVICES = {"ingest", "chat", "web", "worker"}
ALL = SERVICES | {"postgres", "nats-server"}


@pytest.fixture
def platform() -> Iterator[RunningPlatform]:
    running = RunningPlatform()
    yield running
    running.close()


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def came_back(platform: RunningPlatform, name: str, before: int) -> bool:
    return platform.children().get(name, before) != before


def test_serve_restarts_what_dies_keeps_the_first_visit_link_and_leaves_nothing_behind(
    platform: RunningPlatform,
) -> None:
    platform.start()
    link = re.search(r"http://localhost:\d+(/setup/\S+)", platform.output)
    assert link is not None
    children = platform.children()
    assert set(children) == ALL
    assert platform.ready()
    for setting in HEALTH:
        answer = platform.call("GET", f"http://127.0.0.1:{platform.env[setting]}/metrics", token="")
        assert b"process_cpu_seconds_total" in answer.body
        assert platform.call("GET", f"http://127.0.0.1:{platform.env[setting]}/healthz", token="").status == 200

    for group in (SERVICES, ALL - SERVICES):
        before = platform.children()
        for name in group:
            os.kill(before[name], signal.SIGKILL)
        for name in group:
            platform.wait_for(partial(came_back, platform, name, before[name]), seconds=60, what=f"{name} comes back")
    platform.wait_for(platform.ready, 60, "all ready again")

    before = platform.children()
    assert platform.stop() == 0
    assert not [name for name, pid in before.items() if alive(pid)]

    # The second start finds everything as it was: the account is still to be made, by the same link.
    platform.start()
    assert link[1] in platform.output


def test_children_end_when_the_supervisor_is_killed_and_the_next_start_finds_the_folder_free(
    platform: RunningPlatform,
) -> None:
    platform.start()
    children = platform.children()
    os.kill(platform.process.pid, signal.SIGKILL)
    platform.process.wait(10)
    # At once, as somebody would who presses Ctrl-C too hard: the ports of what is still ending are waited for.
    platform.start()
    assert set(platform.children()) == ALL
    assert not [pid for pid in children.values() if alive(pid)]


@pytest.fixture(scope="module")
def started() -> Iterator[RunningPlatform]:
    running = RunningPlatform()
    try:
        yield running.start()
    finally:
        running.close()


def test_the_data_folder_keeps_its_secrets_to_itself(started: RunningPlatform) -> None:
    for name in ("secret.key", "postgres.password", "setup-token", "nats/nats.conf"):
        assert stat.S_IMODE((started.folder / name).stat().st_mode) == 0o600
    for name in ("secret.key", "postgres.password"):
        assert (started.folder / name).read_text().strip() not in started.output


def test_a_second_start_on_the_same_folder_says_that_it_runs_already(started: RunningPlatform) -> None:
    second = started.run("serve")
    assert second.returncode == 1
    assert "already runs on" in second.stderr
    assert "WEBINAR_DATA_DIR" in second.stderr


@pytest.mark.parametrize("setting", ["WEBINAR_HTTP_PORT", "WEBINAR_WHEP_UDP_PORT"])
def test_a_taken_port_is_named_with_its_setting_before_anything_starts(platform: RunningPlatform, setting: str) -> None:
    kind = socket.SOCK_DGRAM if "UDP" in setting else socket.SOCK_STREAM
    with socket.socket(socket.AF_INET, kind) as taken:
        taken.bind(("127.0.0.1", int(platform.env[setting])))
        if kind is socket.SOCK_STREAM:
            taken.listen()
        failed = platform.run("serve")
    assert failed.returncode == 1
    assert f"port {platform.env[setting]} is taken" in failed.stderr
    assert setting in failed.stderr
    assert not (platform.folder / "postgres").exists()


def test_a_data_folder_that_cannot_be_written_is_named() -> None:
    blocked = data_dir()
    (blocked / "file").write_text("")
    platform = RunningPlatform(blocked, WEBINAR_DATA_DIR=str(blocked / "file" / "data"))
    try:
        failed = platform.run("serve")
    finally:
        platform.close()
    assert failed.returncode == 1
    assert "cannot be written" in failed.stderr
    assert "WEBINAR_DATA_DIR" in failed.stderr


def test_a_missing_url_scheme_is_one_line_and_status_1(platform: RunningPlatform) -> None:
    platform.env["WEBINAR_PUBLIC_URL"] = "webinar.example.org"
    failed = platform.run("serve")
    assert failed.returncode == 1
    assert failed.stderr.count("\n") == 1
    assert "WEBINAR_PUBLIC_URL" in failed.stderr
    assert "https://" in failed.stderr
