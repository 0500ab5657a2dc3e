"""The gateway's local page: plain HTML, made on request, refreshed by the browser. Works with the cloud away."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape
from typing import Any, NamedTuple

from edge.words import WORDS

STYLE = """
:root{color-scheme:light dark;--line:#8884;--soft:#8882;--bad:#c8102e}
body{font:16px/1.4 system-ui,sans-serif;margin:1rem auto;max-width:70rem;padding:0 1rem}
h1{font-size:1.3rem}h2{font-size:1rem;margin:1.5rem 0 .3rem}
table{border-collapse:collapse;width:100%}td,th{padding:.3rem .5rem;border-bottom:1px solid var(--line);text-align:left}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}.bad{font-weight:700;border-left:4px solid var(--bad)}
.wide{overflow-x:auto}p{margin:.3rem 0}.soft{opacity:.75}
"""


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
    service = word["alone"] if link is None else word["up"] if link["connected"] else f"{word['down']} ({link['why']})"
    broker = word["up"] if status["broker"]["connected"] else word["down"]
    clock = datetime.fromtimestamp(now_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    stock_rows = [
        [
            Link(f"/slot/{row['slot']}", row["slot"]),
            row["sku"],
            word["unknown"] if row["count"] is None else row["count"],
            f"{row['low']}–{row['high']}",
            _booked(row, word),
            _age(now_ms, row["at_ms"], word),
            " → ".join(word.get(code, code) for code in (row["reason"], row["remedy"]) if code),
        ]
        for row in stock
    ]
    device_rows = [
        [one["id"], word[one["state"]], _age(now_ms, one["seen_ms"], word), one["lost"], one["duplicates"]]
        for one in status["devices"]
    ]
    lane_rows = [
        [lane, *(book[key] for key in ("accepted", "delivered", "pending", "refused", "thinned")), _adds_up(book, word)]
        for lane, book in status["lanes"].items()
    ]
    alarm_rows = [
        [
            word.get(one["rule"], one["rule"]),
            one["subject"],
            _age(now_ms, one["since_ms"], word),
            ", ".join(_figure(name, value, now_ms, word) for name, value in one["params"].items()),
            "" if one["state"] == "firing" else word["over"],
        ]
        for one in status["alarms"]
    ]
    order_rows = [
        [
            one["sku"],
            one["quantity"],
            one["position"],
            one["reorder_point"],
            _age(now_ms, one["at_ms"], word),
            word["adopted"] if one["adopted"] else word[one["state"]],
        ]
        for one in status["proposals"]
    ]
    firing = sum(one["state"] == "firing" for one in status["alarms"])
    zone_rows = [[zone["id"], zone["quantity"], round(zone["value"], 2)] for zone in status["climate"]]
    problem_rows = [[one["code"], one["device"], one["detail"], one["hint"]] for one in problems]
    parts = [
        f"<h1>{word['title']} {escape(status['gateway'])} · {escape(status['site'])}</h1>",
        f"<p class='{'bad' if reasons else ''}'>{escape(state)}</p>",
        f"<p class=soft>{word['broker']}: {broker} · {word['service']}: {escape(service)} · {clock}</p>",
        f"<div class='{'bad' if firing else ''}'>",
        table(word["alarms"], [word[k] for k in ("alarm", "where", "since")] + ["", ""], alarm_rows, set(), word),
        "</div>",
        table(
            word["proposals"],
            [word[k].capitalize() for k in ("article", "quantity", "position", "point", "since")] + [""],
            order_rows,
            {1, 2, 3},
            word,
        ),
        table(word["link"], [word["lane"], *(word[k] for k in _STATES), ""], lane_rows, {1, 2, 3, 4, 5}, word),
        f"<p class='{'bad' if status['room']['full'] else 'soft'}'>{escape(_room(status['room'], now_ms, word))}</p>",
        table(
            word["stock"],
            [word[k].capitalize() for k in ("slot", "article", "count", "range", "booked", "age", "why")],
            stock_rows,
            {2, 3, 4},
            word,
        ),
        table(word["zones"], ["", "", ""], zone_rows, {2}, word),
        table(
            word["devices"], [word[k] for k in ("device", "state", "seen", "lost", "twice")], device_rows, {3, 4}, word
        ),
        table(word["problems"], ["", "", "", ""], problem_rows, set(), word),
    ]
    return document(parts, lang, 2)


def document(parts: list[str], lang: str, refresh_s: int) -> str:
    """A whole page of parts that are HTML already."""
    head = (
        f"<!doctype html><html lang={lang}><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<meta http-equiv=refresh content={refresh_s}><title>{WORDS[lang]['title']}</title><style>{STYLE}</style>"
    )
    return head + "<main>" + "".join(parts) + "</main></html>"


_STATES = ("accepted", "delivered", "pending", "refused", "thinned")


class Link(NamedTuple):
    """A cell that leads somewhere on this page's own server."""

    href: str
    text: str


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


def _figure(name: str, value: float, now_ms: int, word: dict[str, str]) -> str:
    """One figure of an alarm."""
    if name == "offline":
        return word["offline"] if value else word["silent"]
    if name == "last_seen_ms":
        return f"{word[name]} {_age(now_ms, int(value), word)}"
    if name == "period_ms":
        return f"{word[name]} {value / 1000:g} s"
    unit = {"used_pct": " %", "off_s": " s"}.get(name, "")
    return f"{word.get(name, name)} {value:g}{unit}"


def _age(now_ms: int, at_ms: int, word: dict[str, str]) -> str:
    return f"{max(0, now_ms - at_ms) // 1000} {word['s']}" if at_ms else "–"


def table(title: str, heads: list[str], rows: list[list[Any]], numbers: set[int], word: dict[str, str]) -> str:
    """A headed table; the columns in `numbers` stand to the right. Everything in it is escaped."""

    def cell(tag: str, at: int, value: object) -> str:
        if isinstance(value, Link):
            return f"<{tag}><a href='{escape(value.href)}'>{escape(value.text)}</a></{tag}>"
        return f"<{tag}{' class=n' if at in numbers else ''}>{escape(str(value))}</{tag}>"

    if not rows:
        return f"<h2>{title}</h2><p class=soft>{word['none']}</p>"
    head = "".join(cell("th", at, value) for at, value in enumerate(heads))
    body = "".join("<tr>" + "".join(cell("td", at, value) for at, value in enumerate(row)) + "</tr>" for row in rows)
    return f"<h2>{title}</h2><div class=wide><table><tr>{head}</tr>{body}</table></div>"
