"""Alarms that gateways raised by themselves -> conditions, where the service would not raise the same.

The gateways' rules and ours bear the same names. What one of our rules sees at the time is our alert, and the
gateway's word is then answered: it raises nothing more, though its end may come later than ours. What no rule of ours
sees is shown as from the gateway, at once if we have no such rule, else after our rule had its time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from cloud.alerts.facts import GatewayLink
from cloud.alerts.lifecycle import Alert, Condition, Delays, Key
from cloud.core.ordering import Change
from cloud.core.view import Param
from protocols import alarms
from protocols.reports import Alarm

OTHERS = 3
CAUSES = {number: name for name, number in alarms.CAUSES.items()}
GRACE_MS = 60_000
"""Beyond its hold a rule of ours gets so long before the gateway's word is shown in its place."""
LEASE_MS = 35 * 60_000
"""A gateway that is there repeats every ten minutes what still fires. What it does not is over: its end was lost."""
WORDS_MAX = 10_000
"""Further ones take the place of the oldest."""


class Word(Struct):
    """What a gateway said last of one alarm: the number of that report, when we heard that it fires, when the last word
    came, and until when it counts without another. `answered`: a rule of ours has seen the same since; `shown`: it is
    an alert."""

    seq: int
    alarm: Alarm
    first_ms: int
    heard_ms: int
    leased_ms: int
    answered: bool = False
    shown: bool = False


class Reported:
    """The last word of every gateway on each of its alarms, by (gateway, rule, subject)."""

    def __init__(self) -> None:
        self.words: dict[tuple[str, str, str], Word] = {}

    def restore(self, kept: Iterable[tuple[str, int, Alarm]], alerts: Iterable[Alert], now_ms: int) -> None:
        """After a restart: the last words as they were stored; those that are alerts already are known as such."""
        shown = {(one.params["gateway"], one.rule, one.subject) for one in alerts if "gateway" in one.params}
        for gateway, seq, alarm in kept:
            key = gateway, alarm.rule, alarm.subject
            self.words[key] = Word(seq, alarm, now_ms, now_ms, now_ms + LEASE_MS, shown=key in shown)

    def hear(self, gateway: str, seq: int, alarm: Alarm, now_ms: int) -> None:
        """One report; the newest counts by its number, however late others come."""
        key = gateway, alarm.rule, alarm.subject
        held = self.words.get(key)
        if held is not None and held.seq >= seq:
            held.heard_ms = now_ms
            return
        word = Word(seq, alarm, now_ms, now_ms, now_ms + LEASE_MS)
        if held is not None and held.alarm.state == alarm.state == "firing":
            word.first_ms, word.answered, word.shown = held.first_ms, held.answered, held.shown
        self.words[key] = word
        if len(self.words) > WORDS_MAX:
            del self.words[min(self.words, key=lambda one: self.words[one].heard_ms)]

    def noted(self, ours: Iterable[Condition]) -> list[Condition]:
        """What our rules see, with the moment at which a gateway told people of the same by itself, where one did: they
        need not be told it a first time."""
        told = {
            (rule, subject): word.alarm.params[alarms.TOLD]
            for (_, rule, subject), word in self.words.items()
            if word.alarm.state == "firing" and alarms.TOLD in word.alarm.params
        }
        if not told:
            return [*ours]
        return [
            replace(one, params={**one.params, alarms.TOLD: told[one.rule, one.subject]})
            if (one.rule, one.subject) in told
            else one
            for one in ours
        ]

    def conditions(
        self,
        ours: Collection[Condition],
        delays: Mapping[str, Delays],
        links: Mapping[str, GatewayLink],
        now_ms: int,
        behind: bool = False,
    ) -> list[Condition]:
        """What is to be shown as from a gateway, beside what our own rules see (`ours`). `behind`: see `Change`."""
        seen: set[Key] = {(one.rule, one.subject) for one in ours}
        found = []
        for (gateway, rule, subject), word in self.words.items():
            if word.alarm.state != "firing":
                continue
            if (rule, subject) in seen:
                word.answered = True
            link = links.get(gateway)
            away = link is None or not link.connected
            if away:
                word.leased_ms = now_ms + LEASE_MS
            if word.answered or now_ms > word.leased_ms:
                continue
            if not word.shown:
                wait_ms = delays[rule].hold_ms + GRACE_MS if rule in delays else 0
                settled = Change(word.alarm.at_ms, word.heard_ms).settled(now_ms, behind)
                word.shown = settled and not away and now_ms - word.first_ms >= wait_ms
            if word.shown:
                watch, zone = alarms.WATCHED.get(rule), word.alarm.zone
                severity = OTHERS if watch is None else watch.severity
                params = _params(gateway, word.alarm)
                found.append(Condition(rule, subject, zone, severity, params, sustain=away, held=True))
        return found


def _params(gateway: str, alarm: Alarm) -> dict[str, Param]:
    """The figures, as our own rules tell them, and whose word it is. A gateway sends numbers only."""
    params: dict[str, Param] = {**alarm.params, "gateway": gateway, "since_ms": alarm.since_ms}
    watch = alarms.WATCHED.get(alarm.rule)
    if watch is not None and watch.unit:
        high = alarm.params.get("value", 0.0) >= alarm.params.get("limit", 0.0)
        params |= {"unit": watch.unit, "side": "high" if high else "low"}
    if alarm.rule == "temperature_breach":
        params["why"] = CAUSES.get(round(alarm.params.get("why", 0.0)), "")
    if alarm.rule == "device_silent":
        params["state"] = "offline" if params.pop("offline", 0) else "silent"
    return params


def with_delays(own: Mapping[str, Delays], conditions: Iterable[Condition]) -> dict[str, Delays]:
    """The delays of our rules, and none for rules that only a gateway has: it has waited already."""
    return {**{one.rule: Delays(0, 0) for one in conditions}, **own}
