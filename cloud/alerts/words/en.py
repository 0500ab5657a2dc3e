"""English: the rules."""

from __future__ import annotations

from cloud.alerts.words import Language, Words
from cloud.alerts.words.phrases_en import CODES, PHRASES

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
    "gateway_silent": Words(
        "Gateway is silent",
        "See whether it has power and network. It keeps what it hears meanwhile.",
        ("last heard {last_seen_ms}",),
    ),
    "goods_aside": Words(
        "Goods wait for a signature",
        "Look at the excursion under Cold chain, and sign for each lot: release it, or scrap it.",
        (
            "{units} units of {lots} lots",
            "set aside {aside_ms}",
        ),
    ),
    "room_unwatched": Words(
        "Nobody sees how warm a room is",
        "Measure it by hand now; then see to its thermometers: power, battery, link.",
        (
            "{lots} lots there",
            "last heard {heard_ms}",
        ),
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
            "{capacity_lost_pct}% of its cooling lost",
            "at its limit in {days_mid} days ({days_low} to {days_high})|at its limit in {days_low} days or later",
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
        ("{used_pct}% used",),
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
        ("{silent_s} s without a word", "{backlog} reports wait"),
    ),
    "below_reorder_point": Words(
        "Below the reorder point",
        "See why nobody has ordered it yet; approve the need, or order.",
        (
            "{projected} there or coming, reorder point {reorder_point}",
            "lasts {cover_days} days",
            "{risk_pct}% risk to run out",
            "{on_order} on order",
            "{daily_demand} wanted a day",
            "{on_hand} on hand",
        ),
    ),
    "backlog": Words(
        "Much waits in the service",
        "See why the store or the link is slow; what waits is safe until the limit.",
        (
            "{used_pct}% used",
            "{waiting} of {most} wait",
        ),
    ),
    "battery_low": Words(
        "Battery is nearly empty",
        "Change it on the next round.",
        (
            "{battery_pct}% left",
            "empty in about {days} days",
            "{finding}",
        ),
    ),
    "disk_low": Words(
        "The disk is nearly full",
        "Make room, or shorten what is kept; a full disk stores nothing.",
        (
            "{used_pct}% used",
            "{free_mb} MB free",
            "lasts {days_left} days",
        ),
    ),
    "door_open": Words(
        "A door stands open",
        "Close it; goods warm up.",
        (
            "open since {open_ms}",
            "open for {open_min} min",
        ),
    ),
    "expiry": Words(
        "Goods will not sell before their day",
        "Sell or move them first; take out what has expired.",
        (
            "lot {lot}",
            "{units} units, {days} days left",
            "{expired} expired",
            "{at_stake} at stake",
            "worth {value}",
            "{lots} lots",
        ),
    ),
    "forecast_off": Words(
        "The forecast was off",
        "Look what changed: a price, a season, a customer.",
        (
            "{told} told, {came} came",
            "{off_pct}% off in {days} days",
            "{skus} SKUs like it",
        ),
    ),
    "machine_health": Words(
        "A machine runs unlike it did",
        "Plan its service before it stops.",
        (
            "{fault}",
            "health {health_pct}%",
            "{feature} {value}, usually {normal_low} to {normal_high}",
            "about {days_mid} days left ({days_low} to {days_high})|at least {days_low} days left",
        ),
    ),
    "misplaced_item": Words(
        "Goods lie where they do not belong",
        "Bring them back to their slot.",
        (
            "{units} x {name}",
            "belongs in {slot_zone}",
            "{tags} tags",
        ),
    ),
    "overstock": Words(
        "Far too much in stock",
        "Order less; perhaps a neighbour can use some.",
        (
            "{available} there, {order_up_to} would do",
            "{over_units} too many",
            "lasts {cover_days} days",
            "worth {value}",
        ),
    ),
    "reader_read_rate": Words(
        "A reader hears less than it did",
        "Look at its antennas and cables; tags will seem to be gone.",
        (
            "{fault}",
            "{reads_min} reads a minute, usually {usual_reads_min}",
            "health {health_pct}%",
            "antenna {antenna}",
        ),
    ),
    "refrigeration_fault": Words(
        "Something is wrong with a cooler",
        "Have it looked at before the room gets warm.",
        (
            "{fault}",
            "health {health_pct}%",
            "about {days_mid} days left ({days_low} to {days_high})|at least {days_low} days left",
            "runs {duty} of the time",
        ),
    ),
    "sensor_drift": Words(
        "A sensor drifts",
        "Compare it with a good one; its values are off by more and more.",
        (
            "{finding}",
            "{remedy}",
            "{per_day} a day",
        ),
    ),
    "sensor_noisy": Words(
        "A sensor is noisy",
        "Look at its plug, its cable and how it is mounted.",
        (
            "{finding}",
            "{remedy}",
            "{times} times as noisy",
        ),
    ),
    "sensor_silent": Words(
        "A channel of a device is silent",
        "Look at its plug and cable.",
        (
            "{finding}",
            "{remedy}",
            "for {minutes} min",
        ),
    ),
    "sensor_stuck": Words(
        "A sensor is stuck",
        "Restart or replace it; what it should warn of would not be seen.",
        (
            "{finding}",
            "{remedy}",
            "for {hours} h",
        ),
    ),
    "shrinkage": Words(
        "Goods go missing again and again",
        "Look who and what comes by there; count more often.",
        (
            "{units} lost in {days} days, in {times} times",
            "counting errors explain {usual_units}",
            "worth {value}",
            "at {slot}",
        ),
    ),
    "supplier_late": Words(
        "A supplier is late",
        "Ask it when the goods come, before somebody waits for them.",
        (
            "{days_late} days late",
            "{orders} orders, the oldest {order}",
            "{units} units",
            "{skus} SKUs, {sku} first",
        ),
    ),
    "temperature_ahead": Words(
        "A room is on its way to its limit",
        "Close the door or move the goods: there is still time.",
        (
            "{celsius} °C, limit {limit_c} °C",
            "in about {to_limit_min} min",
            "{lots} lots there",
        ),
    ),
    "temperature_breach": Words(
        "Goods were too warm or too cold",
        "Keep them apart; somebody has to say what becomes of them.",
        (
            "{celsius} °C, limit {limit_c} °C",
            "at worst {peak_c} °C",
            "outside for {outside_min} min",
            "{why}",
            "{lots} lots there, {undecided} undecided",
            "also outside: {also}",
        ),
        (
            ("high", "Goods were too warm"),
            ("low", "Goods were too cold"),
        ),
    ),
    "temperature_excursion": Words(
        "Room outside its limits",
        "Close the door, see that the cooling runs. The goods bear it still.",
        (
            "{celsius} °C, limit {limit_c} °C",
            "at worst {peak_c} °C",
            "outside for {outside_min} min",
            "{lots} lots there",
            "also outside: {also}",
        ),
        (
            ("high", "Room too warm"),
            ("low", "Room too cold"),
        ),
    ),
    "theft": Words(
        "Goods left, and nobody picked them",
        "Go and look at the gate; ask who came by.",
        (
            "{units} x {name}",
            "through {gate}, {left_ms}",
            "{picked} were picked",
        ),
    ),
    "zone_dark": Words(
        "Many devices fell silent at once",
        "See whether the power or the network is off there.",
        (
            "{devices} of {of} devices",
            "since {lost_ms}",
            "through {through}",
        ),
    ),
    "work_overrun": Words(
        "Planned work is not done in its time",
        "Ask whoever is there; alerts there reach people again.",
        (
            "order {order}",
            "{late}",
            "was to end {until_ms}",
            "by {assigned_to}",
        ),
    ),
    "rule_asks_tuning": Words(
        "A rule is wrong too often",
        "Tune it in the site file, under [tuning]; until then it is shown and told to nobody, then it is judged anew.",
        (
            "{right} right, {wrong} wrong",
            "right in at most {high} of cases, {floor} is wanted",
        ),
    ),
}

ENGLISH = Language(_RULES, CODES, PHRASES)
