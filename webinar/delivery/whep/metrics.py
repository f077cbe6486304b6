"""The fan-out's figures in Prometheus' form: read when asked for, nothing is counted twice."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from webinar.delivery.whep.server import WhepServer


class WhepCollector(Collector):
    """Register it once: `REGISTRY.register(WhepCollector(server))`. Counters sum all events of the process."""

    def __init__(self, server: WhepServer) -> None:
        self._server = server

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Nothing is collected at registration: the server may not have started yet."""
        return ()

    def collect(self) -> Iterable[GaugeMetricFamily | CounterMetricFamily]:
        server = self._server
        viewers = GaugeMetricFamily("webinar_whep_viewers", "Viewers by the rendition they are sent", labels=["rung"])
        loss = GaugeMetricFamily("webinar_whep_loss_ratio", "Mean loss the viewers report", labels=["event"])
        lateness = GaugeMetricFamily(
            "webinar_whep_lateness_seconds", "From a unit's arrival to its last packet, smoothed", labels=["event"]
        )
        rungs: dict[str, int] = {}
        for event_id in server.events:
            stats = server.stats(event_id)
            loss.add_metric([event_id], stats.mean_loss)
            lateness.add_metric([event_id], stats.totals.lateness_s)
            for rung, count in stats.by_rung.items():
                rungs[rung] = rungs.get(rung, 0) + count
        for rung, count in rungs.items():
            viewers.add_metric([rung], count)
        yield viewers
        yield loss
        yield lateness
        yield GaugeMetricFamily("webinar_whep_seats", "Seats over WebRTC", value=server.seats)
        yield GaugeMetricFamily("webinar_whep_seats_taken", "Seats in use", value=server.taken)
        totals = server.totals()
        for name, text in _COUNTERS.items():
            yield CounterMetricFamily(f"webinar_whep_{name}", text, value=getattr(totals, name))
        socket = server.endpoint.stats
        for name, text in _SOCKET_COUNTERS.items():
            yield CounterMetricFamily(f"webinar_whep_socket_{name}", text, value=getattr(socket, name))


_COUNTERS = {
    "packets": "Datagrams sent to viewers",
    "bytes": "Bytes sent to viewers",
    "resent": "Packets sent again on request",
    "nacked": "Packets viewers asked for again",
    "send_failures": "Datagrams the socket did not take: lost to their viewer",
    "units": "Units taken from the bus",
    "units_dropped": "Units dropped because sending was behind",
    "switches": "Changes of rendition that viewers made",
    "probes": "Tries whether more gets through to a viewer",
    "reliefs": "Times viewers were moved down a rung because sending was late",
    "keyframes_requested": "Keyframes asked of ingest",
}
_SOCKET_COUNTERS = {
    "stun_checks": "Authentic connectivity checks",
    "stun_rejected": "STUN that was malformed, for nobody, or with a wrong password",
    "unknown_source": "Datagrams from addresses no check has validated",
    "send_blocked": "Sends refused because the socket's buffer was full",
    "send_errors": "Sends refused for other reasons",
    "refused": "Viewers refused because all seats were taken",
}
