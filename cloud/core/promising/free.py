"""What a customer of a tier may still have: first come inside a tier, and what is protected for tiers served before
it stays there until it is released.

Protection is nested, as in revenue management (Littlewood 1972; Belobaba, Operations Research 1989; Talluri & van
Ryzin, The Theory and Practice of Revenue Management, 2.1): tiers 1, 2, .. are listed from the first served to the last,
and what is kept for tier j may be had by tiers 1..j, never by those behind. With p the units protected, h the units
had, Y_j = p_1 + .. + p_j and H_j = h_1 + .. + h_j, tier k may have

    available - max over j < k of (Y_j - H_j)+

so that the first tier sees all that is available, nobody sees more than those before it, and a protection shrinks by
what those it is for have had of it.

Stock comes again and again, and each time protects what it brings, and no more, for `release_hours`. So what is left of
Y_j - (what of H_j was picked) is followed from arrival to arrival, K_j:

    goods come, u units     K_j = min(Y_j, K_j + u)
    one of tiers 1..j picks K_j = max(0, K_j - units)
    they are released       K_j = min(K_j, the units that came since)

and tier k may have available - max over j < k of (K_j - units held by tiers 1..j)+. With one arrival that brings
Y_j or more this is the formula above.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate

from msgspec import Struct

from cloud.core.book.positions import Position
from cloud.core.promising.reservations import Reservation
from cloud.core.refusals import Refusal
from protocols.layout import Sku
from protocols.trade import Tier

HOUR_MS = 3_600_000
UNITS_MAX = 2**53
Came = Sequence[tuple[int, int]]
"""When stock came, and how many units more were on hand then, the oldest first: however it came."""


class Wanted(Struct, frozen=True):
    """What a customer asks for: units of an SKU until a time (0: without end); the rest as of a `Reservation`."""

    sku: str
    units: int
    tier: str = ""
    customer: str = ""
    until_ms: int = 0
    ref: str = ""
    note: str = ""
    by: str = ""
    key: str = ""


def rank(tiers: Sequence[Tier], tier: str) -> int:
    """The place of a tier, 0 the first served; whoever is of no listed tier comes behind them all."""
    return next((i for i, one in enumerate(tiers) if one.id == tier), len(tiers))


def free(
    position: Position,
    sku: Sku,
    tiers: Sequence[Tier],
    reservations: Iterable[Reservation],
    tier: str,
    came: Came,
    now_ms: int,
) -> int:
    """Units of the SKU that a customer of `tier` may still have; never more than are available, never below 0.

    `position` counts the held reservations as reserved. `reservations`: those held, and those picked, for what was
    picked of a delivery's protection has been had; others in it change nothing. Behind `members_only` there is nothing,
    released or not.
    """
    place = rank(tiers, tier)
    if sku.members_only and place > rank(tiers, sku.members_only):
        return 0
    there = max(0, position.available)
    if not sku.protected or not place:
        return there
    theirs = [one for one in reservations if one.sku == sku.id]
    held = [0] * (len(tiers) + 1)
    for one in theirs:
        if one.state == "held":
            held[rank(tiers, one.tier)] += one.units
    kept = _kept(sku, tiers, [one for one in theirs if one.state == "picked"], came, now_ms)
    least = most = 0
    for j in range(place):
        least += held[j]
        most = max(most, kept[j] - least)
    return max(0, there - most)


def releases_ms(sku: Sku, came: Came) -> list[int]:
    """When what is protected of each arrival is for everybody; never without `release_hours`."""
    return [at_ms + round(sku.release_hours * HOUR_MS) for at_ms, _ in came] if sku.release_hours else []


def _kept(sku: Sku, tiers: Sequence[Tier], picked: Sequence[Reservation], came: Came, now_ms: int) -> list[int]:
    """K_j of the tiers, as of now."""
    most = [*accumulate(sku.protected.get(one.id, 0) for one in tiers)]
    kept, fresh = [0] * len(tiers), 0
    steps = [(at_ms, 1, units, 0) for at_ms, units in came]
    steps += [
        (at_ms, 0, units, 0) for at_ms, (_, units) in zip(releases_ms(sku, came), came, strict=False) if at_ms <= now_ms
    ]
    steps += [(one.changed_ms, 2, one.units, rank(tiers, one.tier)) for one in picked]
    for _, what, units, place in sorted(steps):
        if what == 2:
            kept[place:] = [max(0, one - units) for one in kept[place:]]
            continue
        if what:
            fresh += units
            kept = [min(limit, one + units) for one, limit in zip(kept, most, strict=True)]
        else:
            fresh -= units
            kept = [min(one, fresh) for one in kept]
    return kept


def reserve(
    wanted: Wanted,
    position: Position,
    sku: Sku,
    tiers: Sequence[Tier],
    reservations: Sequence[Reservation],
    came: Came,
    now_ms: int,
) -> Reservation | Refusal:
    """The reservation, or why there is none. What is refused says no more than what this tier may know. The same
    `key` again gives the same reservation, whatever became of it, as long as it asks for the same."""
    if wanted.key:
        for one in reservations:
            if one.key == wanted.key:
                return one if _same(one, wanted, now_ms) else _key_used(one)
    if wanted.sku != sku.id:
        return Refusal("unknown_sku", f"{wanted.sku!r} is not {sku.id!r}.", "Name an SKU of the site file.")
    if wanted.tier and rank(tiers, wanted.tier) == len(tiers):
        names = ", ".join(one.id for one in tiers) or "no tiers"
        hint = f"The site file lists {names}; name a listed one, or none."
        return Refusal("unknown_tier", f"{wanted.tier!r} is no tier of this site.", hint)
    if not 0 < wanted.units <= UNITS_MAX:
        return Refusal("no_units", f"{wanted.units} units can not be reserved.", "Ask for 1 or more.")
    if wanted.until_ms and wanted.until_ms <= now_ms:
        return Refusal("too_late", "It would have run out before it is made.", "Give a time to come, or none.")
    if sku.members_only and rank(tiers, wanted.tier) > rank(tiers, sku.members_only):
        name = tiers[rank(tiers, sku.members_only)].name
        return Refusal("members_only", f"{sku.name} is for {name} only, and those served before.", "Join that tier.")
    there = free(position, sku, tiers, reservations, wanted.tier, came, now_ms)
    if wanted.units > there:
        who = f" for {tiers[rank(tiers, wanted.tier)].name}" if wanted.tier else ""
        hint = f"Ask for {there} or fewer, or wait for a delivery." if there else "Wait for a delivery."
        return Refusal("not_enough", f"{there} of {sku.name} are free{who}, {wanted.units} were asked for.", hint)
    return Reservation(
        wanted.sku, wanted.units, wanted.tier, wanted.customer, now_ms, wanted.until_ms, "held", now_ms,
        wanted.ref, wanted.note, wanted.by, wanted.key,
    )  # fmt: skip


def _same(one: Reservation, wanted: Wanted, now_ms: int) -> bool:
    if (one.sku, one.tier, one.customer, one.note) != (wanted.sku, wanted.tier, wanted.customer, wanted.note):
        return False
    if (one.until_ms and one.until_ms - one.made_ms) != (wanted.until_ms and wanted.until_ms - now_ms):
        return False
    # Of what was picked in parts, the first part kept the key.
    return one.units == wanted.units or (one.state == "picked" and one.units < wanted.units)


def _key_used(one: Reservation) -> Refusal:
    detail = f"This key came with reservation {one.id}, which asks for something else."
    return Refusal("key_used", detail, f"Use a new key for each. If reservation {one.id} is wrong, release it.")
