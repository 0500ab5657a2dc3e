"""The gateway's local page: plain HTML, made on request, refreshed by the browser. Works with the cloud away."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape
from typing import Any

from edge.page_parts import Link, Row, document, table
from edge.words import WORDS
from protocols.alarms import TOLD


def language(accept: str) -> str:
    """`zh` when the browser prefers Chinese, else `en`."""
    return "zh" if accept.lower().startswith("zh") else "en"


def render(status: dict[str, Any], stock: list[dict[str, Any]], problems: list[dict[str, Any]], lang: str) -> str:
    """The page from the same values that the API gives (see edge/api.py)."""
    word = WORDS[lang]
    now_ms = status["now_ms"]
    reasons = status["not_ready"]
    state = f"{word['not_ready']}: {'; '.join(reasons)}" if reasons else word["ready"]
    link = status["service"]
    service = word["alone"] if link is None else word["up"] if link["connected"] else _away(link, now_ms, word)
    broker = word["up"] if status["broker"]["connected"] else word["down"]
    clock = datetime.fromtimestamp(now_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    books = any(row["booked"] is not None for row in stock)
    stock_rows = [
        Row(
            [
                Link(f"/slot/{row['slot']}", row["slot"]),
                row["sku"],
                _count(row),
                *([_booked(row, word)] if books else []),
                _age(now_ms, row["at_ms"], word),
            ],
            " → ".join(word.get(code, code) for code in (row["reason"], row["remedy"]) if code),
        )
        for row in stock
    ]
    device_rows = [
        Row([one["id"], word[one["state"]], _age(now_ms, one["seen_ms"], word), one["lost"], one["duplicates"]])
        for one in status["devices"]
    ]
    lanes = status["lanes"]
    lane_rows = [Row([word[state], *(book[state] for book in lanes.values())]) for state in _STATES]
    lane_rows.append(Row(["", *(_adds_up(book, word) for book in lanes.values())]))
    alarm_rows = [
        Row(
            [
                word.get(one["rule"], one["rule"]),
                one["subject"],
                _age(now_ms, one["since_ms"], word),
                "" if one["state"] == "firing" else word["over"],
            ],
            ", ".join(figure(name, value, now_ms, word) for name, value in one["params"].items()),
        )
        for one in status["alarms"]
    ]
    told_rows = [
        Row(
            [one["channel"], _age(now_ms, one["at_ms"], word), word["try_" + one["outcome"]]],
            word["notice"].format(firing=one["firing"], over=one["over"])
            + (f" · {one['status'] or ''} {one['detail']}".rstrip() if one["outcome"] != "told" else ""),
        )
        for one in status["told"]
    ]
    order_rows = [
        Row(
            [one["sku"], one["quantity"], one["position"], one["reorder_point"]],
            f"{word['adopted'] if one['adopted'] else word[one['state']]} · {_age(now_ms, one['at_ms'], word)}",
        )
        for one in status["proposals"]
    ]
    firing = sum(one["state"] == "firing" for one in status["alarms"])
    zone_rows = [
        Row([zone["id"], *_measured(zone["quantity"], zone["value"], word), _age(now_ms, zone["at_ms"], word)])
        for zone in sorted(status["climate"], key=lambda one: (one["id"], one["quantity"]))
    ]
    problem_rows = [Row([one["code"], one["device"]], f"{one['detail']} → {one['hint']}") for one in problems]
    parts = [
        f"<h1>{word['title']} {escape(status['gateway'])} · {escape(status['site'])}</h1>",
        f"<p class='{'bad' if reasons else ''}'>{escape(state)}</p>",
        f"<p class=soft>{word['broker']}: {broker} · {word['service']}: {escape(service)} · {clock}</p>",
        f"<div class='{'bad' if firing else ''}'>",
        table(word["alarms"], [word[k] for k in ("alarm", "where", "since")] + [""], alarm_rows, set(), word),
        "</div>",
        table(word["told"], [word[k] for k in ("channel", "when", "what")], told_rows, set(), word)
        if status["told"]
        else "",
        table(
            word["proposals"],
            [word[k] for k in ("article", "quantity", "position", "point")],
            order_rows,
            {1, 2, 3},
            word,
            "" if link is None else word["proposals_linked" if link["connected"] else "proposals_away"],
        ),
        table(word["link"], [word["lane"], *(word[lane] for lane in lanes)], lane_rows, {1, 2}, word),
        f"<p class='{'bad' if status['room']['full'] else 'soft'}'>{escape(_room(status['room'], now_ms, word))}</p>",
        table(
            word["stock"],
            [word[k].capitalize() for k in ("slot", "article", "count", *(("booked",) if books else ()), "age")],
            stock_rows,
            {2, 3} if books else {2},
            word,
        ),
        table(word["zones"], [word[k] for k in ("zone", "measured", "reading", "age")], zone_rows, {2}, word),
        table(
            word["devices"], [word[k] for k in ("device", "state", "seen", "lost", "twice")], device_rows, {3, 4}, word
        ),
        table(word["problems"], [word["problem"], word["device"]], problem_rows, set(), word),
    ]
    return document(parts, lang, 2)


QUANTITIES: dict[str, tuple[str, str, int]] = {
    "mass_g": ("mass", "g", 1),
    "mass_change_g": ("mass_change", "g", 1),
    "count": ("count", "", 0),
    "temperature_c": ("temperature", "°C", 1),
    "humidity_pct": ("humidity", "%", 0),
    "pressure_hpa": ("pressure", "hPa", 1),
    "power_w": ("power", "W", 0),
    "energy_wh": ("energy", "Wh", 0),
    "voltage_v": ("voltage", "V", 1),
    "current_a": ("current", "A", 2),
    "frequency_hz": ("frequency", "Hz", 2),
    "vibration_g": ("vibration", "g", 3),
    "vibration_mm_s": ("vibration", "mm/s", 2),
    "battery_pct": ("battery", "%", 0),
    "rssi_dbm": ("signal", "dBm", 0),
    "door_open": ("door", "0/1", 0),
    "switch_on": ("switch", "0/1", 0),
    "raw": ("raw", "", 3),
}
"""What is measured -> the code of its word, its unit, and the digits that mean something."""
UNITS = {
    "used_pct": " %",
    "pct": " %",
    "off_s": " s",
    "silent_s": " s",
    "hours": " h",
    "usual_hours": " h",
    "days": " d",
    "days_left": " d",
    "free_mb": " MB",
    "outside_min": " min",
    "celsius": " °C",
    "peak_c": " °C",
    "limit_c": " °C",
}
"""The unit of each figure of an alarm, where it has one that does not depend on its rule."""
_STATES = ("accepted", "delivered", "pending", "refused", "thinned")


def _away(link: dict[str, Any], now_ms: int, word: dict[str, str]) -> str:
    """Why the service is away, and since when nothing gets there."""
    heard = _age(now_ms, now_ms - link["silent_ms"], word)
    return f"{word['down']} ({link['why']}; {word['service_heard']} {heard})"


def _count(row: dict[str, Any]) -> str:
    """The count; the range where it is more than that one number."""
    span = "" if row["low"] == row["high"] == row["count"] else f"{row['low']}–{row['high']}"
    count = "?" if row["count"] is None else str(row["count"])
    return f"{count} ({span})" if span else count


def _measured(quantity: str, value: float, word: dict[str, str]) -> tuple[str, str]:
    """A quantity in words, and its value with its unit. A zero may have drifted below itself: there is no "-0"."""
    name, unit, digits = QUANTITIES.get(quantity, (quantity, "", 2))
    if unit == "0/1":
        return word[name], word[f"{name}_on" if value else f"{name}_off"]
    rounded = round(value, digits) + 0.0
    return word.get(name, name), f"{rounded:,.{digits}f} {unit}".rstrip()


def _booked(row: dict[str, Any], word: dict[str, str]) -> str:
    if row["booked"] is None:
        return "–"
    return f"{row['booked']} ({word['differs']})" if row["differs"] else str(row["booked"])


def _adds_up(book: dict[str, Any], word: dict[str, str]) -> str:
    return word["balanced"] if book["balanced"] else word["unbalanced"]


def _room(room: dict[str, Any], now_ms: int, word: dict[str, str]) -> str:
    """How long the outbox lasts, how old what waits is, and what goes first when it is full."""
    hours = room["hours"]
    lasts = word["unknown"] if hours is None else word["lasts"].format(days=int(hours // 24), hours=round(hours % 24))
    said = [f"{word['room']}: {lasts} ({room['used_bytes'] / 1e6:.1f} / {room['max_bytes'] / 1e6:.0f} MB)"]
    if room["oldest_pending_ms"] is not None:
        said.append(f"{word['oldest']} {_age(now_ms, room['oldest_pending_ms'], word)}")
    said.append(f"{word[room['full']]}: {word['policy']}" if room["full"] else word["policy"])
    return " · ".join(said)


def figure(name: str, value: float, now_ms: int, word: dict[str, str]) -> str:
    """One figure of an alarm."""
    if name == "offline":
        return word["offline"] if value else word["silent"]
    if name in ("last_seen_ms", TOLD):
        return f"{word[name]} {_age(now_ms, int(value), word)}"
    if name == "period_ms":
        return f"{word[name]} {value / 1000:g} s"
    if name in ("side", "why"):
        return word.get(f"{name}_{value:g}", "")
    said = round(value, 3 if abs(value) < 1 else 1) + 0.0
    return f"{word.get(name, name)} {said:g}{UNITS.get(name, '')}"


def _age(now_ms: int, at_ms: int, word: dict[str, str]) -> str:
    """How long ago, in the unit that fits: seconds up to two minutes, then minutes, hours and days."""
    if not at_ms:
        return "–"
    ago_s = max(0, now_ms - at_ms) // 1000
    for unit, of_s, most in (("s", 1, 120), ("min", 60, 120), ("h", 3600, 48)):
        if ago_s < most * of_s:
            return word[unit].format(n=ago_s // of_s)
    return word["d"].format(n=ago_s // 86_400)
