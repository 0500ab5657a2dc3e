"""How a request of a person or a program is refused: as a value, with what to do about it."""

from __future__ import annotations

from msgspec import Struct


class Refusal(Struct, frozen=True):
    """Why something was not done: `reason` a code, `detail` what was found, `hint` what to do; a sentence each."""

    reason: str
    detail: str
    hint: str
