"""How a slot's number came about, in lines that a person reads. The words are those of the local page, in English."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from edge.words import WORDS
from protocols.asked import Explanation, LastWord

_WORDS = WORDS["en"]
STRENGTHS = ((-5.0, "against it, strongly"), (-1.0, "against it"), (1.0, "undecided"), (5.0, "for it"))
SOURCES = {"mass": "weight", "tags": "tags", "booked": "book", "counted": "person"}


WARNINGS = {
    "few_pieces": "few pieces: the mean of 10 and more is surer",
    "light_sample": "a light sample for this scale: more pieces make it surer",
}


def lines(told: Explanation, journal: Iterable[dict[str, Any]] = ()) -> list[str]:
    """The explanation, its sources, what is waiting, and what the journal says of the slot."""
    head = _head(told.slot, told.count, told.probability, told.low, told.high, told.reason, told.remedy)
    if told.count is None:
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
    found += [f"  journal   {noted(line)}" for line in journal]
    return found


def done(answer: dict[str, Any]) -> list[str]:
    """What came of an act at a slot."""
    slot, count, sure = answer["slot"], answer["count"], answer["confidence"]
    found = [_head(slot, count, sure, answer["low"], answer["high"], answer["reason"], answer["remedy"])]
    if answer.get("booked") is not None:
        found.append(f"  the book says {answer['booked']}")
    if answer.get("overruled"):
        found.append("  your count is taken for a slip: all else says otherwise; count again, and it is believed")
    if answer.get("repeated"):
        found.append("  this booking came before: nothing was added")
    if "unit_mass_g" in answer:
        found.append(f"  a unit weighs {answer['unit_mass_g']:.4g} g, to within {2 * answer['error_g']:.2g} g (95 %)")
    if "tare_g" in answer:
        found.append(f"  the empty shelf shows {answer['tare_g']:g} g: that is its tare")
    if "span" in answer:
        found.append(f"  true grams are {answer['span']:g} times what the scale shows")
    found += [f"  {WARNINGS.get(code, code)}" for code in answer.get("warnings", ())]
    if {"unit_mass_g", "tare_g", "span"} & answer.keys():
        found.append(f"  up to {answer['reach']} units can be told apart by one weighing (95 %)")
    return found


def noted(line: dict[str, Any], about: str = "") -> str:
    """A line of the journal."""
    fields = {key: value for key, value in line.items() if key not in ("at_ms", "what", "about") and value != ""}
    shown = (f"{key.removesuffix('_ms')}={_time(one) if key.endswith('_ms') else one}" for key, one in fields.items())
    return "  ".join((f"{_time(line['at_ms'])} {line['what']}{about and ' ' + about}", *shown))


def _head(slot: str, count: int | None, sure: float, low: int, high: int, reason: str, remedy: str) -> str:
    if count is not None:
        return f"{slot}: {count} ({sure:.1%} sure; 95 %: {low} to {high})"
    return f"{slot}: unknown, {low} to {high}: {_WORDS.get(reason, reason)}; {_WORDS.get(remedy, remedy)}"


def _source(word: LastWord) -> str:
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
