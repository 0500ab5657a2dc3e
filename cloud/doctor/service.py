"""What may be wrong with the service itself: its databases, its accounts, where it listens."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from urllib.parse import urlsplit

from cloud.backup import SPOOL
from cloud.doctor.case import Case, Finding

SPOOL_SHARE_MAX = 0.1


def _stores_away(case: Case) -> Iterator[Finding]:
    for where, what in case.troubles:
        why = "what can not be read can not be written either: gateways hold their reports until their disks are full"
        yield Finding("store_away", where, what, why, "bring it back; gateways send what they hold by themselves")


def _durable(case: Case) -> Iterator[Finding]:
    for setting in case.ledger.unsafe if case.ledger else ():
        why = "a power cut loses commits that gateways have a receipt for"
        remedy = f"set it back: ALTER SYSTEM RESET {setting.partition('=')[0]}; SELECT pg_reload_conf()"
        yield Finding("not_durable", "ledger", f"PostgreSQL runs with {setting}", why, remedy)


def _spool(case: Case) -> Iterator[Finding]:
    if case.spooled is None:
        return
    path = str(case.where.of(SPOOL))
    if case.spooled.waiting > SPOOL_SHARE_MAX * case.spooled.waiting_max:
        what = f"{case.spooled.waiting} samples wait, {case.spooled.waiting_max} may"
        why = "when it is full nothing more is signed for, stock movements neither"
        yield Finding("spool_backlog", path, what, why, "bring the history's database back, or make it faster")
    if case.spooled.refused:
        what = f"the history's database refused {case.spooled.refused} runs of samples"
        why = "the newest 1,000 of them are kept here, and seen nowhere"
        yield Finding("spool_refused", path, what, why, "mend the bucket (its fields' types, its retention)")


def _people(case: Case) -> Iterator[Finding]:
    if case.ledger is not None and "admin" not in case.ledger.roles:
        why = "nobody can decide what only an admin may"
        remedy = "python -m cloud account NAME --role admin"
        yield Finding("no_admin", "accounts", "no account is an admin's", why, remedy)


def _listening(case: Case) -> Iterator[Finding]:
    if case.said is None or not case.runs:
        return
    parts = urlsplit(case.said.url)
    if parts.scheme != "https" and not _loopback(parts.hostname or ""):
        why = "passwords and sessions cross the network in clear: whoever listens can sign in and change the book"
        remedy = "--host 127.0.0.1 behind a proxy that speaks TLS (nginx, Caddy)"
        yield Finding("no_tls", case.said.url, "the dashboard listens beyond this machine without TLS", why, remedy)
    for trouble in case.said.troubles:
        why = "gateways hold their reports until this is over"
        yield Finding("service_troubled", case.said.url, trouble, why, "see the service's log for what failed")


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


CHECKS = (_stores_away, _durable, _spool, _people, _listening)
