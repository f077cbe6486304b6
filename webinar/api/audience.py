"""Who watches, in Prometheus' form: people by transport, and how far behind live their players say they are."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from webinar.api.admission import TRANSPORTS, Admission


class AudienceCollector(Collector):
    """Register it once a web process: each knows its own viewers."""

    def __init__(self, admission: Admission) -> None:
        self._admission = admission

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Nothing is collected at registration."""
        return ()

    def collect(self) -> Iterable[GaugeMetricFamily]:
        people = GaugeMetricFamily("webinar_viewers", "People who are there", labels=["event", "transport"])
        behind = GaugeMetricFamily(
            "webinar_viewer_behind_seconds",
            "Behind live by the players' own word",
            labels=["event", "transport", "quantile"],
        )
        for event_id, audience in self._admission.audiences().items():
            for transport in TRANSPORTS:
                reports = sorted(audience.behind[transport])
                people.add_metric([str(event_id), transport], audience.present[transport])
                for name, share in (("0.5", 50), ("0.95", 95)):
                    if reports:
                        value = reports[min(len(reports) - 1, len(reports) * share // 100)]
                        behind.add_metric([str(event_id), transport, name], value)
        yield people
        yield behind
