"""Tables of care: alerts and who was told, maintenance, devices, the cold chain, and the history itself."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, Iterator
from typing import Any, NamedTuple

import msgspec

from cloud.core.cold_view import ExcursionView, LineView
from cloud.core.coldchain.dossier import Signature
from cloud.core.exporting.columns import Table, flag, joined, minutes, number, text, time, whole

UNITS, CELSIUS = "units", "°C"


class _Decision(NamedTuple):
    case: ExcursionView
    line: LineView


async def _decisions(cases: Awaitable[Iterable[ExcursionView]]) -> Iterator[_Decision]:
    return (_Decision(case, line) for case in await cases for line in case.lines)


class _Signed(NamedTuple):
    case: ExcursionView
    signed: Signature


async def _signatures(cases: Awaitable[Iterable[ExcursionView]]) -> Iterator[_Signed]:
    return (_Signed(case, one) for case in await cases for one in case.signatures)


def _params(one: Any) -> str:
    return msgspec.json.encode(one.params).decode()


TABLES = (
    Table(
        "alerts",
        "An alert that fired, open or over, as it is now.",
        (
            whole("id"), text("rule"), text("subject"), text("zone"), whole("severity"), text("state"), time("since"),
            time("changed"), text("acknowledged_by"), time("acknowledged"), text("assigned_to"), time("shelved_until"),
            whole("reopened"), text("note"), text("params", _params),
        ),
        lambda source, span: source.alerts(span),
        time="since_utc",
    ),
    Table(
        "alert_changes",
        "A change of an alert: it fired, somebody took or shelved it, it was over.",
        (
            whole("id"), whole("alert"), time("at"), text("before"), text("state"), whole("severity"), text("by"),
            text("note"),
        ),
        lambda source, span: source.alert_changes(span),
        time="at_utc",
    ),
    Table(
        "verdicts",
        "What somebody said of an alert or of what a maintenance order is for.",
        (
            text("rule"), text("asset"), whole("alert", "", lambda one: one.alert or None),
            whole("work", "", lambda one: one.work or None), text("said"), whole("severity"), time("at"),
            time("known"), text("by"), text("note"), flag("outcome"),
        ),
        lambda source, span: source.verdicts(span),
        time="at_utc",
    ),
    Table(
        "precision",
        "How a rule did in the last 90 days, as people said.",
        (
            text("rule"), whole("right"), whole("wrong"), whole("not_now"), number("precision"), number("low"),
            number("high"), number("floor"), flag("asks_tuning"), time("tuned"),
        ),
        lambda source, _: source.precision(),
    ),
    Table(
        "notices",
        "What somebody was told, and what became of it.",
        (
            whole("id"), time("made"), text("person"), text("kind"), whole("severity"), whole("step"),
            text("alerts", lambda one: joined(one.alerts)), text("title"), text("state"), text("channel"),
            whole("tries"), time("changed"), time("taken"), text("detail"),
        ),
        lambda source, span: source.notices(span),
        time="made_utc",
    ),
    Table(
        "works",
        "A maintenance order, open or over, as it is now.",
        (
            whole("id"), text("asset"), text("zone"), text("title"), text("state"), text("cause", "cause.rule"),
            text("fault", "cause.fault"), whole("alert", "", lambda one: one.cause.alert or None), time("from"),
            time("until"), time("created"), time("started"), time("ended"), time("changed"), text("assigned_to"),
            text("found", lambda one: one.outcome.found if one.outcome else None),
            text("did", lambda one: one.outcome.did if one.outcome else None),
            text("verdict", lambda one: one.outcome.verdict if one.outcome else None),
            text("by"), whole("version"),
        ),
        lambda source, span: source.works(span),
        time="created_utc",
    ),
    Table(
        "assets",
        "A machine or device as it is judged now.",
        (
            text("asset", "id"), text("name"), text("kind"), text("zone"), text("part_of"), text("state"),
            number("health"),
            number("days_left_low", "days", lambda one: one.days[0] if one.days else None),
            number("days_left", "days", lambda one: one.days[1] if one.days else None),
            number("days_left_high", "days", lambda one: one.days[2] if one.days else None),
            text("faults", lambda one: joined([fault.code for fault in one.faults])), time("heard"),
        ),
        lambda source, _: source.now.assets,
    ),
    Table(
        "devices",
        "A device as its gateway sees it now.",
        (
            text("device", "id"), text("name"), text("kind"), text("zone"), text("state"), time("last_seen"),
            whole("lost", "messages"), whole("duplicates", "messages"), number("battery_pct", "%"),
        ),
        lambda source, _: source.now.devices,
    ),
    Table(
        "gateways",
        "A gateway's link now, and the highest numbers held of it.",
        (
            text("gateway", "id"), flag("connected"), time("last_seen"), whole("events"), whole("telemetry"),
            whole("refused"),
        ),
        lambda source, _: source.now.gateways,
    ),
    Table(
        "lanes",
        "A lane of a gateway: what of all that it numbered is here.",
        (
            text("gateway"), text("lane"), flag("complete"), whole("reports"), whole("top"), whole("missing"),
            whole("waiting"), whole("refused"), whole("duplicates"), whole("forgotten"),
        ),
        lambda source, _: source.lanes(),
    ),
    Table(
        "heard",
        "A device: what of all that it numbered its gateway heard.",
        (
            text("device"), flag("complete"), flag("numbered"), whole("missing", "messages"),
            whole("duplicates", "messages"),
        ),
        lambda source, _: source.heard(),
    ),
    Table(
        "zones",
        "A zone's climate now.",
        (
            text("zone", "id"), text("name"), number("min_c", CELSIUS), number("max_c", CELSIUS),
            number("temperature_c", CELSIUS), number("humidity_pct", "%"), time("at"), text("series"),
        ),
        lambda source, _: source.now.zones,
    ),
    Table(
        "rooms",
        "A cold room now.",
        (
            text("room", "id"), text("zone"), text("storage"), text("kind"), text("why"), whole("side"), time("since"),
            number("peak_c", CELSIUS, lambda one: one.peak_c if one.since_ms else None),
            minutes("outside", "outside_ms"), number("temperature_c", CELSIUS, "celsius"), time("at"),
            number("limit_c", CELSIUS), number("to_limit_min", "min"), number("low_c", CELSIUS),
            number("high_c", CELSIUS), number("outer_low_c", CELSIUS), number("outer_high_c", CELSIUS),
            number("kinetic_c", CELSIUS), number("kinetic_limit_c", CELSIUS), number("kinetic_hours", "h"),
            whole("lots"), whole("undecided", "lines"), whole("excursion", "", lambda one: one.excursion or None),
            text("series", lambda one: joined(one.series)),
        ),
        lambda source, _: source.now.rooms,
    ),
    Table(
        "excursions",
        "An excursion or defrost of a cold room, or of one lot.",
        (
            whole("id"), text("zone"), text("storage"), text("sku"), text("lot"), text("kind"), text("why"),
            whole("side"), time("began"), time("ended"), time("breach"),
            number("peak_c", CELSIUS, lambda one: one.peak_c if one.far else None), minutes("outside", "outside_ms"),
            text("state"),
        ),
        lambda source, span: source.excursions(span),
        time="began_utc",
    ),
    Table(
        "decisions",
        "Units of a lot that a breach set aside, and who decided what of them.",
        (
            whole("excursion", "", "case.id"), text("zone", "case.zone"), time("began", "case.began_ms"),
            whole("number", "", "line.number"), text("sku", "line.sku"), text("lot", "line.lot"),
            whole("units", UNITS, "line.units"), whole("gone_units", UNITS, "line.gone"), time("at", "line.at_ms"),
            text("decision", "line.decision"), text("by", "line.by"), time("decided", "line.decided_ms"),
        ),
        lambda source, span: _decisions(source.excursions(span)),
        time="began_utc",
    ),
    Table(
        "signatures",
        "Who decided what of which units of an excursion, and why.",
        (
            whole("excursion", "", "case.id"), text("zone", "case.zone"), time("began", "case.began_ms"),
            time("at", "signed.at_ms"), text("by", "signed.by"), text("role", "signed.role"),
            text("decision", "signed.decision"), text("comment", "signed.comment"),
            text("numbers", lambda one: joined(one.signed.lines)),
        ),
        lambda source, span: _signatures(source.excursions(span)),
        time="began_utc",
    ),
    Table(
        "exposures",
        "What a lot that is in a cold room went through.",
        (
            text("sku"), text("lot"), whole("units", UNITS), text("zone"), text("storage"), time("since"),
            number("known"), minutes("outside", "outside_ms"), number("aged_days", "days"), text("expiry"),
            text("effective_expiry"), number("days_left", "days"), flag("used_up"),
        ),
        lambda source, _: source.exposures(),
    ),
    Table(
        "history",
        "A value of a series of the history; old ones are the least and greatest of a quarter of an hour.",
        (text("series"), time("at"), number("value")),
        lambda source, span: source.samples(span),
        time="at_utc",
        wants="series",
    ),
)  # fmt: skip
