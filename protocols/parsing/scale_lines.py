"""The lines that weighing indicators and balances send over a serial port, whoever passes them on.

A&D, CAS (22 bytes with a lamp byte), Rinstrum and Dini Argeo (`ST,GS,+  1.240kg`), METTLER TOLEDO MT-SICS
(`S S    125.67 g`), Ohaus (`1.234 kg ? N`), Sartorius SBI (`N +  123.45 g`), `Weight: 0.850 LB`, `CHANGE:-350`.
What is not understood to the last word is trouble: a weight is never guessed.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from protocols.parsing.units import conversion
from protocols.readings import Flag

LINE_MAX = 200
Decimal = Literal[".", ","]


class Said(NamedTuple):
    """What a scale said, before it is held against the site."""

    value: float | None
    unit: str = ""
    flags: tuple[Flag, ...] = ()
    change: bool = False
    trouble: tuple[str, str] = ("", "")
    """Code and sentence of why there is no value."""


_CHARACTERS = re.compile(r"[\x00-\x20\x7f-\xff]+")
_NUMBER = re.compile(r"([+-]?)(\d{1,12}(?:\.\d{0,9})?|\.\d{1,9})([A-Za-z]{0,5})\Z")
_BETWEEN_DIGITS = re.compile(r"\d,\d")
_STABLE = frozenset(("ST", "S", "STABLE", "QT", "WT"))
UNSTABLE = frozenset(("US", "U", "SD", "D", "M", "?", "MOTION", "UNSTABLE", "DYNAMIC", "MOVING"))
_NET = frozenset(("NT", "N", "NET", "N/W"))
_GROSS = frozenset(("GS", "G", "GR", "GROSS", "G/W"))
BEYOND = frozenset(("OL", "OF", "OVER", "OVERLOAD", "UL", "UF", "UNDER", "UNDERLOAD"))
_FILLED = frozenset("HLOE-_=^")
"""Three or more of one of these fill a display that has no weight to show."""
_NO_NUMBERS = frozenset(("NAN", "INF", "-INF", "NULL", "NONE", "UNAVAILABLE", "UNKNOWN"))
_TARE = frozenset(("T", "TA", "TR", "PT", "TARE", "TI", "Z", "ZI", "ZA"))
"""Answers about tare and zero: what they hold is no load."""
_STATES = _STABLE | UNSTABLE | BEYOND
_FAULTS = frozenset(("ES", "ET", "EL", "ERR", "ERROR", "E", "I", "L"))
_CHANGES = frozenset(("CHANGE", "DELTA", "DIFF"))
_LEVELS = frozenset(("WEIGHT", "W", "LOAD", "MASS", "VALUE", "SCALE"))
COUNTS = frozenset(("pc", "pcs", "pce"))


def grams_of(unit: str) -> float | None:
    """Grams of one `unit`; None when it is none of mass."""
    known = conversion(unit) or conversion(unit.lower())
    return known[1] if known and known[0] == "mass_g" else None


def read(line: str, decimal: Decimal = ".") -> Said:
    """What one line says; `decimal` is the mark between units and fractions."""
    if len(line) > LINE_MAX:
        return Said(None, trouble=("payload.invalid", f"a line of {len(line)} characters is no weight"))
    text = _CHARACTERS.sub(" ", line).strip(' "')
    if decimal == ",":
        text = _BETWEEN_DIGITS.sub(lambda found: found[0].replace(",", "."), text)
    elif _BETWEEN_DIGITS.search(text) and "." not in text:
        detail = f'{text[:60]!r}: a comma between digits may be a decimal mark; if it is, set decimal = ","'
        return Said(None, trouble=("payload.invalid", detail))
    change = False
    head, colon, rest = text.partition(":")
    if colon:
        word = head.strip().upper()
        if word not in _CHANGES | _LEVELS | _NET | _GROSS:
            return Said(None, trouble=("payload.invalid", f"{head[:40]!r} is no word for a weight"))
        change, text = word in _CHANGES, f"{head if word in _NET | _GROSS else ''} {rest}"
    # "+  1.240kg": scales pad between the sign and the digits.
    return _words(re.sub(r"([+-]) (?=[\d.])", r"\1", text.replace(",", " ")).split(), text, change)


def _words(words: list[str], text: str, change: bool) -> Said:
    value: float | None = None
    unit, number_at = "", -1
    flags: set[Flag] = set()
    for at, word in enumerate(words):
        upper = word.upper()
        if at == 0 and upper.lstrip("0123456789") in _STATES:
            upper = upper.lstrip("0123456789")  # Dini Argeo puts its address before the state: 01ST
        number = _NUMBER.match(upper)
        if number:
            if value is not None and (unit or at != number_at + 1 or at != 3 or not words[2].isdecimal()):
                return Said(None, trouble=("payload.invalid", f"two numbers in {text[:60]!r}"))
            # The one place for a number before the weight: CAS sends its own as the third word.
            value, unit, number_at = float(number[1] + number[2]), word[number.end(2) :], at
        elif at and at == number_at + 1 and not unit and _is_unit(word):
            unit = word
        elif upper in UNSTABLE:
            flags.add("unstable")
        elif upper in _GROSS:
            flags.add("gross")
        elif at == 0 and upper in _TARE:
            return Said(None, trouble=("notice", text))
        elif at == 1 and words[0] == "S" and word in ("+", "-", "I"):  # MT-SICS: beyond its range; not able to, now
            what = {"+": "overload", "-": "underload", "I": "the scale is busy"}[word]
            return Said(None, trouble=("value.out_of_range" if word != "I" else "device.busy", f"{text!r}: {what}"))
        elif upper in BEYOND or (len(word) > 2 and word[0] in _FILLED and len(set(word)) == 1):
            return Said(None, trouble=("value.out_of_range", f"{text[:60]!r}: beyond what the scale can weigh"))
        elif upper in _FAULTS:
            return Said(None, trouble=("device.fault", f"{text[:60]!r}: the scale reports an error"))
        elif upper in _NO_NUMBERS:
            return Said(None, trouble=("value.not_finite", f"{text[:60]!r} is no number"))
        elif upper not in _STABLE | _NET:
            return Said(None, trouble=("payload.invalid", f"{word[:40]!r} in {text[:60]!r} is not understood"))
    if value is None:
        return Said(None, trouble=("payload.invalid", f"no weight in {text[:60]!r}"))
    return Said(value, unit, tuple(sorted(flags)), change)


def _is_unit(word: str) -> bool:
    return word.lower() in COUNTS or grams_of(word) is not None
