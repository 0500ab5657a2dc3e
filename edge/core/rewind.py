"""Our time was set back: what was stamped in the time that never was is moved back by as much, in place.

Everything that is remembered takes the newer of two times for the newer of two things; stamps of 2035 would be the
newest until 2035. They were made that much too early, so they go back by that much, and keep their order and their
distances. What lies before the time that is right now is left alone: it was stamped before the clock went wrong.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from protocols.readings import FUTURE_LIMIT_MS
from protocols.sequences import Sequence

DAY_MS = 86_400_000


def moved(value: Any, now_ms: int, by_ms: int) -> Any:
    """The value with its times moved: structs, lists and dicts in place, others anew. A number is a time when it lies
    in what was the future until now: nothing else that is remembered is as large. Keys are none."""
    if isinstance(value, bool | str | bytes | bytearray | Sequence) or value is None:
        return value
    if isinstance(value, int | float):
        late = now_ms + FUTURE_LIMIT_MS < value <= now_ms + by_ms + DAY_MS
        return value - by_ms if late else value
    if isinstance(value, Struct):
        after = {name: moved(getattr(value, name), now_ms, by_ms) for name in value.__struct_fields__}
        changed = {name: one for name, one in after.items() if one is not getattr(value, name)}
        if type(value).__struct_config__.frozen:
            return msgspec.structs.replace(value, **changed) if changed else value
        for name, one in changed.items():
            setattr(value, name, one)
    elif isinstance(value, dict):
        for key, one in value.items():
            value[key] = moved(one, now_ms, by_ms)
    elif isinstance(value, list):
        value[:] = [moved(one, now_ms, by_ms) for one in value]
    elif isinstance(value, tuple):
        parts = [moved(one, now_ms, by_ms) for one in value]
        return value._make(parts) if hasattr(value, "_make") else tuple(parts)  # a named one stays what it is
    return value
