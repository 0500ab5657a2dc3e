"""Teaching a slot: what a person tells holds until the site file is edited, and how far it holds is said."""

from __future__ import annotations

from math import erf, sqrt

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.slots.actions import ActionError
from edge.core.slots.teaching import (
    Taught,
    forget,
    reach,
    sku_of,
    teach_span,
    teach_tare,
    teach_unit,
    zero_of,
)
from protocols.layout import About, Device, Site, Sku, Slot, Zone

SKU = Sku("bolt", "Bolt", 250.0, unit_cv=0.01, sample=50)
SHELF = Device("shelf", "shelf", "hall")
SLOT = Slot("A1", "hall", "bolt", "shelf", tare_g=100.0)
SITE = Site(About("s", "S"), [Zone("hall", "Hall")], [SKU], [SLOT], [SHELF])


def test_a_counted_sample_teaches_the_mass_of_a_unit() -> None:
    taught = Taught()

    lesson = teach_unit(taught, SKU, SHELF, 5_080.0, 20, 7)

    assert lesson.unit_mass_g == 254.0
    assert lesson.error_g == pytest.approx(sqrt((0.01 * 254) ** 2 / 20 + 2 * (1 / 20) ** 2))
    assert lesson.warnings == ()
    learnt = sku_of(SITE, taught, "bolt")
    assert (learnt.unit_mass_g, learnt.sample, learnt.name) == (254.0, 20, "Bolt")


def test_a_small_or_light_sample_is_taken_with_a_warning() -> None:
    light = msgspec.structs.replace(SKU, unit_mass_g=6.5)
    assert teach_unit(Taught(), light, SHELF, 24.0, 4, 7).warnings == ("few_pieces", "light_sample")


@pytest.mark.parametrize(("net_g", "pieces"), [(0.0, 10), (-40.0, 10), (0.4, 1000), (500.0, 0), (500.0, 10**6)])
def test_what_can_not_be_a_sample_teaches_nothing(net_g: float, pieces: int) -> None:
    taught = Taught()
    with pytest.raises(ActionError):
        teach_unit(taught, SKU, SHELF, net_g, pieces, 7)
    assert taught == Taught()


def test_editing_the_site_file_overrides_what_was_taught_before() -> None:
    taught = Taught()
    teach_unit(taught, SKU, SHELF, 5_080.0, 20, 7)
    teach_tare(taught, SLOT, 130.0, 7)

    edited_sku = msgspec.structs.replace(SKU, unit_mass_g=251.0)
    edited_slot = msgspec.structs.replace(SLOT, tare_g=90.0)

    assert sku_of(msgspec.structs.replace(SITE, skus=[edited_sku]), taught, "bolt") == edited_sku
    assert zero_of(edited_slot, taught) == (90.0, 1.0)
    assert zero_of(SLOT, taught) == (130.0, 1.0)


@given(st.floats(0.55, 1.9), st.floats(-200, 900), st.floats(500, 20_000))
def test_tare_then_a_known_weight_makes_the_cell_show_true_grams(gain: float, zero_g: float, known_g: float) -> None:
    taught = Taught()
    teach_tare(taught, SLOT, zero_g, 1)
    teach_span(taught, SLOT, SHELF, zero_g + known_g / gain, known_g, 2)

    tare_g, span = zero_of(SLOT, taught)

    assert span * zero_g - tare_g == pytest.approx(0.0, abs=1e-6)
    assert span * (zero_g + 1234.5 / gain) - tare_g == pytest.approx(1234.5)


@pytest.mark.parametrize(("shown_g", "known_g"), [(5_100.0, 1_000.0), (50.0, 1_000.0), (112.0, 12.0)])
def test_a_weight_that_can_not_be_right_calibrates_nothing(shown_g: float, known_g: float) -> None:
    taught = Taught()
    with pytest.raises(ActionError):
        teach_span(taught, SLOT, SHELF, shown_g, known_g, 2)
    assert taught == Taught()


@pytest.mark.parametrize(("cv", "sample", "most"), [(0.01, 10, 75), (0.02, 50, 68), (0.05, 10, 11), (0.005, 100, 462)])
def test_the_reach_is_that_of_a_counting_scale(cv: float, sample: int, most: int) -> None:
    sku = msgspec.structs.replace(SKU, unit_cv=cv, sample=sample)
    quiet = msgspec.structs.replace(SHELF, noise_g=0.001, max_mass_g=1e6)

    n = reach(sku, quiet)

    assert n in (most - 1, most), "the published table rounds"
    sd = cv * sqrt(n + n * n / sample)
    assert erf(0.5 / sd / sqrt(2)) >= 0.95


def test_the_reach_ends_at_the_cells_limit_and_vanishes_in_its_noise() -> None:
    assert reach(msgspec.structs.replace(SKU, unit_cv=0.0), SHELF) == 120
    assert reach(msgspec.structs.replace(SKU, unit_mass_g=2.0), SHELF) == 0


@pytest.mark.parametrize("net_g", [120.0 * 10, 510.0 * 10])
def test_a_unit_far_from_what_was_known_is_learnt_only_when_it_is_insisted_on(net_g: float) -> None:
    taught = Taught()
    with pytest.raises(ActionError, match="where 250 g was known"):
        teach_unit(taught, SKU, SHELF, net_g, 10, 7)
    assert taught == Taught()

    assert teach_unit(taught, SKU, SHELF, net_g, 10, 7, anyway=True).unit_mass_g == net_g / 10


def test_what_was_taught_can_be_forgotten() -> None:
    taught = Taught()
    teach_unit(taught, SKU, SHELF, 5_080.0, 20, 7)
    teach_tare(taught, SLOT, 130.0, 7)

    forget(taught, SLOT)

    assert (sku_of(SITE, taught, "bolt"), zero_of(SLOT, taught)) == (SKU, (100.0, 1.0))
