"""One rule a file: `RULE` (the file's name), `HOLD_MS`, `CLEAR_MS`, `evaluate(facts)` and `EXAMPLES`.

Pure: facts in, conditions out. A rule never imports a sibling; it is found by the scan below, which fails loudly on a
broken file. `EXAMPLES` holds at least one moment at which it fires, one at which it is quiet, and a timeline; one test
runs all. Two more constants are left out where they say nothing: `KNOWN_BY`, through what its subjects are known
(device, slot, zone, sku; of `SKU.GATE` the gate, of `SKU.ZONE` the readers of the zone), so that nothing new is seen of
what a gateway that is away would have to tell; and `NODATA`: it says that something is not known, not that it is
wrong.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Literal, NamedTuple, get_args

from msgspec.structs import replace

from cloud.alerts.facts import Facts
from cloud.alerts.lifecycle import Condition, Delays, Stage
from protocols.tuning import Tuning

Known = Literal["", "device", "slot", "zone", "sku", "gate", "reader"]
MINUTE_MS = 60_000


class Example(NamedTuple):
    """A moment and the conditions that must be seen in it."""

    title: str
    facts: Facts
    sees: list[Condition]


class Timeline(NamedTuple):
    """Moments one after the other, and the states the alert of `subject` must be in after each ("": there is none), as
    the rule's own delays have it."""

    title: str
    subject: str
    moments: list[tuple[Facts, Stage | Literal[""]]]


def course(
    title: str,
    subject: str,
    wrong: Facts,
    right: Facts,
    minutes: Sequence[tuple[float, bool, Stage | Literal[""]]],
) -> Timeline:
    """A timeline of two moments: at each minute the one in which something is wrong (True) or the other, and the state
    the alert must be in."""
    from_ms = max(wrong.now_ms, right.now_ms)
    moments = [
        (replace(wrong if is_wrong else right, now_ms=from_ms + round(minute * MINUTE_MS)), state)
        for minute, is_wrong, state in minutes
    ]
    return Timeline(title, subject, moments)


class Rule(NamedTuple):
    """One rule; `raw` is what its file sees, `evaluate` what is left of it when gateways are away."""

    name: str
    delays: Delays
    raw: Callable[[Facts], list[Condition]]
    examples: tuple[Example, ...]
    timelines: tuple[Timeline, ...] = ()
    known_by: Known = ""
    nodata: bool = False

    def evaluate(self, facts: Facts) -> list[Condition]:
        """What it sees; of what is known through gateways that are away only what keeps an alert that fires."""
        seen = self.raw(facts)
        if not seen or not self.known_by or not facts.anybody_away:
            return seen
        return [
            replace(one, sustain=True) if not one.sustain and cut_off(facts, self.known_by, one.subject) else one
            for one in seen
        ]


def cut_off(facts: Facts, known_by: Known, subject: str) -> bool:
    """Whether all through which a subject is known is behind gateways that are away. What no device tells of is not."""
    if known_by == "device":
        return facts.cut_off(subject) and (facts.cut_off(subject.partition(".")[0]))
    if known_by == "slot":
        slot = facts.site.slot_by_id.get(subject)
        return slot is not None and facts.cut_off(slot.device)
    if known_by == "zone":
        devices: Iterable[str] = facts.devices_in.get(subject, ())
        return all(map(facts.cut_off, devices)) if devices else facts.alone
    if known_by == "gate":
        return facts.cut_off(subject.partition(".")[2])
    if known_by == "reader":
        devices = facts.readers_in.get(subject.partition(".")[2], ())
        return all(map(facts.cut_off, devices)) if devices else facts.alone
    devices = facts.devices_of.get(subject, ())
    return bool(devices) and all(map(facts.cut_off, devices))


@lru_cache(maxsize=1)
def rules() -> dict[str, Rule]:
    """Every rule of this folder, by name."""
    found: dict[str, Rule] = {}
    for module_info in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{module_info.name}")
        where = f"cloud/alerts/rules/{module_info.name}.py"
        try:
            delays = Delays(module.HOLD_MS, module.CLEAR_MS)
            told = tuple(module.EXAMPLES)
            one = Rule(
                module.RULE,
                delays,
                module.evaluate,
                tuple(example for example in told if isinstance(example, Example)),
                tuple(example for example in told if isinstance(example, Timeline)),
                getattr(module, "KNOWN_BY", ""),
                getattr(module, "NODATA", False),
            )
        except AttributeError as missing:
            raise ImportError(f"{where} is no rule: {missing}") from missing
        if one.name != module_info.name:
            raise ImportError(f"{where} calls its rule {one.name!r}; name it as its file")
        if min(delays) < 0:
            raise ImportError(f"{where}: HOLD_MS and CLEAR_MS can not be negative")
        if one.known_by not in get_args(Known):
            raise ImportError(f"{where}: KNOWN_BY {one.known_by!r} is none of {', '.join(get_args(Known)[1:])}")
        if not one.timelines:
            raise ImportError(f"{where} has no timeline among its EXAMPLES; add one (see `course`)")
        found[one.name] = one
    return found


def delays(tuning: Mapping[str, Tuning] | None = None) -> dict[str, Delays]:
    """How long each rule's conditions hold and clear, as the site has it."""
    found = {name: rule.delays for name, rule in rules().items()}
    for name, by in (tuning or {}).items():
        if name in found:
            hold, clear = by.hold_minutes, by.clear_minutes
            before = found[name]
            found[name] = Delays(
                before.hold_ms if hold is None else round(hold * MINUTE_MS),
                before.clear_ms if clear is None else round(clear * MINUTE_MS),
            )
    return found


def evaluate(facts: Facts) -> list[Condition]:
    """What all rules see wrong, as the site has tuned them."""
    found, tuning = [], facts.site.tuning
    for name, rule in rules().items():
        if name in tuning and tuning[name].off:
            continue
        seen = rule.evaluate(facts)
        if rule.nodata:
            seen = [replace(one, params={**one.params, "nodata": 1}) for one in seen]
        found += seen
    return tuned(found, tuning)


def tuned(conditions: list[Condition], tuning: Mapping[str, Tuning]) -> list[Condition]:
    """Conditions as the site has tuned their rules, whoever saw them: what is off is not there."""
    if not tuning:
        return conditions
    found = []
    for one in conditions:
        by = tuning.get(one.rule)
        if by is None or not by.off:
            given = by.severity if by is not None else None
            found.append(one if given is None else replace(one, severity=given))
    return found
