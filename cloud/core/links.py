"""Which greetings and batches of a gateway are taken. Decides; answers nobody itself.

One connection speaks for a gateway: the one that greeted last. What comes over an earlier one is refused, so that two
machines with one key (a copied disk) are seen, and the batches of a connection that is over trouble nobody. Times are
ms since 1970, UTC.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from operator import lt

from msgspec import Struct, field

from protocols.reports import Lane
from protocols.uplink import BATCH_REPORTS_MAX, VERSION, Batch, Hello, Policy, Rejected

AHEAD_MAX = 1_000_000
"""Numbers above those of the last greeting, which is some seconds old at most. One batch with a number far out would
otherwise become the lane's highest, and every later greeting look as if it numbered from the start again."""
LEFT_MAX = 32
"""Connections remembered that another one came after."""
REFUSALS_A_SECOND = 5
GREETINGS_A_SECOND = 5
LOOK_AGAIN_MS = 1000
"""So often is looked for what a gateway lacks, which costs a walk over all that is held of it."""
ASK_AGAIN_MS = 30_000
"""What was asked for is on its way, or the gateway says it is not kept: so long nothing more is asked."""
AHEAD_FOR_MS = 600_000


class Pace(Struct):
    """How often something may happen within a second, or another time."""

    limit: int
    within_ms: int = 1000
    period: int = 0
    count: int = 0

    def step(self, now_ms: int) -> bool:
        """Once more: whether it may."""
        if self.period != now_ms // self.within_ms:
            self.period, self.count = now_ms // self.within_ms, 0
        self.count += 1
        return self.count <= self.limit


class Link(Struct):
    """One gateway's link since the service started. `bad` counts frames refused as a whole, `refused` reports.

    `flooded` counts those of `bad` that came faster than any gateway speaks, and were not looked at; a connection that
    was ended because more came than could be read is one. `taken_over` counts frames over a connection after another
    one of the same key came later: more than a few are two machines."""

    last_seen_ms: int = 0
    site: str = ""
    version: int = 0
    batches: int = 0
    refused: int = 0
    bad: int = 0
    flooded: int = 0
    taken_over: int = 0
    ahead_ms: int | None = None
    """The gateway's clock minus ours, by its batches; what they were under way is taken off it."""
    ahead_at_ms: int = 0
    route: bytes = b""
    left: list[bytes] = field(default_factory=list)
    next_seq: dict[Lane, int] = field(default_factory=dict)
    told: int = 0
    """How far the gateway knows the policies."""
    asked_ms: int = 0
    looked_ms: int = 0
    greetings: Pace = field(default_factory=lambda: Pace(GREETINGS_A_SECOND))
    refusals: Pace = field(default_factory=lambda: Pace(REFUSALS_A_SECOND))

    def look(self, now_ms: int) -> bool:
        """Whether to look now for what it lacks: at its first greeting, then once in a while."""
        if abs(now_ms - self.looked_ms) < LOOK_AGAIN_MS:
            return False
        self.looked_ms = now_ms
        return True

    def ask(self, now_ms: int) -> bool:
        """Whether it may be asked for what is missing now; then not again for a while."""
        if now_ms - self.asked_ms < ASK_AGAIN_MS:
            return False
        self.asked_ms = now_ms
        return True


class PolicyBook(Struct):
    """The policies as they are now, and what of them a gateway does not know yet."""

    edition: int = 0
    held: dict[str, tuple[int, Policy]] = {}
    """Each SKU's policy, and the edition that it came with."""

    def note(self, policies: Iterable[Policy]) -> None:
        """All policies, as they are now."""
        changed = [one for one in policies if one.sku not in self.held or self.held[one.sku][1] != one]
        if changed:
            self.edition += 1
            self.held |= {one.sku: (self.edition, one) for one in changed}

    def since(self, edition: int) -> list[Policy]:
        """What changed after an edition (0: all)."""
        return [policy for came, policy in self.held.values() if came > edition] if edition < self.edition else []


def greet(
    link: Link, gateway: str, site: str, route: bytes, hello: Hello, tops: Mapping[Lane, int], now_ms: int
) -> Rejected | None:
    """A greeting of `gateway` (by its key) over the connection `route`; why it is refused, or None. The service keeps
    `site`, and holds numbers up to `tops` of the gateway's lanes."""
    if hello.version not in (VERSION - 1, VERSION):
        newer = hello.version > VERSION
        reason = f"version {hello.version} is not spoken here, {VERSION - 1} and {VERSION} are"
        return Rejected(reason, "update the service, then its gateways" if newer else "update the gateway")
    if hello.gateway != gateway:
        return Rejected(f"this key belongs to {gateway!r}", "start the gateway with that --name")
    if hello.site != site:
        return Rejected(f"this service keeps site {site!r}", "give it the same site file")
    if route in link.left:
        return _came_later(link, gateway)
    if any(hello.next_seq.get(lane, 0) <= top for lane, top in tops.items()):
        # Its new reports would bear numbers that are held already, and be signed for as repeats: lost.
        reason = f"{gateway!r} numbers its reports from the start again, as with a new or an older store"
        return Rejected(reason, "restore its store, or start it under a new --name and allow that")
    if route != link.route:
        if link.route:
            link.left = [*link.left, link.route][-LEFT_MAX:]
        link.route, link.told, link.asked_ms, link.looked_ms = route, 0, 0, 0
    link.site, link.version, link.next_seq, link.last_seen_ms = hello.site, hello.version, hello.next_seq, now_ms
    return None


def admit(link: Link, gateway: str, route: bytes, batch: Batch, now_ms: int) -> Rejected | None:
    """A batch of `gateway` over the connection `route`; why it is refused as a whole, or None."""
    seqs = batch.seqs
    if route != link.route:
        if route in link.left:
            return _came_later(link, gateway)
        return Rejected("a batch before a greeting that was taken", "greet first")
    if len(seqs) != len(batch.reports):
        return Rejected("a batch with more numbers than reports, or fewer")
    if len(seqs) > BATCH_REPORTS_MAX:
        return Rejected(f"a batch of {len(seqs)} reports, {BATCH_REPORTS_MAX} may be in one")
    if not all(map(lt, seqs, seqs[1:])):
        return Rejected("a batch whose numbers do not rise")
    if seqs and seqs[-1] >= link.next_seq.get(batch.lane, 0) + AHEAD_MAX:
        return Rejected(f"number {seqs[-1]} of {batch.lane} lies far above what was greeted with", "greet again")
    link.last_seen_ms = now_ms
    ahead_ms = batch.sent_ms - now_ms
    if link.ahead_ms is None or ahead_ms > link.ahead_ms or now_ms - link.ahead_at_ms > AHEAD_FOR_MS:
        link.ahead_ms, link.ahead_at_ms = ahead_ms, now_ms
    return None


def _came_later(link: Link, gateway: str) -> Rejected:
    link.taken_over += 1
    reason = f"another connection with the key of {gateway!r} came later"
    return Rejected(reason, "if two machines share it, give one a new --name and a key of its own")
