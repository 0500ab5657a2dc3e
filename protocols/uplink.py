"""The frames between a gateway and the service: hello, batch, receipt, refusal, what the service asks for and is told.
MessagePack, one frame a message.

A gateway settles its outbox by receipts alone. Reports travel as the bytes they were stored as, each a string of bytes
in its batch, so one poison report is refused by itself and never holds a lane, even if it is no MessagePack at all.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from protocols.reports import Lane

VERSION = 2
"""The version spoken here. A service answers versions `VERSION - 1` and `VERSION`, each in its own words: whoever said
hello as 1 is sent no `Resend`, `Policies` or `Ask`. Version 2 added these and the last fields of the greetings."""
BATCH_REPORTS_MAX = 1000
BATCH_BYTES_MAX = 512 * 1024
FRAME_BYTES_MAX = 1024 * 1024
"""Larger frames drop the connection on either side."""
RANGES_A_FRAME = 100
POLICIES_A_FRAME = 1000
ASKED_AT_ONCE = 16
"""Questions that a gateway works on at once; further ones are refused (503)."""
ASK_BYTES_MAX = 16 * 1024
ANSWER_BYTES_MAX = 512 * 1024

Seq = Annotated[int, Meta(ge=0, le=2**53)]


class Hello(Struct, frozen=True, tag="hello", array_like=True):
    """A gateway (re)connects: who, for which site, and how far each lane has got."""

    version: int
    gateway: str
    site: str
    next_seq: dict[Lane, Seq]
    kept_from: dict[Lane, Seq] = {}
    """The lowest number of each lane that can still be sent again."""
    unsigned_from: dict[Lane, Seq] = {}
    """The lowest number without a receipt; `next_seq` when there is none. All from here on comes by itself."""


class Welcome(Struct, frozen=True, tag="welcome", array_like=True):
    """The service takes the gateway's batches."""

    version: int
    service: str
    now_ms: int = 0
    """The service's clock; 0 when it does not say."""


class Batch(Struct, frozen=True, tag="batch", array_like=True):
    """Reports of one lane: `seqs[i]` numbers `reports[i]`. `replay` marks a backlog
    that was not sent when it was new."""

    id: int
    lane: Lane
    sent_ms: int
    replay: bool
    seqs: list[Seq]
    reports: list[bytes]


class Refused(Struct, frozen=True, array_like=True):
    """One report the service will never take, and why."""

    seq: int
    reason: str


class Receipt(Struct, frozen=True, tag="receipt", array_like=True):
    """The service has committed the batch: all its reports but the refused ones are in the ledger."""

    id: int
    lane: Lane
    refused: list[Refused] = []


class Rejected(Struct, frozen=True, tag="rejected", array_like=True):
    """The service does not take what this gateway sends, with the reason and what to do."""

    reason: str
    hint: str = ""


class Resend(Struct, frozen=True, tag="resend", array_like=True):
    """The service does not hold these numbers, closed ranges `[first, last]`, though they were signed for: its ledger
    came from a backup. The gateway sends them again, and says `not_kept` of those it can not."""

    lane: Lane
    ranges: Annotated[list[Annotated[list[Seq], Meta(min_length=2, max_length=2)]], Meta(max_length=RANGES_A_FRAME)]


class Policy(Struct, frozen=True, array_like=True):
    """By what an SKU is to be ordered while the service is away: at or below `reorder_point` units, `quantity` of them.
    `open`: it is being ordered already."""

    sku: str
    reorder_point: int
    quantity: int
    open: bool


class Policies(Struct, frozen=True, tag="policies", array_like=True):
    """The policies of these SKUs from now on; others stay as they were."""

    policies: Annotated[list[Policy], Meta(max_length=POLICIES_A_FRAME)]


class Ask(Struct, frozen=True, tag="ask", array_like=True):
    """Somebody who is signed in at the service (`by`) asks what the gateway's own API answers: its method, its path
    with any query, its body."""

    id: int
    method: Literal["GET", "POST"]
    path: Annotated[str, Meta(pattern=r"^/api/v1/[!-~]*$", max_length=500)]
    body: Annotated[bytes, Meta(max_length=ASK_BYTES_MAX)]
    by: Annotated[str, Meta(max_length=100)]


class Answer(Struct, frozen=True, tag="answer", array_like=True):
    """What the gateway's API answered: a status of HTTP, and JSON."""

    id: int
    status: Annotated[int, Meta(ge=100, le=599)]
    body: Annotated[bytes, Meta(max_length=ANSWER_BYTES_MAX)]


FromGateway = Hello | Batch | Answer
FromService = Welcome | Receipt | Rejected | Resend | Policies | Ask

_encoder = msgspec.msgpack.Encoder()
_from_gateway: msgspec.msgpack.Decoder[FromGateway] = msgspec.msgpack.Decoder(FromGateway)
_from_service: msgspec.msgpack.Decoder[FromService] = msgspec.msgpack.Decoder(FromService)


def encode(frame: FromGateway | FromService) -> bytes:
    """A frame's bytes."""
    return _encoder.encode(frame)


def decode_from_gateway(frame: bytes) -> FromGateway:
    """A gateway's frame; raises `ValueError` on anything else."""
    try:
        return _from_gateway.decode(frame)
    except RecursionError:
        raise ValueError("it is nested too deep") from None


def decode_from_service(frame: bytes) -> FromService:
    """The service's frame; raises `ValueError` on anything else."""
    return _from_service.decode(frame)
