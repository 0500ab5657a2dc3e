"""With which codes the writes of each room may be refused, beside those of every route: see cloud/web/problems.py."""

from __future__ import annotations

EVERY = ("bad_request", "unknown", "unavailable", "broken")
"""Of every route."""
SIGNED_IN = ("signed_out", "forbidden", "change_password")
"""Of every route that somebody has to be signed in for."""
WRITE = ("cross_site", "too_slow", "too_large", "key_used", "told_once", "changed", "conflict", "unfit", "other_user")
"""Of every write."""
FORM = ("cross_site", "too_slow", "too_large")
"""Of what is asked for by a form."""

BOOK = (
    "expiry", "held", "lot", "of_order", "quarantine", "ref", "reserved", "same_place", "short", "sign", "taken_back",
    "takes_back", "time", "unit_cost", "units", "unknown_entry", "unknown_lot", "unknown_sku", "unknown_slot",
    "unusable", "weighed",
)  # fmt: skip
COUNT = ("unknown_place", "not_counted", "other_place", *BOOK)
APPROVE = ("not_waiting", "own_count", *COUNT)
RESERVE = ("unknown_sku", "unknown_tier", "no_units", "not_enough", "members_only", "too_late")
END = ("reservation_over", "not_so_many", "of_work", *BOOK)

DRAFT = (
    "unknown_supplier", "no_offer", "not_a_lot", "discontinued", "unknown_sku", "sku_twice", "units", "no_lines",
    "price", "due",
)  # fmt: skip
STEP = (
    "above_limit", "below_received", "date", "dates_only", "declined", "discontinued", "due", "in_transit",
    "more_than_ordered", "need_over", "no_key", "no_lines", "no_offer", "no_such_line", "no_such_order", "not_a_lot",
    "not_allowed", "not_now", "nothing", "nothing_left", "older", "outside", "price", "sku_twice", "suspended", "time",
    "too_many", "too_many_keys", "units", "unknown_action", "unknown_sku",
)  # fmt: skip
RECEIVE = (*STEP, "no_reason", *(one for one in BOOK if one not in STEP))
NEED = (
    "above_limit", "another_need", "discontinued", "managed", "no_offer", "not_a_lot", "not_now", "observed", "ordered",
    "suspended", "units", "unknown_sku", "need_over",
)  # fmt: skip
DRAFT_NEEDS = ("sku_twice", *NEED)
SNOOZE = ("ordered", "date")
OFFERS = ("discontinued", "managed", "no_offer", "observed", "ordered", "another_need", "unknown_sku")
PAPER = (
    "no_mailbox", "other_standard", "no_such_paper", "not_written", "not_sent", "no_change", "no_events",
    "other_supplier", "not_now",
)  # fmt: skip
PLAN = (
    "date", "discontinued", "no_bounds", "no_offer", "not_a_lot", "not_yours", "outside", "sku_twice", "suspended",
    "too_many", "two_plans", "units", "due", "price", "no_lines",
)  # fmt: skip
HEAR = (
    "contradiction", "line_twice", "no_mailbox", "no_number", "no_quantity", "not_expected", "not_original", "not_read",
    "on_hold", "other_receiver", "other_sender", "other_version", "quantity", "substituted", "test", "two_lines",
    "unit", "unknown", "unknown_code", "unsafe", *STEP,
)  # fmt: skip

OPEN_WORK = ("unknown_asset", "unknown_person", "unknown_sku", "sku_twice", "untitled", "window", "work_open", "units",
             "too_many_parts")  # fmt: skip
STEP_WORK = (
    "below_taken", "no_note", "no_outcome", "no_rule", "not_now", "not_there", "not_wanted", "nothing", "say_used",
    "sku_twice", "too_many_parts", "units", "unknown_person", "unknown_sku", "untitled", "verdict_stands", "window",
    *(one for one in BOOK if one not in ("units", "unknown_sku")),
)  # fmt: skip
JUDGE = ("no_rule", "verdict_stands")
DECIDE = ("comment", "nothing_aside", "decided", "unknown_line")
ASKED = ("no_answer", "no_gateway", "strange_answer", "too_large")
SCORE = ("measured", "mark")
