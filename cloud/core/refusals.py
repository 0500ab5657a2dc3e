"""How a request of a person or a program is refused: as a value, with what to do about it."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct


class Refusal(Struct, frozen=True):
    """Why something was not done: `reason` a code, `detail` what was found, `hint` what to do; a sentence each. `told`:
    the figures and names in them, so that a page can say the same in another language. `by`: whose
    change is in the way, and when it was ("" and 0: that is not said)."""

    reason: str
    detail: str
    hint: str
    told: Mapping[str, str | float] = {}
    by: str = ""
    changed_ms: int = 0
