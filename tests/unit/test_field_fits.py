"""Who may take which place, by what it measures."""

from __future__ import annotations

import pytest

from edge.core.field.places import FieldError
from protocols.fieldwork import Enrol
from protocols.readings import Quantity, Reading
from tests.unit.test_field import Gate
from tests.unit.test_inference import SITE_TEXT, T0


@pytest.mark.parametrize(
    ("place", "said", "fits"),
    [
        ("cold-1", ["temperature_c"], True),
        ("fan-1", ["temperature_c", "humidity_pct"], False),
        ("fan-1", ["temperature_c", "vibration_mm_s"], True),
        ("cold-1", ["vibration_mm_s", "temperature_c"], True),
        ("cold-1", ["power_w"], False),
    ],
)
def test_a_place_is_taken_by_what_measures_what_is_to_be_measured_there(
    place: str, said: list[Quantity], fits: bool
) -> None:
    fan = '[[devices]]\nid = "fan-1"\nkind = "machine"\nzone = "hall"\n[[slots]]'
    gate = Gate(SITE_TEXT.replace("[[slots]]", fan, 1))
    readings = [Reading("x9", "1", one, T0, [4.0]) for one in said]
    gate.decoder.strangers.meet("", "x9", readings, T0)

    if fits:
        gate.do(Enrol("x9", place))
    else:
        with pytest.raises(FieldError, match="choose another place"):
            gate.do(Enrol("x9", place))
