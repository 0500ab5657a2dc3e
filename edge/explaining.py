"""How a slot's number came about, in lines that a person reads. The words are those of the local page, in English."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from edge.core.why import Explanation, Word
from edge.page import WORDS

_WORDS = WORDS["en"]
STRENGTHS = ((-5.0, "against it, strongly"), (-1.0, "against it"), (1.0, "undecided"), (5.0, "for it"))
SOURCES = {"mass": "weight", "tags": "tags", "booked": "book", "counted": "person"}


def lines(told: Explanation, journal: Iterable[dict[str, Any]] = ()) -> list[str]:
    """The explanation, its sources, what is waiting, and what the journal says of the slot."""
    if told.count is not None:
        head = f"{told.slot}: {told.count} ({told.probability:.1%} sure; 95 %: {told.low} to {told.high})"
    else:
        why = _WORDS.get(told.reason, told.reason)
        head = f"{told.slot}: unknown, {told.low} to {told.high}: {why}; {_WORDS.get(told.remedy, told.remedy)}"
        head += f" (best guess {told.likeliest}, {told.probability:.0%})"
    found = [head]
    if told.words:
        found.append(f"  newest evidence {_age(told.age_ms)} ago")
    found += [f"  {_source(word)}" for word in told.words]
    for one in told.waiting:
        what = "booked, not seen yet" if one.kind == "booking" else "seen, not booked yet"
        found.append(f"  waiting   {one.delta:+d} at {_time(one.at_ms)}: {what}")
    if told.book is not None and told.agree is not None:
        verdict = f"{-told.gap} too many" if told.gap < 0 else f"{told.gap} too few" if told.gap else "right"
        found.append(f"  the book says {told.book}: {verdict} (right with {told.agree:.1%})")
    for line in journal:
        fields = {key: value for key, value in line.items() if key not in ("at_ms", "what", "about")}
        particulars = "  ".join(f"{key}={value}" for key, value in fields.items())
        found.append(f"  journal   {_time(line['at_ms'])} {line['what']}  {particulars}".rstrip())
    return found


def _source(word: Word) -> str:
    shown = {
        "mass": f"{word.value:,.1f} g",
        "tags": f"{word.value:.1f} tags",
        "booked": f"last booked {word.value:+.0f}",
        "counted": f"counted {word.value:.0f}" + (f" by {word.by}" if word.by else ""),
    }[word.source]
    strength = next((said for limit, said in STRENGTHS if word.speaks < limit), "for it, strongly")
    return f"{SOURCES[word.source]:<9} {shown} at {_time(word.at_ms)}; alone it says {word.count}: {strength}"


def _time(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def _age(age_ms: int) -> str:
    for size_ms, unit in ((86_400_000, "d"), (3_600_000, "h"), (60_000, "min")):
        if age_ms >= 2 * size_ms:
            return f"{age_ms // size_ms} {unit}"
    return f"{age_ms // 1000} s"
