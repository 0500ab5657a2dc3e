"""Alerts in the shape of Alertmanager's webhooks (version 4), so that any receiver of those takes ours.

Gateway and service write the same alert with the same labels and the same fingerprint, whoever of them tells it: a
receiver sees one alert that two may speak of. The body is signed as all our webhooks are (see `webhooks`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec
from msgspec import Struct

VERSION = "4"
TYPE = "application/json"
SEVERITIES = {1: "critical", 2: "warning", 3: "info"}
NEVER = "0001-01-01T00:00:00Z"
"""The end of what is not over, as Go writes no time at all."""


class Told(Struct, frozen=True):
    """One alert as it is told: `severity` 1 (worst) to 3; `ended_ms` is None while it fires; `summary` and
    `description` are sentences for people, `url` is where they see more of it."""

    rule: str
    subject: str
    zone: str
    severity: int
    since_ms: int
    summary: str
    description: str = ""
    ended_ms: int | None = None
    url: str = ""


def write(alerts: Sequence[Told], receiver: str, site: str, url: str = "", more: int = 0) -> bytes:
    """The body that tells a receiver (a channel's name) of alerts of a site; `url` is the page that told it, `more` how
    many alerts are left out. Raises `ValueError` for no alert at all."""
    if not alerts:
        raise ValueError("a notice tells of one alert at least")
    listed = [_alert(one, site) for one in alerts]
    status = "firing" if any(one.ended_ms is None for one in alerts) else "resolved"
    body = {
        "version": VERSION,
        "groupKey": f'{{}}:{{site="{site}"}}',
        "truncatedAlerts": more,
        "status": status,
        "receiver": receiver,
        "groupLabels": {"site": site},
        "commonLabels": _shared([one["labels"] for one in listed]),
        "commonAnnotations": _shared([one["annotations"] for one in listed]),
        "externalURL": url,
        "alerts": listed,
    }
    return msgspec.json.encode(body)


def fingerprint(site: str, rule: str, subject: str) -> str:
    """By what a receiver knows an alert again: 16 hexadecimal digits."""
    return hashlib.sha256("\0".join((site, rule, subject)).encode()).hexdigest()[:16]


def _alert(one: Told, site: str) -> dict[str, Any]:
    labels = {"alertname": one.rule, "subject": one.subject, "site": site}
    labels["severity"] = SEVERITIES.get(one.severity, "info")
    if one.zone:
        labels["zone"] = one.zone
    annotations = {"summary": one.summary}
    if one.description:
        annotations["description"] = one.description
    status: Literal["firing", "resolved"] = "firing" if one.ended_ms is None else "resolved"
    return {
        "status": status,
        "labels": labels,
        "annotations": annotations,
        "startsAt": _time(one.since_ms),
        "endsAt": NEVER if one.ended_ms is None else _time(one.ended_ms),
        "generatorURL": one.url,
        "fingerprint": fingerprint(site, one.rule, one.subject),
    }


def _shared(each: Sequence[dict[str, str]]) -> dict[str, str]:
    """What all of them say alike."""
    first, *others = each
    return {name: value for name, value in first.items() if all(one.get(name) == value for one in others)}


def _time(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
