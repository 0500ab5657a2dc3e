"""What comes with a request: read whole, within a size and a time, packed as it says it is."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import msgspec
from aiohttp import web

from cloud.web.replies import Refusal, misread

BYTES_MAX = 64 * 1024
"""Of what is no file."""
BODY_S = 20.0
"""For each 64 KB of a body: 3 KB/s, slower than any phone that is still of use."""
DEPTH_MAX = 32
"""Of lists and objects in each other; ours have four."""
DEEP = "it is nested too deeply"
PACKED = ("", "identity", "gzip", "deflate")


async def whole(request: web.Request, bytes_max: int = BYTES_MAX) -> bytes:
    """The body; raises `Refusal` for one that is too large, too slow, broken off, or not packed as it says."""
    if request.headers.get("Content-Encoding", "").strip().lower() not in PACKED:
        hint = "send it as it is, or packed by gzip or deflate, and say so in Content-Encoding"
        raise Refusal(400, "bad_request", "the body is packed in a way that is not known here", hint)
    body, begun_s = bytearray(), asyncio.get_running_loop().time()
    try:
        async with asyncio.timeout(BODY_S) as limit:
            while part := await request.content.readany():
                body += part
                if len(body) > bytes_max:
                    raise _too_large(bytes_max)
                limit.reschedule(begun_s + BODY_S * (1 + len(body) // BYTES_MAX))
    except TimeoutError:
        said, hint = "the body did not come in time", "send it again, where the network is better"
        raise Refusal(408, "too_slow", said, hint, {"Connection": "close"}) from None
    except ConnectionError:  # a phone that leaves: nobody hears the answer
        raise Refusal(400, "bad_request", "the body was broken off", "send it whole") from None
    except web.RequestPayloadError:
        hint = "send it whole, packed as Content-Encoding says"
        raise Refusal(400, "bad_request", "the body can not be unpacked", hint) from None
    return bytes(body)


def read_as(kind: Any, body: bytes, what: str, hint: str) -> Any:
    """What a body of JSON says, as its type has it; raises `Refusal`, which names the field, never its value."""
    try:
        given = msgspec.json.decode(body, type=kind)
        _check_depth(json.loads(body, object_pairs_hook=_plain))
        return given
    except RecursionError:
        raise misread(ValueError(DEEP), what, hint) from None
    except ValueError as error:
        raise misread(error, what, hint) from None


def _too_large(bytes_max: int) -> Refusal:
    said = f"{bytes_max >> 20} MiB" if bytes_max >> 20 else f"{bytes_max >> 10} KB"
    return Refusal(413, "too_large", f"the body is larger than {said}", "send it in parts, or less at once")


def _check_depth(value: object) -> None:
    """Nothing; raises `ValueError` for what whoever works with it could not walk through."""
    level = [value]
    for _ in range(DEPTH_MAX):
        level = [
            inner
            for one in level
            for inner in (one.values() if isinstance(one, dict) else one if isinstance(one, list) else ())
        ]
    if level:
        raise ValueError(DEEP)


def _plain(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object of which each field was said once, in text that every database holds; raises `ValueError`."""
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError("a field stands there twice")
    for name, value in pairs:
        if any(isinstance(one, str) and "\0" in one for one in (value if isinstance(value, list) else [value])):
            raise ValueError(f"there is a character 0 in `{name}`")
    return fields
