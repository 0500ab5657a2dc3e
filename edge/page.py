"""The gateway's local page: plain HTML, made on request, refreshed by the browser. Works with the cloud away."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape
from typing import Any, NamedTuple

WORDS = {
    "en": {
        "title": "Gateway",
        "stock": "Stock",
        "slot": "Slot",
        "article": "Article",
        "count": "Count",
        "range": "Range",
        "age": "Age",
        "why": "Note",
        "devices": "Devices",
        "device": "Device",
        "state": "State",
        "seen": "Last seen",
        "lost": "Lost",
        "twice": "Twice",
        "link": "To the service",
        "lane": "Lane",
        "accepted": "accepted",
        "delivered": "delivered",
        "pending": "pending",
        "refused": "refused",
        "thinned": "thinned",
        "zones": "Climate",
        "problems": "Problems",
        "none": "none",
        "broker": "Broker",
        "service": "Service",
        "up": "connected",
        "down": "away",
        "alone": "not set up",
        "ready": "Working",
        "not_ready": "Needs help",
        "unknown": "unknown",
        "balanced": "adds up",
        "unbalanced": "does not add up",
        "ok": "ok",
        "silent": "silent",
        "offline": "offline",
        "unseen": "never seen",
        "s": "s ago",
        "unstable": "the weight does not settle",
        "saturated": "the scale is overloaded",
        "no_reading": "nothing weighed yet",
        "unit_variation": "units differ too much in weight to count so many",
        "noise": "units are too light for this scale",
        "not_integer": "the weight is no whole number of units",
        "negative": "the weight is below zero",
        "sample": "the unit weight was learnt from too few pieces",
        "drift": "the zero may have drifted since the slot was last empty",
        "unrecorded": "something may have been taken or put back unrecorded",
        "teach_unit": "teach the unit weight by a larger sample",
        "empty_shelf": "empty the slot once",
        "booked": "book",
        "differs": "wrong",
        "explain": "How this number came about",
        "likeliest": "most probable",
        "source": "source",
        "word": "last word",
        "verdict": "verdict",
        "mass": "weight",
        "tags": "tags",
        "counted": "person",
        "for": "for it",
        "against": "against it",
        "undecided": "undecided",
        "waiting": "Waiting",
        "booking": "booked, not seen yet",
        "step": "seen, not booked yet",
        "book_says": "The book says",
        "right": "right with",
        "journal": "Journal",
        "back": "All slots",
        "when": "when",
        "what": "what",
        "alone_says": "alone it says",
        "uncounted": "several articles share the scale: count each once",
        "wait": "wait",
        "check_shelf": "look what lies there",
        "recount": "count by hand",
        "tare": "empty the slot and tare it",
        "check_sensor": "check the sensor",
    },
    "zh": {
        "title": "网关",
        "stock": "库存",
        "slot": "货位",
        "article": "物料",
        "count": "数量",
        "range": "范围",
        "age": "多久前",
        "why": "说明",
        "devices": "设备",
        "device": "设备",
        "state": "状态",
        "seen": "最近上报",
        "lost": "丢失",
        "twice": "重复",
        "link": "上行",
        "lane": "通道",
        "accepted": "已接收",
        "delivered": "已送达",
        "pending": "待发送",
        "refused": "被拒绝",
        "thinned": "已抽稀",
        "zones": "温湿度",
        "problems": "问题",
        "none": "无",
        "broker": "消息代理",
        "service": "云端服务",
        "up": "已连接",
        "down": "断开",
        "alone": "未配置",
        "ready": "正常工作",
        "not_ready": "需要处理",
        "unknown": "未知",
        "balanced": "账目平衡",
        "unbalanced": "账目不平",
        "ok": "正常",
        "silent": "无声",
        "offline": "离线",
        "unseen": "从未上报",
        "s": "秒前",
        "unstable": "重量不稳定",
        "saturated": "秤已过载",
        "no_reading": "尚无称重",
        "unit_variation": "单件重量差异太大，数量多时无法计数",
        "noise": "单件太轻，此秤无法分辨",
        "not_integer": "重量不是单件的整数倍",
        "negative": "重量低于零",
        "sample": "单件重量的样本件数太少",
        "drift": "自上次清空后零点可能已漂移",
        "unrecorded": "可能有未登记的取放",
        "teach_unit": "用更多件数重新示教单重",
        "empty_shelf": "清空一次货位",
        "booked": "账面",
        "differs": "不符",
        "explain": "该数量的由来",
        "likeliest": "最可能",
        "source": "来源",
        "word": "最近一次",
        "verdict": "支持程度",
        "mass": "重量",
        "tags": "标签",
        "counted": "人工",
        "for": "支持",
        "against": "不支持",
        "undecided": "不确定",
        "waiting": "待匹配",
        "booking": "已登记，尚未看到",
        "step": "已看到，尚未登记",
        "book_says": "账面数量",
        "right": "正确概率",
        "journal": "日志",
        "back": "全部货位",
        "when": "时间",
        "what": "事项",
        "alone_says": "单独判断",
        "uncounted": "多种物料共用此秤，请逐一清点",
        "wait": "请稍候",
        "check_shelf": "查看货位上的物品",
        "recount": "人工清点",
        "tare": "清空货位后去皮",
        "check_sensor": "检查传感器",
    },
}

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
    zone_rows = [[zone["id"], zone["quantity"], round(zone["value"], 2)] for zone in status["climate"]]
    problem_rows = [[one["code"], one["device"], one["detail"], one["hint"]] for one in problems]
    parts = [
        f"<h1>{word['title']} {escape(status['gateway'])} · {escape(status['site'])}</h1>",
        f"<p class='{'bad' if reasons else ''}'>{escape(state)}</p>",
        f"<p class=soft>{word['broker']}: {broker} · {word['service']}: {escape(service)} · {clock}</p>",
        table(word["link"], [word["lane"], *(word[k] for k in _STATES), ""], lane_rows, {1, 2, 3, 4, 5}, word),
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
