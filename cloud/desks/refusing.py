"""How a desk asks the ledger and says no: what a core refuses, and what the ledger does, as the web knows it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from cloud.core.refusals import Refusal
from cloud.stores.database import Changed, LedgerUnavailable, LedgerUnfit, Ordered
from cloud.web.desk import Refused, Unavailable

Value = TypeVar("Value")
OnDisk = Callable[..., Awaitable[Any]]
"""Runs a function of the stores in their worker thread."""


def granted(value: Value | Refusal) -> Value:
    """What was decided; raises `Refused` where it was refused."""
    if isinstance(value, Refusal):
        raise Refused(value.reason, value.detail, value.hint)
    return value


@contextmanager
def storing() -> Iterator[None]:
    """What the ledger does not take is told to whoever asked."""
    try:
        yield
    except Ordered as error:
        raise Refused("ordered", str(error), "look at the order that is there") from error
    except Changed as error:
        raise Refused("changed", str(error), "look at it again, then decide") from error
    except LedgerUnfit as error:
        raise Refused("unfit", str(error), "leave out what is no plain text or too large a figure") from error
    except LedgerUnavailable as error:
        raise Unavailable(str(error), "try again in a moment") from error
