"""What the doctor looks at, and what it finds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from msgspec import Struct

from cloud import running
from cloud.backup import Places
from cloud.stores.checkup import LedgerSeen

DAY_MS = 86_400_000
RECENT_MS = 7 * DAY_MS
"""What was refused or given up longer ago is not told again."""


class Finding(Struct, frozen=True):
    """One thing that is wrong. `code` is for machines; the others are sentences for people."""

    code: str
    where: str
    what: str
    why: str
    remedy: str


class Spooled(NamedTuple):
    """The spool before a history on the network: samples that wait, the most that may, and runs of samples set aside
    because that history refused them."""

    waiting: int
    waiting_max: int
    refused: int


class Case(NamedTuple):
    """What the checks look at. `ledger` is None when it could not be read or is not there; `troubles`: what could not
    be looked at, (where, why). `schemas`: the versions of each database known here, the newest last. `allowed`: the
    gateways that may connect."""

    where: Places
    now_ms: int
    runs: bool
    said: running.Said | None
    ledger: LedgerSeen | None
    spooled: Spooled | None
    allowed: frozenset[str]
    schemas: Mapping[str, tuple[str, ...]]
    troubles: tuple[tuple[str, str], ...] = ()
