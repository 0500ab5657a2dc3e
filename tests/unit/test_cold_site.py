"""How goods are kept, as the site file says it: by a preset's name, like another one, or in full; and what is wrong."""

from __future__ import annotations

import pytest

from protocols.cold import PRESETS, Budget
from protocols.layout import LayoutError, Site, parse

TEXT = """
[site]
id = "s"
name = "S"

[[zones]]
id = "cold"
name = "Cold room"
storage = "2-8"

[[storages]]
id = "vaccine"
like = "2-8"
excursion_minutes = 30
budgets = [{ minutes = 600, above_c = 8 }, { minutes = 10, below_c = 0 }]
q10 = 3

[[storages]]
id = "live-vaccine"
like = "vaccine"
outer_high_c = 10

[[skus]]
id = "flu"
name = "Flu"
unit_mass_g = 1.0
storage = "vaccine"
zone = "cold"
"""


def site(change: str = "", to: str = "") -> Site:
    assert change in TEXT
    return parse(TEXT.replace(change, to, 1), "site.toml")


def test_a_storage_has_what_it_does_not_say_from_the_one_it_is_like() -> None:
    made = site().storage_by_id
    assert set(made) == {"2-8", "room", "frozen", "vaccine", "live-vaccine"}
    flu = made["vaccine"]
    assert (flu.low_c, flu.high_c, flu.outer_high_c, flu.kinetic_c, flu.defrost_minutes) == (2, 8, 15, 8, 45)
    assert (flu.excursion_minutes, flu.q10) == (30, 3)
    assert flu.budgets == (Budget(600, above_c=8), Budget(10, below_c=0))
    live = made["live-vaccine"]
    assert (live.outer_high_c, live.excursion_minutes, live.budgets) == (10, 30, flu.budgets)
    assert site().skus[0].storage == "vaccine"
    assert made["2-8"] == PRESETS["2-8"]


def test_a_preset_is_named_in_one_line() -> None:
    made = site('storage = "vaccine"', 'storage = "frozen"')
    assert made.storage_by_id[made.skus[0].storage].high_c == -15


@pytest.mark.parametrize(
    ("change", "to", "said"),
    [
        (
            'storage = "vaccine"',
            'storage = "vacine"',
            "SKU 'flu' is kept as 'vacine', which is none of 2-8, frozen, live",
        ),
        ('storage = "2-8"', 'storage = "cool"', "zone 'cold' is kept as 'cool', which is none of 2-8"),
        ('zone = "cold"', 'zone = "attic"', "SKU 'flu' lies in zone 'attic', which is not listed"),
        ('id = "vaccine"', 'id = "2-8"', "storage '2-8' is there already; take another id, and say like = '2-8'"),
        ('id = "live-vaccine"', 'id = "vaccine"', "storage 'vaccine' is listed twice"),
        (
            'like = "vaccine"',
            'like = "vacine"',
            "storage 'live-vaccine' is like 'vacine', which is none of 2-8, frozen",
        ),
        ('like = "2-8"\n', "", "storage 'vaccine': give low_c, high_c or both, or say like = \"2-8\""),
        ('like = "2-8"\n', "low_c = 9\nhigh_c = 8\n", "storage 'vaccine': low_c 9 is not below high_c 8"),
        ("outer_high_c = 10", "outer_high_c = 7", "storage 'live-vaccine': outer_high_c 7 is not at or above a high_c"),
        ("outer_high_c = 10", "outer_low_c = 3", "storage 'live-vaccine': outer_low_c 3 is not at or below a low_c"),
        (
            "q10 = 3",
            "q10 = 0.5",
            "storage 'vaccine': with q10 0.5 goods would age slower where it is warmer; 2 to 4 are",
        ),
        ("q10 = 3", "q10 = 3\nactivation_kj = 83", "storage 'vaccine': q10 and activation_kj say the same thing"),
        (", above_c = 8 }", " }", "storage 'vaccine': a budget is of minutes above_c a temperature or below_c one"),
        ("minutes = 600", "minutes = 0", "Expected `float` > 0.0"),
        ("excursion_minutes = 30", "excursion_minute = 30", "Object contains unknown field `excursion_minute`"),
        ('like = "2-8"', "like = 28", "Expected `str`, got `int` - at `$.storages[0].like`"),
        ("[[storages]]", "[storages]", "site.toml: not valid TOML"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(change: str, to: str, said: str) -> None:
    with pytest.raises(LayoutError) as error:
        site(change, to)
    assert said in str(error.value)


def test_storages_that_are_no_list_are_refused() -> None:
    with pytest.raises(LayoutError, match="Expected `array`"):
        parse('storages = "2-8"\n[site]\nid = "s"\nname = "S"\nzones = []\n'.replace("zones = []\n", "") + "")
