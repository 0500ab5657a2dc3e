"""English."""

from __future__ import annotations

from cloud.alerts.words import Language, Words

_RULES: dict[str, Words] = {
    "zone_temperature": Words(
        "Temperature out of range",
        "Close the door, see that the cooling runs, and move what must stay cold if it does not come back.",
        ("{value}, limit {limit}",),
        (("high", "Temperature above limit"), ("low", "Temperature below limit")),
    ),
    "zone_humidity": Words(
        "Humidity out of range",
        "Look for an open door, a leak or a wet floor.",
        ("{value}, limit {limit}",),
        (("high", "Humidity above limit"), ("low", "Humidity below limit")),
    ),
    "device_silent": Words(
        "Device is silent",
        "See whether it has power and a link; a battery may be empty.",
        ("{state}", "last heard {last_seen_ms}"),
    ),
    "device_sick": Words(
        "A sensor needs care",
        "Look at it when you pass by; what it measures may be wrong.",
        ("{finding}", "{remedy}", "for {hours} h"),
    ),
    "gateway_silent": Words(
        "Gateway is silent",
        "See whether it has power and network. It keeps what it hears meanwhile.",
        ("last heard {last_seen_ms}",),
    ),
    "incomplete": Words(
        "Reports of a gateway are missing",
        "Run `python -m cloud completeness`; it says what is missing and why.",
        ("{missing} not here",),
    ),
    "refrigeration_capacity": Words(
        "Refrigeration is losing capacity",
        "Have it serviced before the room gets warm; clean its coil and look at the fan first.",
        (
            "{capacity_lost_pct} % of its cooling lost",
            "since {loss_since_ms}",
            "at its limit in {days_to_limit} days",
            "({days_low} to {days_high})",
            "runs {duty} of the time, {duty_expected} expected",
        ),
    ),
    "stock_differs": Words(
        "The book is wrong",
        "Count the slot, and correct the book.",
        ("book {booked}", "really {count}", "between {low} and {high}"),
    ),
    "stock_out": Words(
        "Out of stock",
        "See whether more is on its way, or order.",
        ("{on_order} on order", "{daily_demand} wanted a day"),
    ),
    "stock_unknown": Words(
        "Stock can not be counted",
        "Look at the slot, and take away what does not belong there.",
        ("{reason}", "{remedy}"),
    ),
    "outbox_full": Words(
        "A gateway's outbox is nearly full",
        "Bring its link to the service back; it thins readings when it is full, never events.",
        ("{used_pct} % used",),
    ),
    "not_acknowledging": Words(
        "A gateway can store nothing",
        "Look at its disk now: it is full, read-only or broken. Devices keep what they can.",
    ),
    "broker_away": Words("A gateway hears no broker", "See whether the MQTT broker runs and its network is there."),
    "clock_wrong": Words(
        "A gateway's clock is wrong", "Set its clock, and let it follow a time server.", ("{off_s} s off",)
    ),
    "service_away": Words(
        "A gateway was without the service",
        "It goes on by itself and sends what it kept when the link is back; look at the link.",
        ("{backlog} reports wait",),
    ),
}

_CODES: dict[str, str] = {
    "silent": "silent",
    "offline": "switched off, or cut off",
    "stuck": "stuck at one value",
    "drift": "drifting",
    "noise": "noisy",
    "battery": "battery near its end",
    "battery_low": "battery near its end",
    "restart_device": "restart it",
    "foreign_object": "something else lies there",
    "look": "have a look",
}

_PHRASES: dict[str, str] = {
    "urgent": "URGENT: ",
    "critical": "",
    "news": "",
    "digest": "Since you were told last: ",
    "again": "Still open: ",
    "over": "Over: ",
    "assigned": "For you: ",
    "tuning": "To be tuned: ",
    "test": "Test: ",
    "where": "{what} - {where}",
    "many": "{n} alerts: {first}",
    "severity.1": "critical",
    "severity.2": "serious",
    "severity.3": "minor",
    "how_bad": "{figures}. Severity {severity}.",
    "bare": "Severity {severity}.",
    "since": "Since {when} ({ago}).",
    "advice": "What to do: {advice}",
    "next": "Nobody has taken it on yet, so you are asked too.",
    "over_text": "Nothing is left to do. Thank you.",
    "over_ago": "It began {when} and is over.",
    "group": "{n} x {what}: {subjects}",
    "one": "{what}: {subjects}",
    "more": "and {n} more",
    "listed": "- {line}, since {when}",
    "link": "I take it on: {url}",
    "no_link": "Take it on in the dashboard, page Alerts.",
    "assigned_text": "{by} asks you to see to it.",
    "assigned_note": "{by} asks you to see to it: {note}",
    "tuning_title": "rule {rule}",
    "tuning_text": "People found {precision} % of its alerts right; at least {floor} % are wanted. "
    "Until it is tuned (in the site file, under [tuning]) it is shown and not told.",
    "tuning_safety": "People found {precision} % of its alerts right; at least {floor} % are wanted. "
    "Please tune it (in the site file, under [tuning]). It goes on being told, as it is about safety.",
    "test_title": "can you read this?",
    "test_text": "This is a test of your notices from {site}. Nothing is wrong, and nothing is to be done.",
    "again_maybe": "(You may have had this message before: the service stopped while it was sent.)",
    "minutes": "{n} min",
    "hours": "{n} h",
    "days": "{n} d",
    "now": "just now",
    "list": ", ",
    "never": "never",
    "page.title": "Take on an alert",
    "page.ask": "{name}, do you take this on?",
    "page.button": "I take it on",
    "page.hint": "The others are then not called any more.",
    "page.done": "Thank you, {name}. It is yours; the others are not called any more.",
    "page.taken": "{by} has taken it on already. Thank you for looking.",
    "page.over": "It is over already. Nothing is left to do. Thank you.",
    "page.used": "This link was used already. What it was for is done.",
    "page.old": "This link is too old. Please open the dashboard.",
    "page.unknown": "This link is not one of ours, or it was cut in two. Please open the dashboard.",
    "page.many": "Too many tries. Please wait a few minutes.",
    "page.later": "That can not be stored just now. Please tap once more in a minute.",
}

ENGLISH = Language(_RULES, _CODES, _PHRASES)
