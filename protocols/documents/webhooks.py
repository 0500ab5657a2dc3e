"""The signature of a webhook's body, made and checked: Standard Webhooks 1.0 (v1, HMAC-SHA256), so that partners may
use the ready libraries of that scheme.

What is signed is `id.timestamp.body`: no body can be passed off under another id or at another time. A receiver refuses
what is older or newer than the window and remembers the ids within it. Keys are changed without a gap: while two are
valid the sender signs with both, and a receiver takes either.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence

from protocols.readings import Problem

ID, AT, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
WINDOW_S = 300
"""How far a sender's clock may be from ours; a receiver remembers ids for twice as long."""
KEY_BYTES_MIN, KEY_BYTES_MAX = 24, 64
KEYS_MAX = 4
"""Keys that are valid at a time, and signatures that are looked at."""
HEADER_MAX = 1024
_PREFIX = "whsec_"
_VERSION = "v1,"


def key_of(secret: str) -> bytes:
    """The key in a secret as the two keep it: `whsec_` and 24 to 64 bytes in base64. Raises `ValueError`."""
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(_PREFIX) or not KEY_BYTES_MIN <= len(key) <= KEY_BYTES_MAX:
        raise ValueError(f"a webhook secret is {_PREFIX} and {KEY_BYTES_MIN} to {KEY_BYTES_MAX} random bytes in base64")
    return key


def sign(body: bytes, message: str, at_s: int, keys: Sequence[bytes]) -> dict[str, str]:
    """The headers that go with a body: `message` is its id, the same in each try to deliver it; one signature a key,
    the newest key first. Raises `ValueError` for an id with a dot or space, no key, or too many."""
    if not message or len(message) > HEADER_MAX or not message.isascii() or set(message) & set(". \t\r\n,"):
        raise ValueError(f"message id {message[:80]!r}: give ASCII letters, digits, _ and -")
    if not 1 <= len(keys) <= KEYS_MAX:
        raise ValueError(f"{len(keys)} keys: sign with 1 to {KEYS_MAX}")
    made = [_VERSION + base64.b64encode(_digest(body, message, str(at_s), key)).decode() for key in keys]
    return {ID: message, AT: str(at_s), SIGNATURE: " ".join(made)}


def verify(
    headers: Mapping[str, str], body: bytes, now_s: int, keys: Sequence[bytes], window_s: int = WINDOW_S
) -> Problem | None:
    """None when one of the keys signed the body within the window; else what is wrong. Every signature is compared with
    every key in constant time. Whoever acts on a body sees to it that its id has not come before."""
    told = {name.lower(): value for name, value in headers.items()}
    message, at, signatures = (told.get(name, "") for name in (ID, AT, SIGNATURE))
    if not message or not at or not signatures or max(map(len, (message, at, signatures))) > HEADER_MAX:
        hint = f"send the headers {ID}, {AT} and {SIGNATURE}"
        return Problem("webhook.unsigned", "the body comes without its signature", hint)
    if not (at.isascii() and at.isdigit()) or abs(now_s - int(at)) > window_s:
        detail = f"it was signed at {at[:20]!r}, now it is {now_s}: more than {window_s} s"
        return Problem("webhook.stale", detail, "set the clock, and sign anew for each try")
    given = [one.removeprefix(_VERSION) for one in signatures.split(" ") if one.startswith(_VERSION)][:KEYS_MAX]
    wanted = [base64.b64encode(_digest(body, message, at, key)) for key in keys]
    same = [hmac.compare_digest(one.encode("utf-8", "replace"), key) for one in given for key in wanted]
    if any(same):
        return None
    return Problem("webhook.signature", "no signature of the body is right", "sign the bytes as they are sent")


def _digest(body: bytes, message: str, at: str, key: bytes) -> bytes:
    return hmac.new(key, f"{message}.{at}.".encode() + body, hashlib.sha256).digest()
