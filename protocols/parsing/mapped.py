"""The mapper at work: a message, taken apart by the rules of protocols/parsing/mapping.py."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from protocols.parsing.mapping import Only, Options, Tags, Value, shaped
from protocols.parsing.moments import Moment, moment
from protocols.parsing.paths import Every, Path, find, first, place_of, says
from protocols.parsing.payloads import VALUES_MAX, capped, doubt, measured, name_of, noticed, number_of
from protocols.readings import Context, Decoded, DeviceStatus, Flag, Problem, TagRead, TagReads

EVENTS_MAX = 4096
WORK_MAX = 100_000
"""Places looked at in one message (some 0.3 s at the worst); whoever sends more is told so."""
_EPC = re.compile(r"[0-9A-F]{4,124}\Z")
_SPACES = str.maketrans("", "", " -")


class _At(NamedTuple):
    """A place in the item, or in the whole message."""

    path: Path
    in_message: bool
    cost: int
    """Of going there, against `WORK_MAX`: a step over entries may have to look at thousands."""

    def first(self, scope: _Scope) -> Any:
        """The first value there; None where there is none."""
        return first(scope.message if self.in_message else scope.item, self.path)

    def find(self, scope: _Scope) -> list[Any]:
        """All values there."""
        return find(scope.message if self.in_message else scope.item, self.path)


class _Scope(NamedTuple):
    message: Any
    item: Any


class _Rule(NamedTuple):
    """A rule with its paths read: `rule` is what the site file says, the rest where things lie."""

    rule: Value | Tags
    where: _At
    each: _At | None
    device: _At | None
    time: _At | None
    only: tuple[_At, tuple[str, ...]] | None
    more: tuple[_At | None, ...]
    """Channel and unit of a value; antenna, rssi, tid and direction of a tag."""

    @property
    def cost(self) -> int:
        """Of one entry."""
        places = (self.where, self.device, self.time, self.only[0] if self.only else None, *self.more)
        return sum(place.cost for place in places if place is not None)


class Plan(NamedTuple):
    """The options, made ready."""

    options: Options
    each: _At | None
    device: _At | None
    times: tuple[_At, ...]
    historical: tuple[_At, tuple[str, ...]] | None
    rules: tuple[_Rule, ...]

    @property
    def cost(self) -> int:
        """Of what is asked of each item, beside the rules."""
        places = (self.device, *self.times, self.historical[0] if self.historical else None)
        return 1 + sum(place.cost for place in places if place is not None)


class _Whole(NamedTuple):
    """What an item says of all its values."""

    device: str
    at: Moment
    stamp: object
    flags: tuple[Flag, ...]


def plan_of(options: Options) -> Plan:
    """The plan by which messages are read."""
    rules = [_rule(value, value.path, (value.channel_path, value.unit_path)) for value in options.values]
    rules += [_rule(tag, tag.epc, (tag.antenna, tag.rssi, tag.tid, tag.direction)) for tag in options.tags]
    times = [options.time] if isinstance(options.time, str) else options.time
    return Plan(
        options,
        _at(options.each),
        _at(options.device),
        tuple(_place(text) for text in times if text),
        _condition(options.historical),
        tuple(rules),
    )


def _place(text: str) -> _At:
    path, in_message = place_of(text)
    many = any(isinstance(step, Every) for step in path)
    return _At(path, in_message, 1 if not many else 512 if in_message else 256)


def _at(text: str) -> _At | None:
    return _place(text) if text else None


def _condition(only: Only | None) -> tuple[_At, tuple[str, ...]] | None:
    if only is None:
        return None
    texts = [("true" if one else "false") if isinstance(one, bool) else f"{one}" for one in only.equals]
    return _place(only.path), tuple(text.removesuffix(".0") for text in texts)


def _rule(rule: Value | Tags, where: str, more: tuple[str, ...]) -> _Rule:
    places = tuple(_at(text) for text in more)
    return _Rule(rule, _place(where), _at(rule.each), _at(rule.device), _at(rule.time), _condition(rule.only), places)


class MappedMessage:
    """One message on its way through the rules."""

    def __init__(self, plan: Plan, context: Context) -> None:
        self.plan = plan
        self.context = context
        self.found: list[Decoded] = []
        self.tags: dict[str, TagReads] = {}
        self.matched = False
        """Whether any rule found something, or was kept from looking by its condition."""
        self.doubted = False
        self.work = 0

    def result(self, whole: object) -> list[Decoded]:
        """All that was found; the fields of the message when that is nothing."""
        found = [*self.found, *self.tags.values()]
        if not found and not self.matched:
            fields = ", ".join(list(whole)[:20]) if isinstance(whole, dict) else f"a {type(whole).__name__}"
            detail = f"no rule found anything in: {fields}"
            found.append(Problem("mapper.nothing", detail[:300], "compare the rules' paths with a message", self.name))
        if self.work > WORK_MAX:
            detail = f"rules and entries make more than {WORK_MAX} places to look at; the rest was left"
            found.append(Problem("payload.too_big", detail, "send smaller messages", self.name))
        return capped(found, self.name)

    @property
    def name(self) -> str:
        """The device that the topic names."""
        return name_of(self.context.name)

    def event(self, event: object) -> None:
        """A CloudEvent (structured JSON): its data by the rules, its time and source where the rules tell none."""
        if not isinstance(event, dict) or not all(key in event for key in ("specversion", "id", "source", "type")):
            hint = 'send structured JSON, or set envelope = ""'
            self.found.append(
                Problem("payload.invalid", "a CloudEvent has specversion, id, source, type", hint, self.name)
            )
            return
        self.message(event, event.get("data"), event["source"], event.get("time"))

    def message(self, message: Any, data: Any, source: object = "", stamp: object = None) -> None:
        """The items of a message."""
        scope = _Scope(message, data)
        if self.plan.each is not None:
            items = self.plan.each.find(scope)
        else:
            items = data if self.plan.options.form == "lines" and isinstance(data, list) else [data]
        for item in items:
            self.work += self.plan.cost
            if self.work > WORK_MAX or len(self.found) > VALUES_MAX:
                return
            self.item(_Scope(message, item), source, stamp)

    def item(self, scope: _Scope, source: object, stamp: object) -> None:
        """The rules, over one item."""
        plan = self.plan
        told = plan.device.first(scope) if plan.device else None
        device = name_of(told if isinstance(told, str | int) and told != "" else self.context.name or source)
        parts = [part for place in plan.times if (part := place.first(scope)) is not None]
        if parts:
            stamp = parts[0] if len(parts) == 1 else " ".join(str(part) for part in parts)
        at, stamp = self.moment(stamp)
        historical = plan.historical is not None and says(plan.historical[0].first(scope), plan.historical[1])
        whole = _Whole(device, at, stamp, ("historical",) if historical else ())
        self.doubt(at, stamp, device)
        for rule in plan.rules:
            entries = rule.each.find(scope) if rule.each else (scope.item,)
            self.work += rule.each.cost if rule.each else 0
            for entry in entries:
                self.work += rule.cost
                if self.work > WORK_MAX or len(self.found) > VALUES_MAX:
                    return
                inner = _Scope(scope.message, entry)
                if rule.only is not None and not says(rule.only[0].first(inner), rule.only[1]):
                    self.matched = True
                    continue
                self.apply(rule, inner, whole)

    def apply(self, rule: _Rule, scope: _Scope, whole: _Whole) -> None:
        """One rule, at one entry."""
        values = rule.where.find(scope)
        self.work += len(values)
        if not values:
            return
        self.matched = True
        device, at = whole.device, whole.at
        if rule.device is not None:
            own = rule.device.first(scope)
            device = name_of(own) if isinstance(own, str | int) and own != "" else device
        if rule.time is not None:
            at, stamp = self.moment(rule.time.first(scope))
            self.doubt(at, stamp, device)
        for value in values:
            if isinstance(rule.rule, Tags):
                self.tag(rule, rule.rule, scope, value, device, at)
            elif value is not None and value != "":
                self.value(rule, rule.rule, scope, value, device, Moment(at.at_ms, (*at.flags, *whole.flags)))

    def value(self, rule: _Rule, said: Value, scope: _Scope, value: Any, device: str, at: Moment) -> None:
        """A value: a reading, a notice, or a status."""
        channel_at, unit_at = rule.more
        channel = name_of((channel_at.first(scope) if channel_at else None) or said.channel)
        if isinstance(value, str):
            value = said.words.get(value.strip(), value)
        if said.unit == "text":
            self.found.append(noticed(device, channel, str(value), at))
            return
        number = number_of(value)
        if number is not None and number in said.absent:
            return
        if said.unit == "online":
            if number is None:
                detail = f"{value!r:.60} is neither 1 nor 0"
                self.found.append(Problem("payload.invalid", detail, "name its words = { up = 1, down = 0 }", device))
            else:
                self.found.append(DeviceStatus(device, number != 0, at.at_ms))
            return
        unit = str((unit_at.first(scope) if unit_at else None) or said.unit)
        if number is not None:
            value = number * said.factor + said.offset
        self.found.append(measured(device, channel, unit, value, at))

    def tag(self, rule: _Rule, said: Tags, scope: _Scope, value: object, device: str, at: Moment) -> None:
        """A tag read, among those of its reader."""
        antenna_at, rssi_at, tid_at, direction_at = rule.more
        epc = value.translate(_SPACES).upper() if isinstance(value, str) else ""
        if not _EPC.match(epc):
            detail = f"{value!r:.80} is no EPC in hex"
            self.found.append(Problem("epc.invalid", detail, "let the reader send the EPC in hex", device))
            return
        antenna = number_of(antenna_at.first(scope)) if antenna_at else None
        rssi = number_of(rssi_at.first(scope)) if rssi_at else None
        tid = tid_at.first(scope) if tid_at else None
        direction = str(direction_at.first(scope)).lower() if direction_at else ""
        read = TagRead(
            epc,
            int(antenna) if antenna is not None and 0 <= antenna <= 255 else 1,
            at.at_ms,
            rssi * said.rssi_factor if rssi is not None and abs(rssi * said.rssi_factor) <= 200 else None,
            tid=name_of(tid).upper() if isinstance(tid, str) else "",
            direction=direction if direction in ("in", "out") else "",
        )
        known = self.tags.get(device)
        if known is None:
            self.tags[device] = TagReads(device, at.at_ms, [read], flags=at.flags)
        else:
            known.reads.append(read)

    def moment(self, stamp: object) -> tuple[Moment, object]:
        """The time that a stamp tells, by the site file's form and zone."""
        options = self.plan.options
        if options.time_format and isinstance(stamp, str) and stamp:
            stamp = shaped(stamp.strip()[:64], options.time_format) or stamp
        at = moment(stamp, self.context)
        if options.timezone and "zone_assumed" in at.flags:
            at = Moment(at.at_ms, tuple(flag for flag in at.flags if flag != "zone_assumed"))  # it is known
        return at, stamp

    def doubt(self, at: Moment, stamp: object, device: str) -> None:
        """The problem of a clock that is not believed, once a message."""
        if not self.doubted and "clock" in at.flags:
            self.doubted = True
            self.found += doubt(at, stamp, device)
