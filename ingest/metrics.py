"""What live sessions say of themselves, in Prometheus' form: read when asked for, gone with the session."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from ingest.contract import LiveStatus

_OF_EVENT: dict[str, tuple[str, Callable[[LiveStatus], float]]] = {
    "publisher_connected": ("Whether a presenter is connected", lambda s: s.publisher.connected),
    "publisher_bits_per_second": ("Received from the presenter in the last second", lambda s: s.publisher.bitrate),
    "publisher_loss_ratio": ("Of the presenter's packets, before retransmission", lambda s: s.publisher.loss),
    "publisher_fps": ("Pictures a second from the presenter", lambda s: s.publisher.fps),
    "publisher_height": ("Lines of the presenter's picture", lambda s: s.publisher.height),
    "overload_steps": ("By how much the ladder is lowered; 0: not at all", lambda s: s.overload),
    "paused": ("Whether viewers see the holding picture by the host's wish", lambda s: s.paused),
    "delay_seconds": ("From the presenter's capture to the program", lambda s: s.delay_s),
    "program_seconds": ("Length of the program", lambda s: s.program_time_s),
    "recorded_seconds": ("Of it safely on disk", lambda s: s.recorded_until_s),
    "recording_problem": ("Whether the disk does not take the recording", lambda s: bool(s.recording_problem)),
}
_OF_RENDITION: dict[str, tuple[str, Callable[[LiveStatus], list[float]]]] = {
    "rendition_fps": ("Pictures, or packets of sound, a second", lambda s: [r.fps for r in s.renditions]),
    "rendition_wanted_fps": ("What a video rendition is made at now", lambda s: [r.wanted_fps for r in s.renditions]),
    "rendition_bits_per_second": ("Encoded bits a second", lambda s: [r.bitrate for r in s.renditions]),
    "rendition_late_seconds": ("From the program until it is encoded", lambda s: [r.late_s for r in s.renditions]),
}


class IngestCollector(Collector):
    """Register it once. `statuses` gives those of the sessions of this process."""

    def __init__(self, statuses: Callable[[], Iterable[LiveStatus]]) -> None:
        self._statuses = statuses

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Nothing is collected at registration."""
        return ()

    def collect(self) -> Iterable[GaugeMetricFamily]:
        statuses = list(self._statuses())
        for name, (text, value) in _OF_EVENT.items():
            family = GaugeMetricFamily(f"webinar_ingest_{name}", text, labels=["event"])
            for status in statuses:
                family.add_metric([status.event_id], float(value(status)))
            yield family
        for name, (text, values) in _OF_RENDITION.items():
            family = GaugeMetricFamily(f"webinar_ingest_{name}", text, labels=["event", "rendition"])
            for status in statuses:
                for rendition, amount in zip(status.renditions, values(status), strict=True):
                    family.add_metric([status.event_id, rendition.name], float(amount))
            yield family
