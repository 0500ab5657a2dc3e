"""What the local pages are put together from: a document, and tables that fit a phone."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from edge.words import WORDS

STYLE = """
:root{color-scheme:light dark;--line:#8884;--soft:#8882;--bad:#c8102e}
body{font:16px/1.4 system-ui,sans-serif;margin:1rem auto;max-width:70rem;padding:0 1rem}
h1{font-size:1.3rem}h2{font-size:1rem;margin:1.5rem 0 .3rem}
table{border-collapse:collapse;width:100%}td,th{padding:.3rem .5rem;border-bottom:1px solid var(--line);text-align:left}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}.bad{font-weight:700;border-left:4px solid var(--bad)}
.wide{overflow-x:auto}p{margin:.3rem 0}.soft{opacity:.75}.id{white-space:nowrap}
td.n+td,th.n+th{padding-left:1.2rem}
.led td{border-bottom:0}.led+tr td{padding-top:0;font-size:.9em}
@media(max-width:40rem){body{font-size:15px;padding:0 .6rem}td,th{padding:.3rem .2rem}th{font-size:.85em}
td.n+td,th.n+th{padding-left:.6rem}}
"""


class Link(NamedTuple):
    """A cell that leads somewhere on this page's own server."""

    href: str
    text: str


class Row(NamedTuple):
    """The cells of a row, and what stands below it over its whole width."""

    cells: Sequence[object]
    below: str = ""


def document(parts: list[str], lang: str, refresh_s: int) -> str:
    """A whole page of parts that are HTML already."""
    head = (
        f"<!doctype html><html lang={lang}><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<meta http-equiv=refresh content={refresh_s}><title>{WORDS[lang]['title']}</title><style>{STYLE}</style>"
    )
    return head + "<main>" + "".join(parts) + "</main></html>"


def table(
    title: str, heads: list[str], rows: Sequence[Row], numbers: set[int], word: dict[str, str], note: str = ""
) -> str:
    """A headed table; the columns in `numbers` stand to the right. Everything in it is escaped."""

    def cell(tag: str, at: int, value: object) -> str:
        if isinstance(value, Link):
            return f"<{tag} class=id><a href='{escape(value.href)}'>{escape(value.text)}</a></{tag}>"
        return f"<{tag}{' class=n' if at in numbers else ''}>{escape(str(value))}</{tag}>"

    def line(row: Row) -> str:
        cells = "".join(cell("td", at, value) for at, value in enumerate(row.cells))
        if not row.below:
            return f"<tr>{cells}</tr>"
        return f"<tr class=led>{cells}</tr><tr><td class=soft colspan={len(heads)}>{escape(row.below)}</td></tr>"

    said = f"<h2>{escape(title)}</h2>" + (f"<p class=soft>{escape(note)}</p>" if note else "")
    if not rows:
        return f"{said}<p class=soft>{word['none']}</p>"
    head = "".join(cell("th", at, value) for at, value in enumerate(heads))
    return f"{said}<div class=wide><table><tr>{head}</tr>{''.join(map(line, rows))}</table></div>"
