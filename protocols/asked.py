"""What a gateway answers when people ask it from the service's pages: values of its own API that both sides know."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

Source = Literal["mass", "tags", "booked", "counted"]


class LastWord(Struct, frozen=True):
    """A source's last word: `value` (g, tags or units) at `at_ms`; `count` it makes likeliest by itself; `speaks`:
    log-likelihood ratio (nats) between the fused count and the best other one, above zero for the fused count."""

    source: Source
    value: float
    at_ms: int
    count: int
    speaks: float
    by: str = ""


class Waiting(Struct, frozen=True):
    """A booking whose step was not seen yet (`booking`), or a step that nobody booked yet (`step`)."""

    kind: Literal["booking", "step"]
    delta: int
    at_ms: int


class Explanation(Struct, frozen=True):
    """A slot's count and what it rests on. `count` is None when it can not be told, then `reason` and `remedy` say why;
    `likeliest` with `probability` is the best guess in any case."""

    slot: str
    count: int | None
    low: int
    high: int
    likeliest: int
    probability: float
    at_ms: int
    age_ms: int
    """Since the newest evidence."""
    words: list[LastWord]
    waiting: list[Waiting]
    book: int | None
    agree: float | None
    """Probability that the book is right."""
    gap: int
    """Likeliest count less book: below zero units are missing. 0 without a book."""
    reason: str = ""
    remedy: str = ""


class Explained(Explanation, frozen=True, kw_only=True):
    """The same with what the gateway's journal says of the slot, newest first: each line `at_ms`, `what`, `about`, and
    figures by name."""

    journal: list[dict[str, Any]]


class Done(Struct, frozen=True):
    """What a device said of a command."""

    ok: bool
    error: str = ""


class Stranger(Struct, frozen=True):
    """Something that speaks and is not in the site file: how it would be written there."""

    source: str
    address: str
    at_ms: int
    hint: str


class Bad(Struct, frozen=True):
    """A message that could not be read, or a device that was found wrong: why, and what to do."""

    at_ms: int
    code: str
    device: str
    topic: str
    detail: str
    hint: str


class Badness(Struct, frozen=True):
    """How often each kind occurred, and the latest."""

    counts: dict[str, int]
    latest: list[Bad]


class Side(Struct, frozen=True):
    """A connection of the gateway's: why it is away."""

    connected: bool
    why: str


class Own(Struct, frozen=True):
    """The gateway's clock against the best it knows, in ms."""

    ahead_ms: int
    why: str


class Backlog(Struct, frozen=True):
    """The outbox: for how many `hours` it has room at the rate of the last day (None: not known yet), reports without a
    receipt by lane. `full`: why telemetry is thinned now."""

    used_bytes: int
    max_bytes: int
    hours: float | None
    oldest_pending_ms: int | None
    pending: dict[str, int]
    full: str


class Link(Struct, frozen=True):
    """The gateway's link to the service: why it is away, and for how long nothing came over it. `code` is the kind of
    that why: "silent", "refused", "no_key"; "" where it is none of these."""

    connected: bool
    why: str
    silent_ms: int
    code: str = ""


class Lane(Struct, frozen=True):
    """A lane's double entry: accepted = delivered + pending + refused + thinned, where it is `balanced`."""

    accepted: int
    delivered: int
    pending: int
    refused: int
    thinned: int
    balanced: bool


class OwnAlarm(Struct, frozen=True):
    """An alarm that the gateway decided by itself."""

    rule: str
    subject: str
    state: str
    since_ms: int


class GatewayStatus(Struct, frozen=True):
    """How a gateway is: its version, its broker, its link to the service (None: it works alone), its clock, what waits
    in its outbox, its alarms, how fast it reads."""

    gateway: str
    protocol: int
    now_ms: int
    not_ready: list[str]
    broker: Side
    clock: Own
    readings_per_s: float
    messages: int
    readings: int
    duplicates: int
    problems: dict[str, int]
    room: Backlog
    version: str = ""
    timezone: str = "UTC"
    service: Link | None = None
    lanes: dict[str, Lane] = {}
    alarms: list[OwnAlarm] = []
    changed_ms: int = 0
    """When anything that its devices say last changed; 0: not since its state was begun."""


SITE_PART_BYTES = 10 * 1024
"""Of a compressed site file, what goes in one question."""


class SiteTold(Struct, frozen=True):
    """By which site file a gateway works (`protocols.revision`)."""

    revision: str


class SitePart(Struct, frozen=True, forbid_unknown_fields=True):
    """A part of a site file that a gateway is to work by: which of how many, of the text compressed by zlib, in base64.
    The last one has it taken."""

    revision: str
    number: int
    of: int
    data: str
