"""What may be wrong with those who send: gateways, their clocks, and what of theirs is not in the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from cloud.core import lanes
from cloud.doctor.case import DAY_MS, RECENT_MS, Case, Finding
from protocols import ranges
from protocols.uplink import VERSION

SILENT_MS = DAY_MS
CLOCK_MS = 60_000
CLOCKS_MIN = 3
TAKEN_OVER_MIN = 5
BAD_MIN = 5
NAMED = "`python -m cloud completeness` names them"


def _lost(case: Case) -> Iterator[Finding]:
    if case.ledger is None:
        return
    since_ms = case.now_ms - RECENT_MS
    for one in case.ledger.given_up:
        what = f"it gave up {one.count} reports in the last 7 days ({one.why})"
        why = "they will not come"
        remedy = "mend the link; a bigger disk where its disk was full; `python -m edge outbox` says how long it lasts"
        yield Finding("given_up", f"gateway {one.gateway}", what, why, remedy)
    for one in case.ledger.refused:
        if one.at_ms >= since_ms:
            what = f"{one.count} of its reports were refused in the last 7 days: {one.why}"
            why = "they are kept in the ledger's table `refused`, and count nowhere"
            yield Finding("refused", f"gateway {one.gateway}", what, why, "update the older of gateway and service")
    for lane in case.ledger.lanes:
        signed = lane.state.told.unsigned_from if lane.state.told is not None else None
        lacking = lanes.gaps(lane.state)
        missing = ranges.size(lacking if signed is None else ranges.below(lacking, signed))
        if missing:
            what = f"{missing} reports of its lane {lane.lane} are not here" + (", though signed for" if signed else "")
            why = "the ledger comes from a backup, or was damaged: stock and history lack them"
            remedy = "they are asked for at its next greeting; by hand: `python -m edge resync`"
            yield Finding("incomplete", f"gateway {lane.gateway}", what, why, f"{remedy}; {NAMED}")


def _gateways(case: Case) -> Iterator[Finding]:
    seen: dict[str, int] = {}
    for lane in case.ledger.lanes if case.ledger else ():
        seen[lane.gateway] = max(seen.get(lane.gateway, 0), lane.state.last_ms)
    links = case.said.links if case.said else {}
    for name, link in links.items():
        seen[name] = max(seen.get(name, 0), link.last_seen_ms)
    folder = case.where.state / "gateways"
    for name in sorted(case.allowed - seen.keys()):
        why = "it counts and keeps its reports; when its disk is full it gives up the oldest"
        remedy = "check that `python -m edge run` has this --name, the service's address (--cloud) and its --cloud-key"
        yield Finding("never_seen", f"gateway {name}", "it may connect and never did", why, remedy)
    for name in sorted(seen.keys() - case.allowed):
        why = "it keeps its reports; when its disk is full it gives up the oldest"
        remedy = f"`python -m cloud allow {name} KEY`, or stop it if it is not wanted"
        yield Finding("not_allowed", str(folder), f"gateway {name} was here and may not connect any more", why, remedy)
    for name in sorted(case.allowed & seen.keys()):
        hours = (case.now_ms - seen[name]) / 3_600_000
        if case.now_ms - seen[name] > SILENT_MS:
            why = "it keeps its reports if it runs; when its disk is full it gives up the oldest"
            what = f"nothing heard for {hours:.0f} hours"
            yield Finding("silent", f"gateway {name}", what, why, "look at its own page, and at the link")
    for name, link in sorted(links.items()):
        if link.version and link.version != VERSION:
            what = f"it speaks version {link.version} of the uplink, this is version {VERSION}"
            why = "what the older version does not know is not asked for: lost reports can not be sent again"
            yield Finding("version_skew", f"gateway {name}", what, why, "update the older side")


def _links(case: Case) -> Iterator[Finding]:
    for name, link in sorted((case.said.links if case.said else {}).items()):
        if link.taken_over >= TAKEN_OVER_MIN:
            what = f"{link.taken_over} times another connection with its key took its place"
            why = "of two gateways that number their reports alike, one's are taken for repeats of the other's"
            remedy = (
                "find the second machine with this key (a copied disk); `python -m edge key --name OTHER` makes another"
            )
            yield Finding("two_with_one_key", f"gateway {name}", what, why, remedy)
        if link.bad >= BAD_MIN:
            what = f"{link.bad} of its greetings or batches were refused as a whole since the service started"
            why = "what is in them waits there; when its disk is full it gives up the oldest"
            yield Finding("turned_away", f"gateway {name}", what, why, "its own page says why: it was told the reason")


def _clocks(case: Case) -> Iterator[Finding]:
    why = "movements get the wrong time: demand, cold chain and the order of events go wrong"
    remedy = "let the gateway keep time by NTP (timedatectl), or a clock module where there is no network"
    for name, link in sorted((case.said.links if case.said else {}).items()):
        if link.ahead_ms is not None and abs(link.ahead_ms) > CLOCK_MS:
            way = "ahead of" if link.ahead_ms > 0 else "behind"
            what = f"its clock is {abs(link.ahead_ms) / 1000:.0f} s {way} the service's"
            yield Finding("gateway_clock", f"gateway {name}", what, why, remedy)
    offsets = sorted(ms for ms in (case.ledger.offsets_ms.values() if case.ledger else ()) if ms)
    if len(offsets) < CLOCKS_MIN:
        return
    middle = median(offsets)
    agreeing = sum(abs(ms - middle) < CLOCK_MS / 2 for ms in offsets)
    if abs(middle) > CLOCK_MS and 3 * agreeing >= 2 * len(offsets):
        what = f"{agreeing} of {len(offsets)} clocks of devices are off by about {middle / 1000:.0f} s"
        yield Finding("shared_clock", "devices", f"{what}: more likely the gateway's is wrong", why, remedy)


CHECKS = (_lost, _gateways, _links, _clocks)
