"""How a desk asks the ledger and says no: what a core refuses, and what the ledger does, as the web knows it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from cloud.core.refusals import Refusal
from cloud.stores.database import Changed, LedgerUnavailable, LedgerUnfit, Ordered
from cloud.web.desk import NotFound, Refused, Unavailable
from protocols.layout import Site
from protocols.trade import Supplier

Value = TypeVar("Value")
OnDisk = Callable[..., Awaitable[Any]]
"""Runs a function of the stores in their worker thread."""


def granted(value: Value | Refusal) -> Value:
    """What was decided; raises `Refused` where it was refused."""
    if isinstance(value, Refusal):
        more = {"told": value.told, "by": value.by, "changed_ms": value.changed_ms}
        raise Refused(value.reason, value.detail, value.hint, {name: one for name, one in more.items() if one})
    return value


def of_site(site: Site, supplier: str) -> Supplier:
    """The supplier for whom an account acts. Raises `NotFound` where the site file does not list it (any more)."""
    known = next((one for one in site.suppliers if one.id == supplier), None)
    if known is None:
        raise NotFound("this account acts for no supplier of the site", "ask the site to make it anew")
    return known


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
