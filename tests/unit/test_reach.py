"""Which devices are out of reach: those whose gateway is away, and only those."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cloud.core.reach import cut_off

DEVICES = ["d1", "d2", "d3", "d4"]
GATEWAYS = ["g1", "g2", "g3"]


def nobody() -> dict[str, str]:
    raise AssertionError("nobody has to be asked for")


@given(
    st.dictionaries(st.sampled_from(GATEWAYS), st.booleans()),
    st.dictionaries(st.sampled_from(DEVICES), st.sampled_from([*GATEWAYS, "older"])),
)
def test_a_device_is_out_of_reach_exactly_while_its_gateway_is_away(
    links: dict[str, bool], senders: dict[str, str]
) -> None:
    found = cut_off(DEVICES, links, lambda: senders)

    for device in DEVICES:
        gateway = senders.get(device, "")
        if gateway in links:
            assert found.get(device) == (None if links[gateway] else gateway)
        else:
            assert (device in found) == (bool(links) and not any(links.values()))


def test_while_every_gateway_is_there_nothing_is_looked_for() -> None:
    assert cut_off(DEVICES, {"g1": True, "g2": True}, nobody) == {}
    assert cut_off(DEVICES, {}, nobody) == {}


def test_of_several_gateways_only_the_devices_of_the_one_that_is_away_are_out_of_reach() -> None:
    senders = {"d1": "g1", "d2": "g2"}

    assert cut_off(DEVICES, {"g1": False, "g2": True}, lambda: senders) == {"d1": "g1"}
    assert cut_off(DEVICES, {"g1": False, "g2": False}, lambda: senders) == {"d1": "g1", "d2": "g2", "d3": "", "d4": ""}


def test_the_only_gateway_there_is_names_devices_that_nobody_told_of() -> None:
    assert cut_off(["d1"], {"g1": False}, dict) == {"d1": "g1"}
