"""Where a value lies in a JSON message: `a.b`, `list[0].c`, `list[-1]`, `list[*].d`, `list[name=T1].value`, `["a.b"]`.

`[*]` is every entry of a list or object, `[key=text]` every entry whose key says that text. A path is read once, when
the site file is; finding is then bounded by the message and by `FOUND_MAX`.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

FOUND_MAX = 4096
STEPS_MAX = 16


class Every(NamedTuple):
    """The step to every entry; only to those whose `key` says `text`, where it is given."""

    key: str = ""
    text: str = ""


Step = str | int | Every
Path = tuple[Step, ...]

_KEY = re.compile(r"[^.\[\]\"']+")
_BRACKET = re.compile(r"""\[(?:(\*)|(-?\d{1,6})|"([^"]*)"|'([^']*)'|([^=\[\]"'*]+)=([^\[\]]*))\]""")


def path_of(text: str) -> Path:
    """The path in a text; "" is the value itself. Raises `ValueError` that says where it can not be read."""
    steps: list[Step] = []
    at = 0
    while at < len(text):
        if text[at] == "[":
            found = _BRACKET.match(text, at)
            if not found:
                raise ValueError(f'path {text!r}: write [0], [*], [key=text] or ["key"] at character {at + 1}')
            steps.append(_bracketed(found))
        else:
            if at and text[at] == ".":
                at += 1
            found = _KEY.match(text, at)
            if not found:
                raise ValueError(f"path {text!r}: a key is missing at character {at + 1}")
            steps.append(found[0].strip())
        at = found.end()
    if len(steps) > STEPS_MAX:
        raise ValueError(f"path {text!r}: at most {STEPS_MAX} steps")
    return tuple(steps)


def place_of(text: str) -> tuple[Path, bool]:
    """The path in a text, and whether it counts from the whole message, as one that begins with `$` does."""
    whole = text == "$" or text.startswith(("$.", "$["))
    return path_of(text[1:].removeprefix(".") if whole else text), whole


def _bracketed(found: re.Match[str]) -> Step:
    star, index, quoted, single, key, text = found.groups()
    if star:
        return Every()
    if index is not None:
        return int(index)
    if key is not None:
        return Every(key.strip(), text.strip())
    return quoted if quoted is not None else single or ""


def find(value: object, path: Path) -> list[Any]:
    """All that lies at `path`, in order, at most `FOUND_MAX`; null for null, nothing for nothing."""
    found: list[Any] = [value]
    for step in path:
        inner: list[Any] = []
        for one in found:
            if isinstance(step, str):
                if isinstance(one, dict) and step in one:
                    inner.append(one[step])
            elif isinstance(step, int):
                if isinstance(one, list) and -len(one) <= step < len(one):
                    inner.append(one[step])
            else:
                inner += _entries(one, step)
        found = inner[:FOUND_MAX]
    return found


def first(value: object, path: Path) -> Any:
    """The first that lies at `path`; None where nothing does."""
    if len(path) == 1 and isinstance(path[0], str):  # by far the most common
        return value.get(path[0]) if isinstance(value, dict) else None
    found = find(value, path)
    return found[0] if found else None


def _entries(value: object, step: Every) -> list[Any]:
    entries = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    entries = entries[:FOUND_MAX]
    if not step.key:
        return entries
    return [one for one in entries if isinstance(one, dict) and says(one.get(step.key), (step.text,))]


def says(value: object, texts: tuple[str, ...]) -> bool:
    """Whether a value, written as text the way JSON does, is one of `texts`."""
    if isinstance(value, bool):
        return ("true" if value else "false") in texts
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value is not None and not isinstance(value, dict | list) and str(value) in texts
