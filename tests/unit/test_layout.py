"""A site file is taken whole or refused with one sentence that says where and what."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols import layout

GOOD = """
[site]
id = "demo"
name = "Demo"
[[zones]]
id = "hall"
name = "Hall"
min_c = 2.0
max_c = 8
[[skus]]
id = "bolt"
name = "Bolt"
unit_mass_g = 12.5
[[devices]]
id = "shelf-1"
kind = "shelf"
zone = "hall"
[[devices]]
id = "dock"
kind = "rfid"
zone = "hall"
[[slots]]
id = "A1"
zone = "hall"
sku = "bolt"
device = "shelf-1"
"""


def test_a_site_can_be_looked_up_by_id_and_by_channel() -> None:
    site = layout.parse(GOOD)

    assert site.slot_by_channel["shelf-1", "1"] is site.slot_by_id["A1"]
    assert site.sku_by_id["bolt"].unit_mass_g == 12.5
    assert site.device_by_id["dock"].kind == "rfid"
    assert site.zone_by_id["hall"].max_c == 8


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('id = "demo"', 'id = "demo', "not valid TOML"),
        ('name = "Demo"', "", "missing required field `name`"),
        ('name = "Demo"', 'name = "Demo"\ncolour = "red"', "unknown field `colour`"),
        ('id = "bolt"', 'id = "b/lt"', "regex"),
        ('id = "bolt"', 'id = "bolt\\n"', "use 1-64"),
        ("unit_mass_g = 12.5", "unit_mass_g = 0", ">= 0.001"),
        ("unit_mass_g = 12.5", "unit_mass_g = nan", "nan is no number"),
        ("unit_mass_g = 12.5", "unit_mass_g = inf", "inf is no number"),
        ("unit_mass_g = 12.5", "unit_mass_g = 1e999", "1e999 is no number"),
        ("unit_mass_g = 12.5", "unit_mass_g = true", "Expected `float`"),
        ('kind = "shelf"', 'kind = "shelve"', "Invalid enum value 'shelve'"),
        ('sku = "bolt"', 'sku = "nut"', "slot 'A1' holds SKU 'nut', which is not listed"),
        ('zone = "hall"\nsku', 'zone = "yard"\nsku', "slot 'A1' lies in zone 'yard'"),
        ('zone = "hall"\n[[devices]]', 'zone = "yard"\n[[devices]]', "stands in zone 'yard'"),
        ('device = "shelf-1"', 'device = "dock"', "no listed shelf device"),
        ('device = "shelf-1"', 'device = "shelf-2"', "no listed shelf device"),
        ("max_c = 8", "max_c = 1", "min_c above max_c"),
    ],
)
def test_a_wrong_site_file_is_refused_with_the_place(old: str, new: str, says: str) -> None:
    assert GOOD.count(old) >= 1

    with pytest.raises(layout.LayoutError) as refused:
        layout.parse(GOOD.replace(old, new, 1), "demo.toml")

    assert str(refused.value).startswith("demo.toml: ")
    assert says in str(refused.value)


def test_two_slots_on_one_channel_are_refused() -> None:
    second = '[[slots]]\nid = "A2"\nzone = "hall"\nsku = "bolt"\ndevice = "shelf-1"\n'

    with pytest.raises(layout.LayoutError, match="'A1' and 'A2' share channel '1'"):
        layout.parse(GOOD + second)

    assert len(layout.parse(GOOD + second + 'channel = "2"').slots) == 2


@pytest.mark.parametrize("again", ["zones", "skus", "devices", "slots"])
def test_an_id_listed_twice_is_refused(again: str) -> None:
    _, _, after = GOOD.partition(f"[[{again}]]")
    entry = after.split("[[")[0]

    with pytest.raises(layout.LayoutError, match="is listed twice"):
        layout.parse(GOOD + f"[[{again}]]{entry}")


@given(st.text(max_size=200))
def test_any_text_is_a_site_or_one_sentence(text: str) -> None:
    with pytest.raises(layout.LayoutError):
        layout.parse(text)
