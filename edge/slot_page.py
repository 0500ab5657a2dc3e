"""One slot of the local page: how its number came about, in both languages."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape
from typing import Any

from edge.page_parts import Row, document, table
from edge.words import WORDS
from protocols.asked import Explanation

REFRESH_S = 5
SURE = 1.0
"""A source speaks for or against a count from this log-likelihood ratio on; below it is undecided."""


def render(told: Explanation, journal: list[dict[str, Any]], lang: str) -> str:
    """The page of a slot."""
    word = WORDS[lang]
    count = word["unknown"] if told.count is None else str(told.count)
    why = " → ".join(word.get(code, code) for code in (told.reason, told.remedy) if code)
    best = f"{word['likeliest']} {told.likeliest}, {told.probability:.1%}"
    sources = [
        Row(
            [
                word[one.source],
                f"{one.value:,.1f} g"
                if one.source == "mass"
                else f"{one.value:+.0f}"
                if one.source == "booked"
                else one.value,
                _time(one.at_ms),
                one.by,
                one.count,
                word["for" if one.speaks > SURE else "against" if one.speaks < -SURE else "undecided"],
            ]
        )
        for one in told.words
    ]
    waiting = [Row([word[one.kind], f"{one.delta:+d}", _time(one.at_ms)]) for one in told.waiting]
    lines = [
        Row(
            [_time(line["at_ms"]), line["what"]],
            ", ".join(f"{key} {value}" for key, value in line.items() if key not in _OWN),
        )
        for line in journal
    ]
    parts = [
        f"<p><a href='/'>{word['back']}</a></p><h1>{escape(told.slot)}: {escape(count)}</h1>",
        f"<p>{told.low}–{told.high} · {escape(best)}{' · ' + escape(why) if why else ''}</p>",
    ]
    if told.book is not None and told.agree is not None:
        parts.append(f"<p>{word['book_says']} {told.book} · {word['right']} {told.agree:.1%}</p>")
    heads = [word[key] for key in ("source", "word", "when")] + ["", word["alone_says"], word["verdict"]]
    parts.append(table(word["explain"], heads, sources, {1, 4}, word))
    parts.append(table(word["waiting"], ["", "", ""], waiting, {1}, word))
    parts.append(table(word["journal"], [word["when"], word["what"]], lines, set(), word))
    return document(parts, lang, REFRESH_S)


_OWN = ("at_ms", "what", "about")


def _time(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
