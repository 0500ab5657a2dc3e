"""The whole examination: looks at what can be looked at from here, and asks every check."""

from __future__ import annotations

from msgspec import Struct

from cloud import keys, running
from cloud.backup import HISTORY, LEDGER, SPOOL, Places
from cloud.doctor import folder, senders, service
from cloud.doctor.case import RECENT_MS, Case, Finding, Spooled
from cloud.stores import checkup, copies, history_spool, history_sqlite, ledger, tables
from cloud.stores.copies import Unreadable
from cloud.stores.history import HistoryUnavailable, open_history
from cloud.stores.sqlite_file import names

CHECKS = (*service.CHECKS, *folder.CHECKS, *senders.CHECKS)
SCHEMAS = {
    LEDGER: (*tables.UPGRADES, ledger.SCHEMA_VERSION),
    HISTORY: names(history_sqlite.migrations),
    SPOOL: names(history_spool.migrations),
}
"""The schema versions of each database that are understood here, the newest last."""


class Urls(Struct, frozen=True):
    """Where ledger and history are, as the service is told."""

    ledger: str
    history: str


def examine(where: Places, urls: Urls, now_ms: int) -> list[Finding]:
    """All findings about the service that keeps its state there."""
    return judge(look(where, urls, now_ms))


def judge(case: Case) -> list[Finding]:
    """All findings of a case."""
    return [finding for check in CHECKS for finding in check(case)]


def look(where: Places, urls: Urls, now_ms: int) -> Case:
    """All there is to look at. What can not be read becomes a trouble of the case."""
    troubles: list[tuple[str, str]] = []
    seen = None
    if where.ledger is None or where.ledger.exists():
        try:
            seen = checkup.look(urls.ledger, now_ms - RECENT_MS)
        except Unreadable as error:
            troubles.append(("ledger", str(error)))
    if where.history is None:
        try:
            history = open_history(urls.history)
            history.read("doctor/1/look", 0, 1)
            history.close()
        except HistoryUnavailable as error:
            troubles.append(("history", str(error)))
    spooled = None
    try:
        spooled = _spooled(where)
    except Unreadable as error:
        troubles.append(("spool", str(error)))
    allowed = frozenset(keys.allowed(where.state).values())
    runs, said = running.runs(where.state), running.last_said(where.state)
    return Case(where, now_ms, runs, said, seen, spooled, allowed, SCHEMAS, tuple(troubles))


def _spooled(where: Places) -> Spooled | None:
    path = where.of(SPOOL)
    if where.history is not None or not path.exists():
        return None
    waiting, refused = copies.spooled(path)
    return Spooled(waiting, history_spool.SAMPLES_MAX, refused)
