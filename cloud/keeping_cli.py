"""`python -m cloud backup | restore | history | doctor`, and what `serve` is told about keeping."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import msgspec

from cloud import backup, history_cli, keeping, restore, running
from cloud.backup import LEDGER, Places
from cloud.doctor import examining
from cloud.doctor.examining import Urls
from cloud.stores.copies import Unreadable
from cloud.stores.history import History
from cloud.stores.retention import Retention
from cloud.uplink import Uplink

Verb = Callable[[str, Any, str], argparse.ArgumentParser]
Sited = Callable[[argparse.ArgumentParser], argparse.ArgumentParser]


def add(verb: Verb, with_site: Sited) -> None:
    """The verbs. `verb` makes one, `with_site` gives it the options of the site and the history."""
    made = with_site(verb("backup", _backup, "Copy what the service keeps, while it runs or not."))
    made.add_argument("target", type=Path, metavar="FOLDER|FILE.tar.gz", help="a folder that is there gets a new one")
    put = with_site(verb("restore", _restore, "Put a backup in place, of a service that does not run."))
    put.add_argument("source", type=Path, metavar="FOLDER|FILE.tar.gz")
    put.add_argument("--force", action="store_true", help="set aside what the state folder holds now")
    told = with_site(verb("history", history_cli.show, "Print a series day by day: samples, least, mean, greatest."))
    told.add_argument("series", metavar="DEVICE/CHANNEL/QUANTITY")
    told.add_argument("--days", type=int, default=30, help="so many days up to today, UTC (default: %(default)s)")
    with_site(verb("doctor", _doctor, "Find what would lose data without a word; 1 when there is something."))


def add_retention(serve: argparse.ArgumentParser) -> None:
    """How long `serve` keeps what of the embedded history."""
    usual = Retention()
    text = "keep every sample so long (31 at least, and up to a week more), then least, greatest and mean of 15 minutes"
    text += "; 0: for ever (default: %(default)s)"
    serve.add_argument("--history-raw-days", type=int, default=usual.raw_days, metavar="DAYS", help=text)
    text = "drop what is older; 0: never (default: %(default)s). InfluxDB keeps by its bucket's own retention"
    serve.add_argument("--history-years", type=int, default=usual.years, metavar="YEARS", help=text)


def retention(arguments: argparse.Namespace) -> Retention:
    """What `serve` was told; raises `ValueError` where it makes no sense."""
    return Retention(arguments.history_raw_days, arguments.history_years)


def kept(
    arguments: argparse.Namespace, history: History, uplink: Uplink, url: str, troubles: Callable[[], list[str]]
) -> AbstractAsyncContextManager[None]:
    """The keeping of a running service."""

    def links() -> dict[str, running.LinkSaid]:
        return {
            name: running.LinkSaid(link.version, link.last_seen_ms, link.ahead_ms, link.taken_over, link.bad)
            for name, link in uplink.links.items()
        }

    listening = keeping.Listening(url, uplink.address, links, troubles)
    return keeping.kept(arguments.state, history, retention(arguments), listening)


def _backup(arguments: argparse.Namespace) -> None:
    try:
        made, manifest = backup.make(_places(arguments), arguments.target, _now_ms())
    except Unreadable as error:
        raise backup.BackupError(str(error)) from error
    size = sum(part.bytes for part in manifest.parts)
    if arguments.json:
        said = {"path": str(made), "made_ms": manifest.made_ms, "bytes": size, "tops": manifest.tops}
        _say(msgspec.json.encode(said | {"elsewhere": manifest.elsewhere}).decode())
        return
    _say(f"{made}: {len(manifest.parts)} files, {size / 1e6:.1f} MB")
    for line in manifest.elsewhere:
        _say(f"not in it: {line}")


def _restore(arguments: argparse.Namespace) -> None:
    places = _places(arguments)
    try:
        done = restore.restore(places, arguments.source, examining.SCHEMAS, _now_ms(), arguments.force)
    except Unreadable as error:
        raise backup.BackupError(str(error)) from error
    if arguments.json:
        _say(msgspec.json.encode(done).decode())
        return
    made = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(done.made_ms / 1000))
    _say(f"{places.state} is as of {made}; what gateways sent since comes again when they connect")
    if done.aside:
        _say(f"what was there is in {done.aside}")
    for name in done.gateways_gone:
        _say(f"gateway {name} was allowed there and is not now: its key is in {done.aside}/gateways")
    if done.site:
        _say(f"the site file was put to {done.site}")
    for line in done.elsewhere:
        _say(f"not in it: {line}")


def _doctor(arguments: argparse.Namespace) -> int:
    places = _places(arguments)
    if not places.state.is_dir():
        raise ValueError(f"{places.state} is no state folder: run `python -m cloud serve` first, or give --state")
    ledger = arguments.ledger or f"sqlite:///{places.state / LEDGER}"
    case = examining.look(places, Urls(ledger, arguments.history), _now_ms())
    found = examining.judge(case)
    for one in found:
        if arguments.json:
            _say(msgspec.json.encode(one).decode())
        else:
            _say(f"{one.where}: {one.what}\n  why: {one.why}\n  do:  {one.remedy}")
    if not arguments.json:
        done, not_done = examining.scope(case)
        _say(f"looked at: {'; '.join(done)}")
        if not_done:
            _say(f"not looked at: {'; '.join(not_done)}")
        _say(f"{len(found)} found" if found else "nothing found")
    return 1 if found else 0


def _places(arguments: argparse.Namespace) -> Places:
    return backup.places(arguments.state, arguments.ledger, arguments.history, arguments.site)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
