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


def judge(case: Case) -> list[Finding]:
    """All findings of a case."""
    return [finding for check in CHECKS for finding in check(case)]


def scope(case: Case) -> tuple[list[str], list[str]]:
    """In words: what of a case was looked at, and what could not be, with the reason."""
    where, away = case.where, dict(case.troubles)
    done, not_done = [f"the files and disks of {where.state}"], []
    for name, what, seen in (
        (LEDGER, "ledger", case.ledger is not None),
        (HISTORY, "history", where.history is None or where.history.exists()),
    ):
        if what in away:
            not_done.append(f"the {what} (it can not be read)")
        elif not seen:
            not_done.append(f"the {what} (there is none at {where.of(name)})")
        elif where.away(name):
            done.append(f"the {what}")
            not_done.append(f"whether the {what}'s disk is full, or holds damage (a database on the network keeps it)")
        else:
            done.append(f"the {what}")
    links, listening = "what the service said last of its links to gateways", "where it listens and what troubles it"
    silent = "it does not run" if not case.runs else "it has said nothing yet"
    (not_done if case.said is None else done).append(links if case.said is not None else f"{links} (it never did)")
    if case.runs and case.said is not None:
        done.append(listening)
    else:
        not_done.append(f"{listening} ({silent})")
    return done, not_done


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
