"""`python -m cloud completeness`: is everything here, and if not, what is missing, where it is and since when."""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from cloud import running
from cloud.core.completeness import Completeness, DeviceProof, Gap, LaneProof
from cloud.stores.ledger import Ledger
from protocols.layout import parse

Verb = Callable[[str, Any, str], argparse.ArgumentParser]
Sited = Callable[[argparse.ArgumentParser], argparse.ArgumentParser]
UNITS_MS = {"m": 60_000, "h": 3_600_000, "d": 86_400_000}
COMES = {
    "waiting": "still at the gateway; they come by themselves",
    "asked": "they are asked for again as soon as it is connected",
    "unknown": "its older version does not say whether they come; update it",
}
LEAP = 10**9
"""A gateway whose store was damaged or restored goes on with the time as number, far above all that it ever gave."""
WHY = {
    "outbox_full": "its outbox was full",
    "disk_full": "its disk was full",
    "damaged": "its store was damaged",
    "restored": "its store came from a backup",
    "not_kept": "it did not have them any more",
}


def add(verb: Verb, with_site: Sited) -> None:
    """The verb. `verb` makes one, `with_site` gives it the options of the site."""
    text = "Say whether everything that gateways and devices numbered is here; 1 when something is missing."
    one = with_site(verb("completeness", show, text))
    text = "only what became known since then: 2025-11-22, 2025-11-22T14:00 (UTC), or 90m, 24h, 7d ago"
    one.add_argument("--since", default="", metavar="T", help=text)


def show(arguments: argparse.Namespace) -> int:
    """Print it; 1 when something is missing. Raises `ValueError` for a time that is none, or where no ledger is."""
    since_ms = instant(arguments.since, time.time_ns() // 1_000_000) if arguments.since else 0
    path = arguments.state / "ledger.db"
    if not arguments.ledger and not path.exists():
        raise ValueError(f"{arguments.state} holds no ledger: run `python -m cloud serve` first, or give --state")
    ledger = Ledger(arguments.ledger or f"sqlite:///{path}")
    try:
        found = ledger.proof.look(since_ms)
    finally:
        ledger.close()
    if arguments.site.exists():
        found = of_site(found, arguments.site.read_text(encoding="utf-8"), str(arguments.site))
    elif arguments.site != running.beside(arguments.state):
        raise ValueError(f"there is no site file {arguments.site}: give the path of one, or leave --site out")
    if arguments.json:
        _say(msgspec.json.encode(found).decode())
    else:
        for line in lines(found):
            _say(line)
    return 0 if found.complete else 1


def of_site(found: Completeness, text: str, name: str) -> Completeness:
    """Without the devices that the site file (its text, and its name for errors) does not list any more."""
    known = parse(text, name).device_by_id
    devices = [one for one in found.devices if one.device in known]
    complete = all(one.complete for one in found.lanes) and all(one.complete for one in devices)
    complete = complete and not found.movements_gone
    return msgspec.structs.replace(found, devices=devices, complete=complete)


def lines(found: Completeness) -> Iterator[str]:
    """What a person reads: one line when all is here, else a line for each gap, with what becomes of it."""
    since = f" since {_clock(found.since_ms)}" if found.since_ms else ""
    if found.complete:
        gateways = len({one.gateway for one in found.lanes})
        reports = sum(one.reports for one in found.lanes)
        numbered = sum(one.numbered for one in found.devices)
        here = f"all {_many(reports, 'report')} of {_many(gateways, 'gateway')}"
        but = ", but for what was given up" if any(one.given_up for one in found.lanes) else ""
        yield f"complete{since}{but}: {here} are here, and nothing is missing from {_many(numbered, 'device')}"
    else:
        gaps = sum(len(one.gaps) for one in found.lanes) + sum(len(one.gaps) or 1 for one in _lacking(found))
        gone = f", {_many(sum(found.movements_gone.values()), 'movement')} gone" if found.movements_gone else ""
        yield f"not complete{since}: {_many(gaps, 'gap')}{gone}"
    for lane in found.lanes:
        yield from _lane(lane)
    for device in found.devices:
        yield from _device(device)
    blind = sum(not one.numbered for one in found.devices)
    for gateway, count in found.movements_gone.items():
        yield f"{gateway}: {_many(count, 'booked movement')} gone from this ledger: restore a backup of it"
    if blind:
        yield f"of {_many(blind, 'device')} nothing can be told: their messages bear no numbers"


def _lane(lane: LaneProof) -> Iterator[str]:
    name = f"{lane.gateway} {lane.lane}"
    for gap in lane.gaps:
        yield f"{name}: {_missing(gap)} {_numbers(gap.first, gap.last)}{_between(gap)}: {COMES[gap.state]}"
    listed = sum(gap.last - gap.first + 1 for gap in lane.gaps)
    if lane.missing > listed:
        yield f"{name}: {lane.missing - listed:,} more missing"
    if lane.forgotten:
        yield f"{name}: this ledger lost track of {lane.forgotten:,} numbers, having been sent too many gaps at once"
    for gone in lane.given_up:
        lost = f"{gone.count:,} reports" if gone.count else "numbers"
        why = WHY.get(gone.why, gone.why)
        numbers = _numbers(gone.first, gone.last)
        if gone.last - gone.first > LEAP:
            numbers = f"from {gone.first} on, and began anew at {gone.last + 1},"
        yield f"{name}: gave up {lost} {numbers} at {_clock(gone.at_ms)}: {why}"
    if lane.waiting > LEAP:
        yield f"{name}: it begins anew at a later number; what was lost before it says when it connects"
    elif lane.waiting:
        yield f"{name}: {lane.waiting:,} more are on their way"
    if lane.refused:
        yield f"{name}: {lane.refused:,} were refused and are kept aside"
    again = sum(one.count for one in lane.again)
    if again:
        newest = lane.again[-1]
        where = f"the last {_numbers(newest.first, newest.last)} at {_clock(newest.at_ms)}"
        yield f"{name}: {again:,} came again and were counted once, {where}"


def _device(device: DeviceProof) -> Iterator[str]:
    for gap in device.gaps:
        count = gap.last - gap.first + 1
        where = f"{_numbers(gap.first, gap.last)} of boot {gap.boot}"
        since = f", known since {_clock(gap.at_ms)}" if gap.at_ms else ""
        yield f"{device.device}: {count:,} missing, {where}{since}: never reached the gateway"
    listed = sum(gap.last - gap.first + 1 for gap in device.gaps)
    if device.missing > listed:
        more = "more missing" if listed else "missing"
        yield f"{device.device}: {device.missing - listed:,} {more}: never reached the gateway"
    if device.duplicates:
        yield f"{device.device}: {device.duplicates:,} came again and were counted once"


def _lacking(found: Completeness) -> list[DeviceProof]:
    return [one for one in found.devices if not one.complete]


def _missing(gap: Gap) -> str:
    return f"{gap.last - gap.first + 1:,} {'not here yet' if gap.state == 'waiting' else 'missing'},"


def _between(gap: Gap) -> str:
    if gap.from_ms and gap.to_ms:
        return f", between {_clock(gap.from_ms)} and {_clock(gap.to_ms)}"
    return f", after {_clock(gap.from_ms)}" if gap.from_ms else ""


def _numbers(first: int, last: int) -> str:
    return f"{first}" if first == last else f"{first}-{last}"


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def _clock(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms // 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def instant(text: str, now_ms: int) -> int:
    """A moment as people write it, in ms: a date, a time in UTC, or so long ago. Raises `ValueError`."""
    ago = re.fullmatch(r"(\d{1,6})([mhd])", text)
    if ago:
        return max(0, now_ms - int(ago[1]) * UNITS_MS[ago[2]])
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no time: give 2025-11-22, 2025-11-22T14:00, or 24h") from None
    return max(0, int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000))


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
