"""Links by which somebody takes alerts on from the message itself: signed, for one person and notice, until a moment.

A token is the notice's number, its end and a signature over these, the person, the alerts and the notice's nonce (HMAC
of SHA-256, cut to 128 bits). Nothing in it is secret but the signature; whether it was used is kept with the notice.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import struct
from collections.abc import Sequence
from typing import NamedTuple

_HEAD = struct.Struct(">IQ")
_SIGNATURE_BYTES = 16
TOKEN_CHARACTERS = 38
"""28 bytes in base64, without its padding."""


class Link(NamedTuple):
    """What a token says: the notice, until when it counts, and the signature that has to be right."""

    notice: int
    until_ms: int
    signature: bytes


def token(key: bytes, notice: int, person: str, alerts: Sequence[int], nonce: str, until_ms: int) -> str:
    """The token of a notice's link."""
    head = _HEAD.pack(notice, until_ms)
    return base64.urlsafe_b64encode(head + _sign(key, head, person, alerts, nonce)).rstrip(b"=").decode()


def read(text: str) -> Link | None:
    """What a token says, not yet believed; None for what is none."""
    if len(text) != TOKEN_CHARACTERS:
        return None
    try:
        raw = base64.b64decode(text + "==", altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    notice, until_ms = _HEAD.unpack(raw[: _HEAD.size])
    return Link(notice, until_ms, raw[_HEAD.size :])


def is_signed(key: bytes, link: Link, person: str, alerts: Sequence[int], nonce: str) -> bool:
    """Whether we made it, for this person and these alerts; compared in constant time."""
    wanted = _sign(key, _HEAD.pack(link.notice, link.until_ms), person, alerts, nonce)
    return bool(nonce) and hmac.compare_digest(wanted, link.signature)


def _sign(key: bytes, head: bytes, person: str, alerts: Sequence[int], nonce: str) -> bytes:
    said = "|".join([person, ".".join(map(str, alerts)), nonce])
    return hmac.new(key, head + said.encode(), hashlib.sha256).digest()[:_SIGNATURE_BYTES]
