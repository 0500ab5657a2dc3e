"""The plain selector of PromQL, `name{label="value",...}`: read, and held against labels.

An expression of a selector is a regular one of the kind that dashboards make: alternatives of text with `.`, `.*` and
`.+` in it, in one pair of brackets if need be. These are matched in time that grows with the text alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

from cloud.core.graphing.metrics import NAME, Labels

LENGTH_MAX = 10_000
EXPRESSION_MAX = 5_000
"""Characters of a query, and of one regular expression in it."""
_SPACE, _NAME = r"[ \t\r\n]*", r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_BEGIN = re.compile(rf"{_SPACE}({_NAME})?{_SPACE}")
_LABEL = re.compile(rf"{_SPACE}([a-zA-Z_][a-zA-Z0-9_]*){_SPACE}(=~|!~|!=|=){_SPACE}")
_QUOTED = re.compile(r'"((?:[^"\\\n]|\\.)*+)"|' r"'((?:[^'\\\n]|\\.)*+)'|`([^`]*+)`")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)"
_SUM = re.compile(rf"{_SPACE}({_NUMBER})(?:{_SPACE}([-+*/]){_SPACE}({_NUMBER}))?{_SPACE}")
KNOWN = 'only selectors are known here, as in temperature_celsius{zone="cold",device=~"t1|t2"}'


class SelectorError(ValueError):
    """The query can not be answered here; the message says why, and what can."""


class Matcher(NamedTuple):
    """One condition on a label; a label that is not there is ""."""

    label: str
    operator: str
    value: str
    holds: Callable[[str], bool]


class Selector(NamedTuple):
    """All conditions of a query."""

    matchers: tuple[Matcher, ...]

    def takes(self, labels: Labels) -> bool:
        """Whether these labels are meant."""
        return all(one.holds(labels.get(one.label, "")) for one in self.matchers)


def parse(query: str) -> Selector:
    """A selector. Raises `SelectorError` for all else."""
    if len(query) > LENGTH_MAX:
        raise SelectorError(f"the query has {len(query)} characters; {LENGTH_MAX} are read")
    begin = _BEGIN.match(query)
    assert begin is not None
    name, at = begin[1], begin.end()
    found = [_matcher(NAME, "=", name)] if name else []
    if query[at : at + 1] == "{":
        inner, at = _matchers(query, at + 1)
        if name and any(one.label == NAME for one in inner):
            raise SelectorError(f"the metric's name is given twice: {name} before the brackets, and within them")
        found += inner
    if rest := query[at:].strip():
        raise SelectorError(f"{rest[:60]!r} can not be understood: {KNOWN}; reckon with Grafana's transformations")
    if all(one.holds("") for one in found):
        raise SelectorError("the query would take every metric: name one, or a label that must not be empty")
    return Selector(tuple(found))


def scalar(query: str) -> float | None:
    """The value of a number, or of two with one operator between them; None for anything else. Grafana asks `1+1` to
    see whether somebody answers."""
    found = _SUM.fullmatch(query) if len(query) < 100 else None
    if found is None:
        return None
    left, operator, right = float(found[1]), found[2], float(found[3] or 0)
    match operator:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "/":
            return left / right if right else float("nan")
    return left


def select(selectors: Iterable[Selector], labels: Labels) -> bool:
    """Whether any of them takes these labels."""
    return any(one.takes(labels) for one in selectors)


def _matchers(query: str, at: int) -> tuple[list[Matcher], int]:
    found: list[Matcher] = []
    while True:
        label = _LABEL.match(query, at)
        if label is not None:
            quoted = _QUOTED.match(query, label.end())
            if quoted is None:
                raise SelectorError(f"after {label[1]}{label[2]} there has to be a text in quotes")
            found.append(_matcher(label[1], label[2], _unquoted(quoted)))
            at = quoted.end()
        end = re.compile(rf"{_SPACE}(,?){_SPACE}(}}?)").match(query, at)
        assert end is not None
        at = end.end()
        if end[2]:
            return found, at
        if label is None or not end[1]:
            raise SelectorError(f"{query[at : at + 60]!r} can not be understood: {KNOWN}")


def _unquoted(quoted: re.Match[str]) -> str:
    if quoted[3] is not None:
        return quoted[3]
    text = quoted[1] if quoted[1] is not None else quoted[2]
    return _ESCAPED.sub(lambda one: _ESCAPES.get(one[1], one[1]), text)


def _matcher(label: str, operator: str, value: str) -> Matcher:
    if operator in ("=", "!="):
        wanted = operator == "="
        return Matcher(label, operator, value, lambda there: (there == value) == wanted)
    pattern, wanted = _expression(value), operator == "=~"
    return Matcher(label, operator, value, lambda there: (pattern.fullmatch(there) is not None) == wanted)


def _expression(text: str) -> re.Pattern[str]:
    """A pattern that is matched in linear time for each alternative: every `.*` takes as little as it can, for good."""
    if len(text) > EXPRESSION_MAX:
        raise SelectorError(f"a regular expression has {len(text)} characters; {EXPRESSION_MAX} are read")
    inner = text.removeprefix("^").removesuffix("$")
    if inner.startswith("(") and inner.endswith(")"):
        inner = inner.removeprefix("(").removeprefix("?:").removesuffix(")")
    return re.compile("|".join(map(_alternative, _alternatives(inner, text))), re.DOTALL)


def _alternatives(inner: str, whole: str) -> list[list[str]]:
    """The parts of each alternative: a character (as a pattern of one), or "*" for any number of any."""
    found: list[list[str]] = [[]]
    at = 0
    while at < len(inner):
        here, after = inner[at], inner[at + 1 : at + 2]
        at += 1
        if here == "|":
            found.append([])
        elif here == ".":
            at += after in ("*", "+") and after != ""
            found[-1] += {"*": ["*"], "+": [".", "*"]}.get(after, ["."])
        elif here == "\\" and after and not after.isalnum():
            at += 1
            found[-1].append(re.escape(after))
        elif here in r"\^$*+?()[]{}":
            said = "alternatives of text with `.`, `.*` and `.+` are known, no more"
            raise SelectorError(f"{here!r} in the regular expression {whole[:60]!r}: {said}")
        else:
            found[-1].append(re.escape(here))
    return found


def _alternative(parts: list[str]) -> str:
    runs = [""]
    for one in parts:
        if one == "*":
            runs.append("")
        else:
            runs[-1] += one
    first, *middle = runs
    if not middle:
        return first
    *between, last = middle
    return first + "".join(f"(?>.*?{one})" for one in between if one) + ".*" + last
