"""prometheus-client lives here: the gateway's figures in the text format that Prometheus reads."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import CollectorRegistry, CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector

from edge.gateway import Gateway
from edge.store import LaneBook
from protocols.reports import Lane


class Figures(Collector):
    """One reading of a gateway's counters."""

    def __init__(self, gateway: Gateway, book: dict[Lane, LaneBook]) -> None:
        self._gateway, self._book = gateway, book

    def collect(self) -> Iterator[Metric]:
        """The metric families."""
        gateway = self._gateway
        yield CounterMetricFamily("edge_messages", "MQTT messages committed", gateway.messages)
        yield CounterMetricFamily("edge_readings", "Samples and tag reads committed", gateway.readings)
        yield CounterMetricFamily("edge_duplicates", "Messages that came twice", gateway.duplicates)
        yield CounterMetricFamily("edge_groups", "Commits of messages", gateway.groups)
        yield GaugeMetricFamily("edge_broker_connected", "1 while connected", float(gateway.mqtt.connected))
        up = gateway.uplink is not None and gateway.uplink.connected
        yield GaugeMetricFamily("edge_service_connected", "1 while connected", float(up))
        yield GaugeMetricFamily("edge_inbox_messages", "Messages received and not yet worked", gateway.mqtt.waiting)
        problems = CounterMetricFamily("edge_problems", "Messages that could not be used", labels=["code"])
        for code, count in gateway.problem_counts.items():
            problems.add_metric([code], count)
        yield problems
        reports = GaugeMetricFamily(
            "edge_outbox_reports", "accepted = delivered + pending + refused + thinned", labels=["lane", "state"]
        )
        size = GaugeMetricFamily("edge_outbox_bytes", "Bytes of reports that wait", labels=["lane"])
        for lane, entry in self._book.items():
            for state in ("accepted", "delivered", "pending", "refused", "thinned"):
                reports.add_metric([lane, state], getattr(entry, state))
            size.add_metric([lane], entry.bytes)
        yield reports
        yield size


def text(gateway: Gateway, book: dict[Lane, LaneBook]) -> bytes:
    """The figures now."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Figures(gateway, book))
    return generate_latest(registry)
