"""Alerts in the shape in which Prometheus' Alertmanager posts them (webhook, version 4), for receivers that know it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from cloud.alerts import wording
from cloud.alerts.lifecycle import OVER, Alert
from cloud.alerts.wording import Place, Text

SEVERITIES = {1: "critical", 2: "warning", 3: "info"}
NEVER = "0001-01-01T00:00:00Z"
"""The end of what is not over."""


def payload(
    site: str,
    receiver: str,
    key: str,
    alerts: Sequence[Alert],
    more: int,
    text: Text,
    place: Place,
    url: str,
    now_ms: int,
) -> dict[str, Any]:
    """The body of a webhook about alerts (with none: a message alone); `key` names what belongs together, `url` is the
    dashboard's or ""."""
    told = [_alert(site, one, place, url, now_ms) for one in alerts]
    labels = [one["labels"] for one in told]
    common = {name: value for name, value in (labels[0] if labels else {}).items() if all(
        other.get(name) == value for other in labels)}  # fmt: skip
    firing = not told or any(one["status"] == "firing" for one in told)
    return {
        "version": "4",
        "groupKey": key,
        "truncatedAlerts": more,
        "status": "firing" if firing else "resolved",
        "receiver": receiver,
        "groupLabels": {"site": site},
        "commonLabels": common or {"site": site},
        "commonAnnotations": {"summary": text.title, "description": text.body},
        "externalURL": url,
        "alerts": told,
    }


def _alert(site: str, alert: Alert, place: Place, url: str, now_ms: int) -> dict[str, Any]:
    over = alert.state in OVER
    labels = {
        "alertname": alert.rule,
        "site": site,
        "subject": alert.subject,
        "zone": alert.zone,
        "severity": SEVERITIES.get(alert.severity, "info"),
    }
    return {
        "status": "resolved" if over else "firing",
        "labels": labels,
        "annotations": {
            "summary": wording.title(alert, place, "en"),
            "description": wording.figures(alert, place, "en", now_ms),
            "state": alert.state,
        },
        "startsAt": _time(alert.since_ms),
        "endsAt": _time(alert.changed_ms) if over else NEVER,
        "generatorURL": f"{url}/#/alerts" if url else "",
        "fingerprint": f"{alert.id:016x}",
    }


def _time(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
