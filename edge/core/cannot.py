"""Why something that a person asked for can not be done."""

from __future__ import annotations


class CannotError(ValueError):
    """It can not be done, and nothing has changed. The message says why and what to do; `told` says the same to a page:
    under `why` a code, beside it the figures and names."""

    def __init__(self, said: str, why: str = "", **figures: str | float) -> None:
        super().__init__(said)
        self.told: dict[str, str | float] = {"why": why, **figures} if why else {}
