"""One rule a file: `RULE` (the file's name), `HOLD_MS`, `CLEAR_MS`, `evaluate(facts)` and `EXAMPLES`.

Pure: facts in, conditions out. A rule never imports a sibling; it is found by the scan below, which fails loudly on a
broken file. `EXAMPLES` holds at least one moment at which it fires and one at which it is quiet; one test runs all.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from cloud.alerts.facts import Facts
from cloud.alerts.lifecycle import Condition, Delays


class Example(NamedTuple):
    """A moment and the conditions that must be seen in it."""

    title: str
    facts: Facts
    sees: list[Condition]


class Rule(NamedTuple):
    """One rule."""

    name: str
    delays: Delays
    evaluate: Callable[[Facts], list[Condition]]
    examples: tuple[Example, ...]


@lru_cache(maxsize=1)
def rules() -> dict[str, Rule]:
    """Every rule of this folder, by name."""
    found: dict[str, Rule] = {}
    for module_info in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{module_info.name}")
        where = f"cloud/alerts/rules/{module_info.name}.py"
        try:
            delays = Delays(module.HOLD_MS, module.CLEAR_MS)
            one = Rule(module.RULE, delays, module.evaluate, tuple(module.EXAMPLES))
        except AttributeError as missing:
            raise ImportError(f"{where} is no rule: {missing}") from missing
        if one.name != module_info.name:
            raise ImportError(f"{where} calls its rule {one.name!r}; name it as its file")
        if min(delays) < 0:
            raise ImportError(f"{where}: HOLD_MS and CLEAR_MS can not be negative")
        found[one.name] = one
    return found


def delays() -> dict[str, Delays]:
    """How long each rule's conditions hold and clear."""
    return {name: rule.delays for name, rule in rules().items()}


def evaluate(facts: Facts) -> list[Condition]:
    """What all rules see wrong."""
    return [condition for rule in rules().values() for condition in rule.evaluate(facts)]
