"""Editing the site file: what an edit makes of it, what it is told when it can not be, and what of the file stays."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cloud.core.site_edit import fields
from cloud.core.site_edit.document import rewritten
from cloud.core.site_edit.editing import Edit, Revised, load, revise
from cloud.core.site_edit.fields import STRUCTS
from cloud.core.site_edit.holding import holds
from cloud.core.view import SkuView
from protocols import layout
from protocols.layout_checks import SiteFlaw
from protocols.revision import revision
from tests.desk import slot as seen
from tests.unit import shop
from tests.unit.pages import blocks

SHOP = blocks(shop.page("site"), "toml")[0][1]
FILE = f"# The shop of Ann.\n{SHOP}\n[[racks]]\nid = 'R1'\nzone = 'aisle' # by the door\nbays = 4\nlevels = 3\n"


def edited(*edits: Edit, text: str = FILE) -> str:
    """The file after these edits."""
    now = load(text, "site.toml")
    after = revise(now, edits)
    assert isinstance(after, Revised), after
    return rewritten(text, edits, after.raw)


def flaws(*edits: Edit) -> list[tuple[str, str]]:
    """Where, and of which kind, what is wrong with these edits is."""
    found = revise(load(FILE, "site.toml"), edits)
    assert isinstance(found, list)
    return [(one.pointer, one.code) for one in found]


def test_a_changed_field_is_the_only_line_that_is_another() -> None:
    after = edited(Edit("slots", "A-1", {"capacity": 40}))

    before = FILE.splitlines()
    changed = [(was, is_) for was, is_ in zip(before, after.splitlines(), strict=True) if was != is_]
    assert changed == [("capacity = 36", "capacity = 40")]


def test_what_is_added_and_removed_leaves_comments_and_order_alone() -> None:
    values = {"id": "A-2", "zone": "aisle", "sku": "insulin", "device": "shelf-1", "channel": "3", "rack": "R1"}
    after = edited(Edit("slots", "A-2", values, new=True), Edit("devices", "pump-1", None))

    assert after.startswith("# The shop of Ann.\n")
    assert "zone = 'aisle' # by the door" in after
    site = layout.parse(after)
    assert [one.id for one in site.slots] == ["A-1", "K-1", "A-2"]
    assert "pump-1" not in site.device_by_id
    assert [line for line in FILE.splitlines() if line not in after.splitlines()] == [
        'id = "pump-1"',
        'kind = "machine"',
    ]


def test_a_field_that_is_left_out_from_now_on_leaves_the_file() -> None:
    after = edited(Edit("zones", "cold", {"max_c": None}))

    assert layout.parse(after).zone_by_id["cold"].max_c is None
    assert "max_c" not in after


def test_a_place_on_the_plan_is_written_as_one_line() -> None:
    area = {"x_m": 0, "y_m": 2.5, "width_m": 12, "depth_m": 8}
    after = edited(Edit("zones", "aisle", {"area": area}))

    assert "area = {x_m = 0.0, y_m = 2.5, width_m = 12.0, depth_m = 8.0}" in after


@pytest.mark.parametrize(
    ("edit", "wrong"),
    [
        (Edit("slots", "A-1", {"capacity": 0}), [("/0/capacity", "wants_whole")]),
        (Edit("slots", "A-1", {"tare_g": "x", "zone": 7}), [("/0/tare_g", "wants_number"), ("/0/zone", "wants_text")]),
        (Edit("slots", "A-1", {"zone": "cellar"}), [("/0/zone", "unlisted")]),
        (Edit("slots", "A-1", {"device": "cold-1"}), [("/0/device", "no_shelf")]),
        (Edit("slots", "A-1", {"channel": "2"}), [("/0/channel", "shared")]),
        (Edit("slots", "A-1", {"capasity": 4}), [("/0/capasity", "unknown_field")]),
        (Edit("slots", "A-1", {"id": "A-9"}), [("/0/id", "fixed_id")]),
        (Edit("slots", "A-1", {"rack": "R1", "bay": 5}), [("/0/bay", "beyond_rack")]),
        (Edit("slots", "A-1", {"rack": "R1", "level": 4}), [("/0/level", "beyond_rack")]),
        (Edit("slots", "K-1", {"rack": "R1"}), [("/0/rack", "other_zone")]),
        (Edit("slots", "A-9", {"capacity": 4}), [("/0", "gone")]),
        (Edit("slots", "A-1", {}, new=True), [("/0/id", "twice")]),
        (Edit("zones", "a b", {"id": "a b"}, new=True), [("/0/id", "wants_text"), ("/0/name", "needed")]),
        (Edit("zones", "z", {"name": "Ki\u202etchen"}, new=True), [("/0/name", "unseen")]),
        (Edit("zones", "z", {"name": "Kit\u200bchen"}, new=True), [("/0/name", "unseen")]),
        (Edit("zones", "z", {"name": "Kitchen\u2028"}, new=True), [("/0/name", "unseen")]),
        (Edit("zones", "cold", {"min_c": 9.0}), [("/0/min_c", "swapped")]),
        (Edit("skus", "insulin", {"gtin": "4012345000000"}), [("/0/gtin", "check_digit")]),
        (Edit("skus", "insulin", {"storage": "warm"}), [("/0/storage", "storage")]),
        (Edit("zones", "cold", None), [("/0", "still_named")]),
        (Edit("skus", "insulin", None), [("/0", "still_named")]),
        (Edit("devices", "shelf-1", None), [("/0", "still_named")]),
    ],
)  # fmt: skip
def test_a_flaw_names_its_field(edit: Edit, wrong: list[tuple[str, str]]) -> None:
    assert sorted(flaws(edit)) == sorted(wrong)


def test_all_that_is_wrong_is_told_at_once() -> None:
    edits = (Edit("slots", "A-1", {"zone": "cellar", "sku": "tea"}), Edit("devices", "cold-1", {"zone": "roof"}))

    assert flaws(*edits) == [("/1/zone", "unlisted"), ("/0/zone", "unlisted"), ("/0/sku", "unlisted")]


def test_an_id_that_is_not_there_is_told_with_all_else_that_is_missing() -> None:
    missing = [("/0/id", "needed"), ("/0/zone", "needed"), ("/0/sku", "needed"), ("/0/device", "needed")]

    assert sorted(flaws(Edit("slots", "", {}, new=True))) == sorted(missing)


def test_a_flaw_of_one_hides_no_other() -> None:
    edits = (Edit("slots", "a b", {"id": "a b", "zone": "cellar"}, new=True), Edit("slots", "A-1", {"zone": "cellar"}))

    assert {("/0/id", "wants_text"), ("/0/sku", "needed"), ("/1/zone", "unlisted")} <= set(flaws(*edits))


def test_a_zone_can_go_together_with_all_that_names_it() -> None:
    gone: list[Any] = [("slots", "K-1"), ("devices", "cold-1"), ("devices", "pump-1"), ("zones", "cold")]

    site = layout.parse(edited(*(Edit(table, name, None) for table, name in gone)))

    assert [one.id for one in site.zones] == ["aisle"]


def test_what_stands_in_the_way_of_a_removal_is_named() -> None:
    found = revise(load(FILE, "site.toml"), [Edit("zones", "cold", None)])

    assert isinstance(found, list)
    assert found[0].detail == (
        "'cold' is named by device cold-1, device pump-1, slot K-1; change or remove these first"
    )


def test_stock_and_orders_of_what_would_go_are_told() -> None:
    before = layout.parse(FILE)
    after = layout.parse(
        edited(Edit("slots", "A-1", None), Edit("slots", "K-1", {"channel": "7"}), Edit("skus", "gloves-m", None))
    )
    lying = [SkuView("gloves-m", "Gloves", 15, 0, 0, None, None, None, None, "ok", reserved=2)]
    slots = [replace(seen(1, 4), id="A-1"), replace(seen(2, 6), id="K-1"), replace(seen(3, 6), id="Z-1")]

    assert [(one.pointer, one.code) for one in holds(before, after, slots, lying, [])] == [
        ("/slots/A-1", "slot_holds"), ("/slots/K-1", "counted_anew"),
        ("/skus/gloves-m", "sku_on_hand"), ("/skus/gloves-m", "sku_reserved"),
    ]  # fmt: skip
    assert holds(before, before, slots, lying, []) == []


def test_every_field_of_the_file_can_be_shown_in_a_form() -> None:
    for table, struct in STRUCTS.items():
        assert [one.name for one in fields.fields(table)] == [*struct.__struct_fields__]
        assert all(fields.wants(one) for one in fields.fields(table))


def test_comments_and_order_of_fields_are_no_other_revision() -> None:
    assert revision(FILE) == revision(
        FILE.replace("# The shop of Ann.", "").replace("bays = 4\nlevels = 3", "levels=3\nbays=4")
    )
    assert revision(FILE) != revision(FILE.replace("bays = 4", "bays = 5"))


NAMES = st.text("AB1-_", min_size=1, max_size=3)
ZONES = st.fixed_dictionaries({"name": st.text(max_size=8)})
RACKS = st.fixed_dictionaries({"zone": st.sampled_from(["cold", "A"]), "bays": st.integers(0, 3)})
SKUS = st.fixed_dictionaries({"unit_cost": st.floats(allow_nan=False), "pack": st.none() | st.integers(1, 9)})
EDITS = st.lists(
    st.one_of(
        st.builds(Edit, st.just("zones"), NAMES, ZONES, st.booleans()),
        st.builds(Edit, st.just("racks"), NAMES, RACKS, st.booleans()),
        st.builds(Edit, st.sampled_from(["zones", "racks"]), NAMES, st.none()),
        st.builds(Edit, st.just("skus"), st.just("insulin"), SKUS),
    ),
    max_size=4,
)


@given(EDITS)
@settings(max_examples=60, deadline=None)
def test_whatever_is_edited_the_file_says_just_that_or_every_flaw_is_told(edits: list[Edit]) -> None:
    now = load(FILE, "site.toml")
    edits = [Edit(one.table, one.id, one.values and {**one.values, "id": one.id}, one.new) for one in edits]

    after = revise(now, edits)

    if isinstance(after, list):
        assert after
        assert all(isinstance(one, SiteFlaw) and one.detail for one in after)
    else:
        text = rewritten(FILE, edits, after.raw)
        assert tomllib.loads(text) == after.raw
        assert layout.parse(text) == after.site
        assert "# The shop of Ann." in text
