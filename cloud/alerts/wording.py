"""A notice as a person reads it: what, where, how bad, since when, with its figures, and what to do; in their language.

Short enough for a phone: one alert is told whole, many by what is wrong and where, the worst first. Pure: the local
time zone, the names of things and the time come in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import NamedTuple

from cloud.alerts.lifecycle import CRITICAL, Alert
from cloud.alerts.notices import Notice
from cloud.alerts.words import Language, Words
from cloud.alerts.words.en import ENGLISH
from cloud.alerts.words.zh import CHINESE
from cloud.core.view import Param

LANGUAGES: dict[str, Language] = {"en": ENGLISH, "zh": CHINESE}
SHARES = ("duty", "duty_expected")
UNITS = {"Cel": "°C", "%RH": "%", "1": ""}
GROUPS_MAX, SUBJECTS_MAX = 10, 3
"""A message lists so many groups of alerts, and names so many of each."""
TITLE_MAX, FIGURE_MAX = 120, 200
FIELD = re.compile(r"\{(\w+)\}")


class Text(NamedTuple):
    """A message: one line, and what follows it."""

    title: str
    body: str


class Place(NamedTuple):
    """Where messages come from: the site's name, its time zone, what a person calls a zone, device, SKU or slot, and
    the money there."""

    site: str
    timezone: tzinfo
    name: Callable[[str], str]
    currency: str = ""


def say(notice: Notice, alerts: Mapping[int, Alert], place: Place, language: str, now_ms: int) -> Text:
    """The words of a notice about alerts; those that are not known any more are counted."""
    tongue = LANGUAGES[language]
    known = [alerts[one] for one in notice.alerts if one in alerts]
    number = len(notice.alerts) + notice.more
    phrases = tongue.phrases
    urgent = any(one.severity <= CRITICAL for one in known) and notice.kind != "over"
    head = (phrases["urgent"] if urgent else "") + phrases[notice.kind]
    first = _what(tongue, place, known[0]) if known else ""
    what = first if number == 1 else phrases["many"].format(n=number, first=first)
    lines = [_one(tongue, place, known[0], notice, now_ms)] if number == 1 and known else []
    if number > 1:
        lines += _many(tongue, place, known, number, now_ms)
        if known and notice.kind != "over":
            lines.append(phrases["advice"].format(advice=_words(tongue, known[0]).advice))
    if notice.kind == "over":
        lines.append(phrases["over_aside" if any(one.params.get("undecided") for one in known) else "over_text"])
    elif notice.step and notice.kind == "critical":
        lines.append(phrases["next"])
    return Text(f"{head}{what} [{place.site}]"[:TITLE_MAX], "\n".join(lines))


def title(alert: Alert, place: Place, language: str) -> str:
    """What is wrong, and where."""
    return _what(LANGUAGES[language], place, alert)


def figures(alert: Alert, place: Place, language: str, now_ms: int) -> str:
    """The figures of an alert, "" where it has none."""
    return _figures(LANGUAGES[language], place, alert, now_ms)


def plain(language: str, phrase: str, **given: object) -> str:
    """One of the phrases of a language."""
    return LANGUAGES[language].phrases[phrase].format(**given)


def _one(tongue: Language, place: Place, alert: Alert, notice: Notice, now_ms: int) -> str:
    phrases, when = tongue.phrases, _clock(place, alert.since_ms, now_ms)
    if notice.kind == "over":
        return phrases["over_ago"].format(when=when)
    told = _figures(tongue, place, alert, now_ms)
    severity = phrases[f"severity.{alert.severity}"]
    bad = phrases["how_bad" if told else "bare"].format(figures=told, severity=severity)
    since = phrases["since"].format(when=when, ago=_ago(tongue, now_ms - alert.since_ms))
    swings = [phrases["swings"]] if alert.comes_and_goes else []
    return "\n".join([bad, since, *swings, phrases["advice"].format(advice=_words(tongue, alert).advice)])


def _many(tongue: Language, place: Place, known: Sequence[Alert], number: int, now_ms: int) -> list[str]:
    """A line a rule and zone, the worst first."""
    groups: dict[tuple[str, str], list[Alert]] = {}
    for alert in sorted(known, key=lambda one: (one.severity, one.since_ms, one.id)):
        groups.setdefault((alert.rule, alert.zone), []).append(alert)
    phrases, lines, listed = tongue.phrases, [], 0
    for (_, zone), alerts in [*groups.items()][:GROUPS_MAX]:
        names = [place.name(one.subject) for one in alerts[:SUBJECTS_MAX]]
        rest = len(alerts) - len(names)
        subjects = phrases["list"].join(names) + (" " + phrases["more"].format(n=rest) if rest else "")
        told = _figures(tongue, place, alerts[0], now_ms) if len(alerts) == 1 else ""
        if zone and zone != alerts[0].subject:
            subjects += f" ({place.name(zone)})"
        what = _titled(tongue, alerts[0])
        line = phrases["group" if len(alerts) > 1 else "one"].format(n=len(alerts), what=what, subjects=subjects)
        line += f": {told}" if told else ""
        lines.append(phrases["listed"].format(line=line, when=_clock(place, alerts[0].since_ms, now_ms)))
        listed += len(alerts)
    if listed < number:
        lines.append("- " + phrases["more"].format(n=number - listed))
    return lines


def _what(tongue: Language, place: Place, alert: Alert) -> str:
    where = place.name(alert.subject)
    if alert.zone and alert.zone != alert.subject:
        where += f" ({place.name(alert.zone)})"
    return tongue.phrases["where"].format(what=_titled(tongue, alert), where=where)


def _titled(tongue: Language, alert: Alert) -> str:
    words = _words(tongue, alert)
    return dict(words.sides).get(str(alert.params.get("side")), words.title)


def _words(tongue: Language, alert: Alert) -> Words:
    """A rule of a gateway that this version does not know is told by its name."""
    return tongue.rules.get(alert.rule) or Words(alert.rule.replace("_", " "), tongue.codes["look"])


def _figures(tongue: Language, place: Place, alert: Alert, now_ms: int) -> str:
    told = []
    for templates in _words(tongue, alert).figures:
        for template in templates.split("|"):
            values = {name: _figure(tongue, place, alert.params, name, now_ms) for name in FIELD.findall(template)}
            if all(values.values()):
                told.append(template.format(**values))
                break
    return tongue.phrases["list"].join(told)[:FIGURE_MAX]


def _figure(tongue: Language, place: Place, params: Mapping[str, Param], name: str, now_ms: int) -> str:
    """A param in words, "" where there is none."""
    value = params.get(name)
    if value is None or value == "":
        return ""
    if isinstance(value, str):
        code = value.rpartition("/")[2] if name == "feature" else value  # a feature of a channel: "1/power_w"
        return tongue.codes.get(code) or place.name(code).replace("_", " ")
    if name in SHARES:
        return f"{100 * value:.0f}%"
    if name.endswith("_ms"):
        return _clock(place, int(value), now_ms) if value > 0 else tongue.phrases["never"]
    digits = f"{value:.0f}" if abs(value) >= 100 else f"{value:.2f}" if abs(value) < 1 else f"{value:.1f}"
    shown = digits.rstrip("0").rstrip(".") if "." in digits else digits
    unit = str(params.get("unit") or "") if name in ("value", "limit") else ""
    if name == "value" and "unit" not in params:
        unit = place.currency
    unit = UNITS.get(unit, unit)
    return f"{shown} {unit}" if unit else shown


def _clock(place: Place, at_ms: int, now_ms: int) -> str:
    """The time of day at the site, with the day where it is not today's."""
    then, now = (datetime.fromtimestamp(one / 1000, place.timezone) for one in (at_ms, now_ms))
    return f"{then:%H:%M}" if then.date() == now.date() else f"{then:%Y-%m-%d %H:%M}"


def _ago(tongue: Language, passed_ms: int) -> str:
    minutes = max(0, passed_ms) // 60_000
    if not minutes:
        return tongue.phrases["now"]
    if minutes < 120:
        return tongue.phrases["minutes"].format(n=minutes)
    hours = minutes // 60
    return tongue.phrases["hours"].format(n=hours) if hours < 48 else tongue.phrases["days"].format(n=hours // 24)
