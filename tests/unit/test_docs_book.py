"""docs/book.md says what the book does: every table and worked example is the code's."""

from __future__ import annotations

import re
from typing import get_args

import msgspec
from msgspec.structs import replace

from cloud.core.book import accounts, audit, lots, state
from cloud.core.book.accounts import Terms
from cloud.core.book.entries import NO_CLAIM, Entry, Kind, sensed
from cloud.core.book.positions import Position, doubt
from cloud.core.counting import accuracy, causes, course, findings, rounds
from cloud.core.kpis import definitions, stale
from cloud.core.promising import free, reservations
from cloud.desks import counts, figures, promises
from cloud.web import stockroom
from cloud.web.figures import Figures
from cloud.web.stockroom import Stockroom
from cloud.web.writes import REPLIES_MAX
from protocols.layout import Sku
from protocols.reports import SlotLevel
from protocols.trade import Costing, Tier
from tests import house
from tests.depot import DAY_MS, HOUR_MS, NOON_MS
from tests.unit import shop
from tests.unit.pages import anchors, fields_of, tables, told

TEXT = shop.page("book")
OF_ALERTS = ("alerting", "channelling", "crewing", "crews", "delivering", "front", "gateways", "occasions")
"""Desks whose room is cloud/alerts/, and those that need none."""
SAID = " ".join(TEXT.split())
FACTS = tables(TEXT, "kind")[0]


def test_every_kind_and_field_of_a_fact_is_told() -> None:
    assert [row[0] for row in FACTS] == [*get_args(Kind)]
    assert told(tables(TEXT, "field")[0]) == fields_of(stockroom.Fact)


def test_what_is_known_later_changes_the_difference_of_a_count_and_not_the_stock() -> None:
    by = Terms()
    facts = [
        Entry("receipt", "tea", 20, NOON_MS, NOON_MS, id=1),
        Entry("count", "tea", 18, NOON_MS + 2 * DAY_MS, NOON_MS + 2 * DAY_MS, id=2),
    ]
    late = Entry("pick", "tea", -2, NOON_MS + DAY_MS, NOON_MS + 3 * DAY_MS, id=3)
    assert "Say a store room holds 20, somebody counts 18 on Wednesday" in SAID

    def differs(entries: list[Entry]) -> int:
        seen = course.course(entries, by, "", NOON_MS, NOON_MS + 3 * DAY_MS, {2})
        found = findings.judge(18, NOON_MS + 2 * DAY_MS, seen.at, findings.Terms("tea", "", 1.0))
        assert isinstance(found, findings.Finding)
        return found.difference

    ordered = [facts[0], late, facts[1]]
    assert (differs(facts), differs(ordered)) == (-2, 0)
    assert accounts.fold(facts, by).on_hand == accounts.fold(ordered, by).on_hand == 18


def test_the_layers_of_the_example_cost_what_is_shown() -> None:
    rows = {row[0]: (float(row[1]), float(row[2])) for row in tables(TEXT, "costing")[0]}

    assert {*rows} == {*get_args(Costing)}
    for costing in get_args(Costing):
        facts = [
            Entry("receipt", "tea", 10, 1, 1, unit_cost=1.0, id=1),
            Entry("receipt", "tea", 10, 2, 2, unit_cost=1.5, id=2),
            Entry("pick", "tea", -12, 3, 3, id=3),
        ]
        account = accounts.fold(facts, Terms(costing))
        assert (account.flows.goods, account.value) == rows[costing], costing


def test_the_worked_example_of_protection_is_right() -> None:
    tiers = [Tier(one, one) for one in ("gold", "silver", "public")]
    sku = Sku("tea", "Tea", 60.0, protected={"gold": 4, "silver": 3})
    held = [
        [],
        [reservations.Reservation("tea", 3, "gold", "", NOON_MS, id=1)],
        [
            reservations.Reservation("tea", 3, "gold", "", NOON_MS, id=1),
            reservations.Reservation("tea", 5, "silver", "", NOON_MS, id=2),
        ],
    ]

    shown = [[int(cell) for cell in row[1:]] for row in tables(TEXT, "then")[0]]

    assert shown == [
        [
            free.free(Position(10, reservations.reserved(some, "tea")), sku, tiers, some, one.id, [(1, 10)], NOON_MS)
            for one in tiers
        ]
        for some in held
    ]


def test_the_words_of_a_position_are_those_of_the_code() -> None:
    words = [row[0] for row in tables(TEXT, "word")[0]]

    assert {*words} == {*Position.__struct_fields__, "available", "projected"}
    assert "available = on_hand - reserved - quarantined - doubtful\n" in TEXT
    assert "projected = available - perishing + likely + on_order + in_transit\n" in TEXT
    position = Position(100, 1, 2, 4, 8, 64, 16, 32)
    assert (position.available, position.projected) == (100 - 1 - 2 - 16, 100 - 1 - 2 - 16 - 64 + 32 + 4 + 8)


def test_the_worked_example_of_doubt_is_right() -> None:
    facts = [
        sensed("A1", "tea", 10, 10, 1, 1, "first"),
        Entry("count", "tea", 8, 2, 2, "A1", other=NO_CLAIM, id=1),
        sensed("A1", "tea", -6, 4, 4, 4, "weight"),
    ]
    unknown = SlotLevel("A1", "tea", None, 3, 12, 0.4, 1.0, 1)
    levels = [unknown, unknown, replace(unknown, low=0, high=5), replace(unknown, count=4, low=4, high=4)]
    shown = [[int(cell) for cell in row[1:]] for row in tables(TEXT, "it happens")[0]]

    for row, level, known in zip(shown, levels, (1, 2, 2, 3), strict=True):
        account = accounts.fold(facts[:known], Terms(slots=frozenset(["A1"])))
        at = Position(account.on_hand, **doubt("tea", account, ["A1"], {"A1": level})._asdict())
        assert [at.on_hand, at.doubtful, at.likely, at.available, at.projected] == row


def test_the_checks_are_those_of_the_audit() -> None:
    assert told(tables(TEXT, "check")[0]) == audit.CHECKS


def test_the_key_figures_are_those_of_the_code() -> None:
    shown = [[*row[:5], row[5].replace("\\|", "|")] for row in tables(TEXT, "id")[0]]

    assert shown == [
        [one.id, one.unit, one.better, str(one.days or "now"), one.meaning, one.formula]
        for one in definitions.DEFINITIONS.values()
    ]
    assert told(tables(TEXT, "why not")[0]) == definitions.REASONS
    assert [row[0] for row in tables(TEXT, "act")[0]] == [*get_args(stale.Act)]


def test_the_reasons_causes_and_figures_of_counts_are_those_of_the_code() -> None:
    assert {row[0]: float(row[1]) for row in tables(TEXT, "reason")[0]} == rounds.POINTS
    assert {row[0] for row in tables(TEXT, "cause")[0]} == set(get_args(causes.Code))
    assert {row[0]: row[1].replace("\\|", "|") for row in tables(TEXT, "figure")[0]} == accuracy.METRICS


def test_the_routes_are_those_of_the_code_with_their_rights_and_bodies() -> None:
    nobody = object()
    routes = [*Stockroom(nobody, nobody, nobody, lambda: 0).routes(), *Figures(nobody).routes()]  # type: ignore[arg-type]
    expected = {f"{one.method} {one.path}": one.right or "none" for one in routes}
    table = tables(TEXT, "method")[0]

    assert {row[0]: row[1] for row in table} == expected | {"GET /public/{link}": "none"}
    bodies: dict[str, type[msgspec.Struct]] = {
        "POST /api/v1/counts": stockroom.Counted,
        "POST /api/v1/reservations": stockroom.Wish,
    }
    shown = {row[0]: row[2] for row in table if row[0].startswith("POST")}
    for address, body in bodies.items():
        fields = [f"`{one.name}{'' if one.required else '?'}`" for one in msgspec.structs.fields(body)]
        assert sorted(f"`{one.strip(' `')}`" for one in shown.pop(address).split(",")) == sorted(fields)
    assert shown == {
        "POST /api/v1/book": "[a fact](#facts)",
        "POST /api/v1/reservations/{id}/pick": "nothing",
        "POST /api/v1/reservations/{id}/release": "nothing",
    }
    assert set(re.findall(r"\]\(#([\w-]+)\)", TEXT)) <= anchors(TEXT)


def test_the_map_shows_every_desk_and_its_rooms() -> None:
    table = tables(shop.page("architecture"), "room of the service")[0]
    desks = {name for row in table for name in re.findall(r"`?(\w+)`?", row[2].partition(":")[2] or row[2])}
    folder = house.ROOT / "cloud"

    assert desks - {"cloud", "planner", "py", "plans"} == {path.stem for path in (folder / "desks").glob("*.py")} - {
        "__init__", "trade", "refusing", "people", *OF_ALERTS,
    }  # fmt: skip
    assert all(f"`{one}`" in shop.page("architecture") for one in OF_ALERTS)
    assert all((folder / "core" / row[0] / "__init__.py").exists() for row in table)


def test_the_figures_are_those_of_the_code() -> None:
    rhythm = rounds.Rhythm()
    for said in (
        f"after {state.LAPSE_MS // DAY_MS} days it stays as it is",
        f"or {accounts.SEEN_MS // DAY_MS} days after",
        f"within {', '.join(str(one) for one in lots.HORIZONS_DAYS[:-1])} and {lots.HORIZONS_DAYS[-1]} days",
        f"at most {rhythm.most_a_day} places",
        f"from {rhythm.doubt_from} on",
        "{:g} days for class A, {:g} for B, {:g} for C".format(*rounds.DAYS.values()),
        f"or `unexplained` after {rhythm.again_days:g} days",
        f"up to {findings.Tolerance().share:.0%} of what was expected".replace("%", " %"),
        f"within {causes.WINDOW_MS // 60_000} minutes",
        f"(below {causes.SURE:.0%})".replace("%", " %"),
        f"the last {counts.FINDINGS_MAX:,} counts",
        f"the last {REPLIES_MAX:,} are remembered",
        f"at most {audit.SHOWN_MAX} findings",
        f"within {stale.RETURN_DAYS} days",
        f"at {stale.RETURNED:.0%} of their cost".replace("%", " %"),
        f"will sell within {stale.PATIENCE_DAYS} days",
        f"at {stale.DISCOUNT:.0%} of its cost".replace("%", " %"),
        f"(200, at most {stockroom.BOOK.limit.most:,})",
    ):
        assert said in SAID, said
    assert stockroom.BOOK.limit.default == 200
    assert rhythm.due_share == 0.25
    assert promises.ASK_MS == 10_000
    assert (accounts.TOLD_MS, causes.ELSEWHERE_MS, figures.EVERY_MS) == (DAY_MS, DAY_MS, HOUR_MS // 60)
    assert figures.LOOK_MS == 2_000
