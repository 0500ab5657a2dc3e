"""What a segment may hold when it is written: each element's kind, length and whether it must be there.

A layout is read from a line such as `line AN1-20! | quantity R1-15! | unit ID2-2!`: elements between bars, components
of a composite between commas; `-` stays empty, `!` must be there, `?` must be there if anything of its composite is.
Values are plain: text, numbers, ISO days; here they become what is sent, or a `ValueError` that names the element and
the remedy.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from math import isfinite
from typing import NamedTuple

Value = str | float | None
Values = Sequence[Value | Sequence[Value]]
"""A segment's name and its elements; a composite is a sequence of components."""

REMEDIES = {
    "unit": "say the unit of the quantity, as the standard codes it (X12: EA, CA, KG; EDIFACT: PCE, KGM)",
    "day": "give it as an ISO day, 2026-09-24",
    "quantity": "say how many",
    "number": "say the number that the partner knows it by",
    "whose number": "say whose number it is: GLN, DUNS, buyer, seller",
    "whose item number": "say whose number it is: GTIN-13, vendor, buyer, SKU",
    "currency": "say an ISO 4217 code, USD",
}
"""What to do about an element, by the last words of its name."""
_FIELD = re.compile(r"(.+) (AN|ID|N|R|DT)(\d+)-(\d+)([!?]?)")
_DECIMAL = re.compile(r"-?[0-9]+(\.[0-9]+)?")


class Field(NamedTuple):
    """A place in a segment: AN text, ID code, N whole number, R decimal number, DT day."""

    name: str
    kind: str
    least: int
    most: int
    needed: str
    """! always, ? with the rest of its composite, or not at all."""


Layout = tuple[tuple[Field | None, ...], ...]
"""Elements, each of one or more components; None stays empty."""


def layout(line: str) -> Layout:
    """The layout that a line describes."""
    return tuple(tuple(_field(part.strip()) for part in element.split(",")) for element in line.split("|"))


def _field(text: str) -> Field | None:
    if text == "-":
        return None
    found = _FIELD.fullmatch(text)
    assert found, text
    name, kind, least, most, needed = found.groups()
    return Field(name, kind, int(least), int(most), needed)


def filled(segment: Values, fields: Layout, repeats: int = 0) -> list[list[str]]:
    """The segment's elements as text, its name first, without empty ones at its end. The last `repeats` places of the
    layout may come again and again. Raises `ValueError` for what may not stand there."""
    name = str(segment[0])
    told: list[list[str]] = [[name]]
    given = [_parts(one) for one in segment[1:]]
    for at in range(max(len(given), len(fields) - repeats)):
        over = at - len(fields)
        place = fields[at] if over < 0 else fields[len(fields) - repeats + over % repeats] if repeats else ()
        values = given[at] if at < len(given) else []
        if len(values) > len(place):
            raise ValueError(f"{name} has no place for {values[-1]!r}: leave it out, or send it in two")
        whole = any(one not in ("", None) for one in values)
        parts = []
        for component, field in enumerate(place):
            value = values[component] if component < len(values) else None
            where = f"{name}{at + 1:02d}" + (f"-{component + 1}" if len(place) > 1 else "")
            needed = field is not None and (field.needed == "!" or (field.needed == "?" and whole))
            parts.append(_written(value, field, where, needed, segment))
        told.append(_trimmed(parts))
    while len(told) > 1 and told[-1] == [""]:
        told.pop()
    return told


def _parts(element: Value | Sequence[Value]) -> list[Value]:
    return [element] if element is None or isinstance(element, str | int | float) else list(element)


def _trimmed(parts: list[str]) -> list[str]:
    while len(parts) > 1 and not parts[-1]:
        parts.pop()
    return parts or [""]


def _written(value: Value, field: Field | None, where: str, needed: bool, segment: Values) -> str:
    if value is None or value == "":
        if needed and field is not None:
            raise ValueError(f"{where} ({field.name}) is missing in {_shown(segment)}: {_remedy(field)}")
        return ""
    assert field is not None, f"{where} is to stay empty, not {value!r}"
    text = _as_text(value, field, where, segment)
    size = len(text.translate(_UNCOUNTED)) if field.kind == "R" else len(text)
    if not field.least <= size <= field.most:
        bounds = f"{field.least} to {field.most}" if field.least < field.most else str(field.most)
        raise ValueError(
            f"{where} ({field.name}) {text[:80]!r} has {size} characters in {_shown(segment)}, {bounds} are allowed: "
            f"{_remedy(field)}"
        )
    return text


_UNCOUNTED = str.maketrans("", "", "-.")
"""A number's length is that of its digits."""


def _as_text(value: Value, field: Field, where: str, segment: Values) -> str:
    text = digits_of(value, f"{where} ({field.name})") if isinstance(value, int | float) else str(value)
    if field.kind == "DT":
        return _day(text, field, where, segment)
    good = True
    if field.kind == "R":
        good = bool(_DECIMAL.fullmatch(text))
    elif field.kind == "N":
        good = text.isascii() and text.isdigit()
    elif field.kind == "ID":
        good = text.isascii() and text.replace("+", "").isalnum()
    elif not text.isprintable() or text != text.strip():
        raise ValueError(
            f"{where} ({field.name}) {text[:80]!r} has spaces around it or characters that no one sees: take them out"
        )
    if not good:
        raise ValueError(f"{where} ({field.name}) {text[:80]!r} is none in {_shown(segment)}: {_remedy(field)}")
    return text


def _day(text: str, field: Field, where: str, segment: Values) -> str:
    try:
        return date.fromisoformat(text).strftime("%Y%m%d") if len(text) == 10 else _no_day(text)
    except ValueError:
        remedy = REMEDIES["day"]
        raise ValueError(f"{where} ({field.name}) {text[:40]!r} is no day in {_shown(segment)}: {remedy}") from None


def _no_day(text: str) -> str:
    raise ValueError(text)


def digits_of(value: float, where: str) -> str:
    """A number without an exponent and without zeros that say nothing: 12.5, 850, -3. Raises `ValueError` for NaN."""
    if not isfinite(value):
        raise ValueError(f"{where} {value!r} is no number: say how many")
    text = format(Decimal(repr(value)), "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def _remedy(field: Field) -> str:
    known = next((remedy for words, remedy in REMEDIES.items() if field.name.endswith(words)), "")
    kind = {"N": "give digits", "R": "give a decimal number, 12.5", "ID": "give a code of letters and digits"}
    return known or kind.get(field.kind, "give one that fits")


def _shown(segment: Values) -> str:
    """The segment as far as it is told, to find the line by."""
    told = (":".join(str(one if one is not None else "") for one in _parts(element)) for element in segment)
    return repr(" ".join(told)[:80])
