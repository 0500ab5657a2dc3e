"""The service's figures in Prometheus' text format. prometheus-client lives here.

The service counts in plain integers (`Counts`), read when someone asks; only request durations are kept here. The label
`route` is a route's pattern, never a path, so the number of series is fixed by the code.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)


class Counts(Struct, frozen=True):
    """What the service has done since it started, and how things stand. `history_backlog`: samples that wait to be
    written to the time series. Of all that the embedded history ever held: `history_thinned` samples went because the
    least, greatest and mean of their quarter of an hour stand for them, `history_dropped` with these. `frames_refused`:
    of gateways that are allowed, what was no message, too large, damaged on its way, came over the wrong connection, or
    too fast. `strangers_refused`: connections of whoever is not allowed, or does not speak as gateways do."""

    batches: int
    reports_applied: int
    reports_refused: int
    gateways_connected: int
    history_backlog: int
    history_thinned: int = 0
    history_dropped: int = 0
    reports_repeated: int = 0
    frames_refused: int = 0
    strangers_refused: int = 0


class Audience(Struct, frozen=True):
    """Who watches the live stream, how many may, how many were turned away for want of room, and how many sign-ins were
    refused."""

    clients: int
    clients_max: int
    clients_refused: int
    sign_ins_refused: int


class Metrics:
    """Request durations, and the page that shows everything."""

    def __init__(self) -> None:
        self._kept = CollectorRegistry()
        ProcessCollector(registry=self._kept)
        self._seconds = Histogram(
            "warehouse_http_request_seconds",
            "Time to answer a request, without live streams.",
            ["route"],
            buckets=SECONDS,
            registry=self._kept,
        )
        self._answers = Counter(
            "warehouse_http_answers", "Answers by class of status.", ["status"], registry=self._kept
        )
        self._connections_refused = Counter(
            "warehouse_connections_refused",
            "Connections turned away: too many, of one address or in all.",
            registry=self._kept,
        )

    def answered(self, route: str, status: int, seconds: float) -> None:
        """Note one answered request; `route` is the route's pattern."""
        self._seconds.labels(route).observe(seconds)
        self._answers.labels(f"{status // 100}xx").inc()

    def connection_refused(self) -> None:
        """Note one that was not let in."""
        self._connections_refused.inc()

    def page(self, counts: Counts, audience: Audience) -> bytes:
        """Everything, as Prometheus reads it."""
        now = CollectorRegistry()
        now.register(_Now(counts, audience))
        return generate_latest(now) + generate_latest(self._kept)


class _Now:
    """The figures of one moment, as a prometheus-client collector."""

    def __init__(self, counts: Counts, audience: Audience) -> None:
        self._counts = counts
        self._audience = audience

    def collect(self) -> Iterator[Metric]:
        counts, audience = self._counts, self._audience
        totals = (
            ("batches", "Batches received from gateways.", counts.batches),
            ("reports_applied", "Reports applied to the ledger.", counts.reports_applied),
            ("reports_refused", "Reports refused, each with a reason.", counts.reports_refused),
            ("reports_repeated", "Reports that came again, and counted once.", counts.reports_repeated),
            ("frames_refused", "Frames of gateways refused as a whole.", counts.frames_refused),
            (
                "strangers_refused",
                "Connections refused: no key that is allowed, or no gateway's words.",
                counts.strangers_refused,
            ),
            ("history_thinned", "Old samples that buckets of 15 minutes stand for.", counts.history_thinned),
            ("history_dropped", "Samples dropped with their buckets, too old to keep.", counts.history_dropped),
            ("live_clients_refused", "Live clients turned away at the limit.", audience.clients_refused),
            ("sign_ins_refused", "Sign-ins refused: wrong, or too many.", audience.sign_ins_refused),
        )
        levels = (
            ("gateways_connected", "Gateways connected now.", counts.gateways_connected),
            ("history_backlog", "Samples waiting to be written to the history.", counts.history_backlog),
            ("live_clients", "Clients of the live stream now.", audience.clients),
            ("live_clients_max", "Clients that the live stream has room for.", audience.clients_max),
        )
        for name, text, value in totals:
            yield CounterMetricFamily(f"warehouse_{name}", text, value=value)
        for name, text, value in levels:
            yield GaugeMetricFamily(f"warehouse_{name}", text, value=value)
