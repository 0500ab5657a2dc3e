"""What a person, or a system that keeps the book, may tell the gateway about a slot: JSON objects, tagged `do`."""

from __future__ import annotations

import re
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from edge.core.cannot import CannotError

Units = Annotated[int, Meta(ge=-100_000, le=100_000)]
Words = Annotated[str, Meta(max_length=100)]


class Teach(Struct, frozen=True, tag_field="do", tag="teach", forbid_unknown_fields=True):
    """`pieces` units of the slot's SKU, and nothing else, lie on the shelf: learn what one weighs. `anyway`: also if it
    is less than half, or more than twice, what was known."""

    pieces: Annotated[int, Meta(ge=1, le=100_000)]
    anyway: bool = False


class Tare(Struct, frozen=True, tag_field="do", tag="tare", forbid_unknown_fields=True):
    """The shelf is empty now. `anyway`: also if all evidence says that something lies there."""

    anyway: bool = False


class Forget(Struct, frozen=True, tag_field="do", tag="forget", forbid_unknown_fields=True):
    """What was taught of this slot and its SKU is forgotten: the site file holds again."""


class Calibrate(Struct, frozen=True, tag_field="do", tag="calibrate", forbid_unknown_fields=True):
    """A weight of `mass_g` lies alone on the tared shelf."""

    mass_g: Annotated[float, Meta(gt=0, le=1e7)]


class Book(Struct, frozen=True, tag_field="do", tag="book", forbid_unknown_fields=True):
    """The book says that `by` units came (or, below zero, went) at `at_ms` (0: now). `id` makes it safe to repeat."""

    by: Units
    at_ms: int = 0
    id: Words = ""


class Count(Struct, frozen=True, tag_field="do", tag="count", forbid_unknown_fields=True):
    """Somebody (`who`) counted `units` in the slot just now."""

    units: Annotated[int, Meta(ge=0, le=100_000)]
    who: Words = ""


Action = Teach | Tare | Calibrate | Forget | Book | Count
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_decoder: msgspec.json.Decoder[Action] = msgspec.json.Decoder(Action)


class ActionError(CannotError):
    """A slot is not changed so."""


class NoSuchSlotError(ActionError):
    """The site file has no such slot."""


def parse(payload: bytes) -> Action:
    """The action in a JSON body; raises `ActionError` with what is wrong."""
    try:
        action = _decoder.decode(payload)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at `$.")
        if where:
            raise ActionError(f"{where.rstrip('`')}: {what[:1].lower()}{what[1:]}") from None
        raise ActionError(f"{what}; {_hint()}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ActionError(f"{error}; {_hint()}") from None
    for field in ("id", "who"):
        control = _CONTROL.search(getattr(action, field, ""))
        if control:
            raise ActionError(f"{field}: the control character {control[0]!r} can not stand there; write plain text")
    return action


def _hint() -> str:
    kinds = ", ".join(str(kind.__struct_config__.tag) for kind in (Teach, Tare, Calibrate, Forget, Book, Count))
    return f'send {{"do": ...}} with one of {kinds}'


def spell(action: Action) -> dict[str, Any]:
    """The action as plain values, as it is sent and as the journal keeps it."""
    fields: dict[str, Any] = msgspec.to_builtins(action)
    return fields
