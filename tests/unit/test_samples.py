"""Messages of real devices say what people who know these devices say they say."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from protocols.devices import formats
from protocols.parsing.units import conversion
from protocols.readings import Context, DeviceStatus, Reading
from tests.unit.sample_routes import DOCUMENTS, ROUTES, decoded, route_of
from tests.unit.samples import Row, assert_yields, needs_samples, row_of, rows

DEVICES = [row for row in rows() if not row.file.startswith(DOCUMENTS)]
ANNOUNCEMENTS = [row for row in DEVICES if any(one["kind"] == "discovery" for one in row.expected)]


@needs_samples
@pytest.mark.parametrize("row", DEVICES, ids=[row.file for row in DEVICES])
def test_a_real_message_yields_what_it_says(row: Row) -> None:
    route = route_of(row)
    assert route is not None, f"no device family has the sample {row.file}: give it an entry in ROUTES"

    assert_yields(decoded(row), row, route.name)


@needs_samples
def test_no_sample_is_left_out_and_no_route_leads_nowhere() -> None:
    assert len(rows()) >= 98
    assert not [row.file for row in rows() if (route_of(row) is None) != row.file.startswith(DOCUMENTS)]
    assert not [prefix for prefix in ROUTES if not rows(prefix)]


@needs_samples
@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"values": [3.9]}, "was said"),
        ({"at_ms": 1}, "at another time"),
        ({"channel": "2"}, "no mass_g"),
        ({"device": "someone"}, "no mass_g"),
        ({"quantity": "count"}, "no mass_g"),
        ({"flags": ("no_clock", "unstable")}, "flags"),
        ({"flags": ()}, "flags"),
    ],
)
def test_the_comparison_sees_what_is_wrong(changed: dict[str, Any], why: str) -> None:
    row = row_of("scales/sics_stable.txt")
    right = Reading("", "sics", "mass_g", row.received_ms, [125.67], flags=("no_clock",))
    wrong = msgspec.structs.replace(right, **changed)

    assert_yields([right], row)
    with pytest.raises(AssertionError, match=why):
        assert_yields([wrong], row)
    with pytest.raises(AssertionError, match="no mass_g"):
        assert_yields([DeviceStatus("", True, row.received_ms)], row)


@needs_samples
@pytest.mark.parametrize("row", ANNOUNCEMENTS, ids=[row.file for row in ANNOUNCEMENTS])
def test_an_announcement_says_what_the_states_after_it_mean(row: Row) -> None:
    (wanted,) = row.expected
    family = formats()["homeassistant"]
    context = Context(row.received_ms, options=family.options(), memory=family.begin(family.options()))  # type: ignore[misc]

    family.decode(row.topic, row.payload, context)
    state = msgspec.json.encode({wanted["path"]: 1.5})
    (found,) = family.decode(wanted["state_topic"], state, context)

    quantity, factor, offset = conversion(wanted["unit"]) or ("", 0.0, 0.0)
    assert isinstance(found, Reading)
    assert (found.quantity, found.values) == (quantity, [1.5 * factor + offset])
