"""The Grafana dashboard asks for nothing that the services do not export."""

from __future__ import annotations

import importlib
import itertools
import json
import pkgutil
import re
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY

import chat
import ingest
import webinar
from ingest.contract import LiveStatus, PublisherHealth, RenditionHealth, SessionState
from ingest.metrics import IngestCollector
from webinar.api.admission import Admission
from webinar.api.audience import AudienceCollector
from webinar.delivery.whep import WhepCollector, WhepServer

ROOT = Path(__file__).resolve().parents[3]
DASHBOARD = json.loads((ROOT / "deploy/grafana/webinar.json").read_text("utf-8"))
STATUS = LiveStatus(
    session_id="s",
    event_id="e",
    state=SessionState.LIVE,
    hls_prefix="p",
    publisher=PublisherHealth(True, 2_000_000, 30.0, 1280, 720, 0.01, "h264", True),
    renditions=(RenditionHealth("720p", 14.0, 900_000, 14.0, False, 0.02),),
    started_at=None,
    program_time_s=10.0,
    recorded_until_s=9.5,
    overload=1,
)


def _panels() -> list[dict[str, Any]]:
    return [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


@pytest.fixture(scope="module")
def exported() -> set[str]:
    """Every name that a service of ours has in its `/metrics`."""
    for package in (webinar, ingest, chat):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not re.search(r"\.(migrations|demo)\b|__main__", module.name):
                importlib.import_module(module.name)
    server = WhepServer(seats=1, request_keyframe=lambda event_id, rendition: None)
    collectors = (IngestCollector(lambda: [STATUS]), WhepCollector(server), AudienceCollector(Admission(None)))  # type: ignore[arg-type]
    families = itertools.chain(REGISTRY.collect(), *(collector.collect() for collector in collectors))
    names = set()
    for family in families:
        names |= {family.name} | {sample.name for sample in family.samples}
        if family.type == "counter":
            names.add(f"{family.name}_total")
    return names


def test_every_metric_of_the_dashboard_is_exported(exported: set[str]) -> None:
    texts = [target["expr"] for panel in _panels() for target in panel["targets"]]
    texts += [variable["query"]["query"] for variable in DASHBOARD["templating"]["list"] if variable["type"] == "query"]
    asked = {name for text in texts for name in re.findall(r"\bwebinar_[a-z0-9_]+", text)}
    assert len(asked) > 30
    assert asked <= exported, sorted(asked - exported)


def test_what_ingest_says_of_a_session_is_on_the_dashboard() -> None:
    text = json.dumps(DASHBOARD)
    shown = {family.name for family in IngestCollector(lambda: [STATUS]).collect() if family.name in text}
    missing = {family.name for family in IngestCollector(lambda: [STATUS]).collect()} - shown
    assert missing <= {"webinar_ingest_publisher_connected", "webinar_ingest_paused"}


def test_a_sessions_figures_carry_its_event_and_are_gone_with_it() -> None:
    sessions = [STATUS]
    collector = IngestCollector(lambda: sessions)
    samples = [sample for family in collector.collect() for sample in family.samples]
    assert {sample.labels["event"] for sample in samples} == {"e"}
    assert {s.name: s.value for s in samples}["webinar_ingest_overload_steps"] == 1.0
    assert {s.name: s.value for s in samples}["webinar_ingest_rendition_wanted_fps"] == 14.0
    sessions.clear()
    assert [sample for family in collector.collect() for sample in family.samples] == []


def test_panels_do_not_lie_over_each_other() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        grid = panel["gridPos"]
        cells = set(itertools.product(range(grid["x"], grid["x"] + grid["w"]), range(grid["y"], grid["y"] + grid["h"])))
        assert not cells & taken, panel["title"]
        assert grid["x"] + grid["w"] <= 24
        taken |= cells
