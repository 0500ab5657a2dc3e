"""The verbs about keeping data: `backup`, `restore`, `outbox`, `resync`; and `doctor`, which finds what loses it."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from edge import backup, restore, resync, running
from edge.asking import ask, url_of
from edge.doctor import examining
from edge.doctor.leaks import Look
from edge.doctor.probe import MESSAGES
from edge.saying import UsageError, existing, json_line, say, store_of
from edge.store import Store
from edge.storing import copies
from protocols.reports import LANES

UNITS_S = {"m": 60, "h": 3600, "d": 86_400}
POLICY = (
    "at the limit reports that the service has signed for go first, then the oldest telemetry, each time told in an"
    " event; stock movements never"
)
GRADES = {"loses": "LOSES DATA", "may_lose": "MAY LOSE DATA", "blind": "LOSS CAN NOT BE SEEN"}


def add(verb: Any, state: Path) -> None:
    """Add the verbs to the command line; `state` is where a gateway keeps its state by default."""

    def of_state(name: str, run: Any, text: str) -> argparse.ArgumentParser:
        one: argparse.ArgumentParser = verb(name, run, text)
        one.add_argument("--state", type=Path, default=state, help="its state folder (default: %(default)s)")
        return one

    of_state(
        "outbox", _outbox, "Print each lane's book (accepted = delivered + pending + refused + thinned), and room."
    )

    again = of_state("resync", _resync, "Send the reports of a time to the service again, though it signed for them.")
    again.add_argument("--from", dest="since", required=True, metavar="TIME", help="2026-11-20T08:00, or 12h, 3d (ago)")
    again.add_argument("--to", dest="until", default="0m", metavar="TIME", help="likewise (default: now)")
    again.add_argument("--lane", choices=LANES, help="this lane only")
    again.add_argument("--url", default="", help="the running gateway (default: the one that runs on this state)")

    save = of_state("backup", _backup, "Back up the store and the keys into one file, also while the gateway runs.")
    save.add_argument("file", type=Path, metavar="FILE.tar")

    load = of_state("restore", _restore, "Restore a backup, with the gateway off.")
    load.add_argument("file", type=Path, metavar="FILE.tar")
    load.add_argument("--force", action="store_true", help="set a state that is there aside")

    doctor = of_state(
        "doctor", _doctor, "Look for what loses data in silence; the exit status is 1 if there is anything."
    )
    doctor.add_argument("--broker", default="", help="mqtt[s]://host[:port] (default: the url in --credentials)")
    doctor.add_argument("--credentials", type=Path, help="TOML with [users] gateway = password, as `run` has it")
    doctor.add_argument("--channels", type=Path, metavar="channels.toml", help="how people are told, as `run` has it")
    doctor.add_argument("--site", type=Path, metavar="SITE.toml", help="the site file")
    doctor.add_argument("--name", default="gateway", help="the gateway's name (default: %(default)s)")
    doctor.add_argument("--broker-config", type=Path, metavar="mosquitto.conf", help="a Mosquitto's configuration")
    doctor.add_argument("--messages", type=int, default=MESSAGES, help="messages for the test of the broker's queue")
    doctor.add_argument("--accept", action="append", default=[], metavar="CODE", help="a finding that one lives with")


def _outbox(arguments: argparse.Namespace) -> None:
    store = store_of(arguments.state)
    now_ms = _now_ms()
    books, outlook = store.book(), store.outlook(now_ms)
    store.close()
    room_of_both = {"room": outlook._asdict()} if arguments.json else {}
    for lane, book in books.items():
        say(arguments.json, {"lane": lane, **book._asdict(), "balanced": book.balanced, **room_of_both})
    if arguments.json:
        return
    room = (
        f"room for {_span(outlook.hours)} at the present rate"
        if outlook.hours is not None
        else "no rate known in the first hour"
    )
    used = f"{outlook.used_bytes / 1e6:.1f} of {outlook.max_bytes / 1e6:.0f} MB used"
    print(f"{room}: {used}, {outlook.disk_free_bytes / 1e9:.1f} GB of the disk free")
    if outlook.oldest_pending_ms is not None:
        print(f"oldest that waits: {_clock(outlook.oldest_pending_ms)}")
    if outlook.full:
        print(f"full: {outlook.full}")
    print(f"policy: {POLICY}")


def _resync(arguments: argparse.Namespace) -> None:
    now_ms = _now_ms()
    lanes = [arguments.lane] if arguments.lane else [*LANES]
    wish = {"from_ms": _when(arguments.since, now_ms), "to_ms": _when(arguments.until, now_ms), "lanes": lanes}
    checked = resync.parse(msgspec.json.encode(wish))
    if arguments.url or running.runs(arguments.state):
        said = ask(arguments.url or url_of(arguments.state), arguments.state, "/api/v1/resync", wish)
        done = msgspec.convert(said, list[resync.Again])
    else:
        existing(arguments.state / backup.STORE)
        with running.alone(arguments.state):
            store = Store(arguments.state / backup.STORE)
            done = resync.run(store, checked, now_ms)
            store.close()
    for one in done:
        if arguments.json:
            print(json_line(msgspec.structs.asdict(one)))
        elif one.first > one.last:
            print(f"{one.lane}: nothing was numbered in that time")
        else:
            gone = sum(last - first + 1 for first, last in one.not_kept)
            rest = f"; {gone} numbers are not kept any more: {_ranges(one.not_kept)}" if gone else ""
            print(f"{one.lane}: {one.reports} reports go again, of the numbers {one.first}..{one.last}{rest}")


def _backup(arguments: argparse.Namespace) -> None:
    try:
        made = backup.make(arguments.state, arguments.file, _now_ms())
    except copies.Unreadable as error:
        raise UsageError(str(error)) from None
    size = sum(part.bytes for part in made.parts)
    if arguments.json:
        print(json_line({"file": str(arguments.file), "bytes": size, **msgspec.structs.asdict(made)}))
    else:
        print(f"{arguments.file}: {len(made.parts)} files, {size / 1e6:.1f} MB; it holds the gateway's secret key")


def _restore(arguments: argparse.Namespace) -> None:
    done = restore.restore(existing(arguments.file), arguments.state, _now_ms(), arguments.force)
    if arguments.json:
        print(json_line(msgspec.structs.asdict(done)))
        return
    print(f"{arguments.state} is as of {_clock(done.made_ms)}; start the gateway")
    for lane, (first, last) in done.given_up.items():
        print(f"{lane}: numbers go on at {last + 1}; the service is told that no more come from {first} on up to there")
    print("what the gateway took in since the backup, and had not handed to the service yet, is lost")
    if done.aside:
        print(f"what was there before: {done.aside}")


def _doctor(arguments: argparse.Namespace) -> None:
    asked = examining.Asked(
        arguments.state,
        arguments.broker,
        arguments.credentials,
        arguments.channels,
        arguments.site,
        arguments.name,
        arguments.broker_config,
        max(1, arguments.messages),
    )
    look = examining.examine(asked, _now_ms())
    if arguments.json:
        _tell_json(look, arguments.accept)
    else:
        _tell(look, arguments.accept)
    if any(leak.code not in arguments.accept for leak in look.leaks):
        raise SystemExit(1)


def _tell_json(look: Look, accepted: list[str]) -> None:
    for leak in look.leaks:
        print(json_line({"type": "leak", **msgspec.structs.asdict(leak), "accepted": leak.code in accepted}))
    for one in look.unchecked:
        print(json_line({"type": "unchecked", **msgspec.structs.asdict(one)}))
    found = sum(leak.code not in accepted for leak in look.leaks)
    print(json_line({"type": "summary", "leaks": found, "accepted": len(look.leaks) - found, "checked": look.checked}))


def _tell(look: Look, accepted: list[str]) -> None:
    for leak in look.leaks:
        known = " (accepted)" if leak.code in accepted else ""
        print(f"{GRADES[leak.grade]}  {leak.where}: {leak.what}  [{leak.code}]{known}")
        print(f"    why: {leak.why}\n    do:  {leak.remedy}")
    for what in look.checked:
        print(f"looked at: {what}")
    for one in look.unchecked:
        print(f"not looked at: {one.what}: {one.why}")
    found = sum(leak.code not in accepted for leak in look.leaks)
    print(f"{found} found" if found else "nothing found that loses data")


def _when(text: str, now_ms: int) -> int:
    """A time in ms: ISO 8601 (without a zone: this machine's), or how long ago, as in 12h."""
    unit = UNITS_S.get(text[-1:])
    if unit is not None and text[:-1].isdigit():
        return max(0, now_ms - int(text[:-1]) * unit * 1000)
    try:
        return round(datetime.fromisoformat(text).timestamp() * 1000)
    except (ValueError, OverflowError, OSError):
        raise UsageError(f"{text!r} is no time: use 2026-11-20T08:00, or 12h, 3d for so long ago") from None


def _span(hours: float) -> str:
    rest = timedelta(hours=min(hours, 24.0 * 9999))
    return f"{rest.days} d {rest.seconds // 3600} h" if rest.days else f"{rest.total_seconds() / 3600:.1f} h"


def _clock(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000).astimezone().isoformat(" ", "minutes")


def _ranges(ranges: Iterable[tuple[int, int]]) -> str:
    return ", ".join(f"{first}..{last}" if first != last else str(first) for first, last in ranges)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
