"""What each antenna of a reader hears, told every five minutes: 0 too, and nothing of the time nobody listened."""

from __future__ import annotations

from edge.core.inference import Inference
from edge.core.tagging.antennas import ANTENNAS_MAX, Antennas
from protocols.layout import About, Device, Site, Zone
from protocols.readings import TagRead, TagReads
from protocols.reports import LANE_OF, Series, decode, encode

T0 = 1_763_762_400_000
READER = Device("r1", "rfid", "a", antennas={"1": "a", "2": "b"})
SITE = Site(About("s1", "Site"), [Zone("a", "Aisle A"), Zone("b", "Aisle B")], devices=[READER])


def reads(at_ms: int, *antennas: int, tag: str = "E2") -> list[TagRead]:
    return [TagRead(f"{tag}{number:02X}", antenna, at_ms) for number, antenna in enumerate(antennas)]


def told(said: list[Series]) -> list[tuple[str, str, str, float]]:
    return [(one.channel, one.quantity, one.zone, one.values[0]) for one in said]


def test_reads_a_minute_and_tags_of_each_antenna_are_told_every_five_minutes_also_where_there_are_none() -> None:
    one = Antennas()
    one.pass_time(READER, T0)
    for minute in range(5):
        one.hear(READER, reads(T0 + minute * 60_000, 1, 1, 1, 1))

    assert one.pass_time(READER, T0 + 299_000) == []
    assert told(one.pass_time(READER, T0 + 300_000)) == [
        ("1", "reads_min", "a", 4.0),
        ("1", "tags_seen", "a", 4.0),
        ("2", "reads_min", "b", 0.0),
        ("2", "tags_seen", "b", 0.0),
    ]
    assert told(one.pass_time(READER, T0 + 600_000))[0] == ("1", "reads_min", "a", 0.0)


def test_of_a_time_in_which_nobody_listened_nothing_is_told() -> None:
    one = Antennas()
    one.pass_time(READER, T0)
    one.hear(READER, reads(T0, 1, 2))
    one.forget("r1")  # the reader fell silent
    assert one.pass_time(READER, T0 + 900_000) == []
    assert told(one.pass_time(READER, T0 + 1_200_000))[0] == ("1", "reads_min", "a", 0.0)
    assert one.pass_time(READER, T0 + 9_000_000) == []  # the gateway was off


def test_a_reader_that_names_antennas_nobody_has_does_not_fill_the_memory() -> None:
    one = Antennas()
    one.pass_time(READER, T0)
    for number in range(10 * ANTENNAS_MAX):
        one.hear(READER, reads(T0, number))
    assert len({series.channel for series in one.pass_time(READER, T0 + 300_000)}) == ANTENNAS_MAX


def test_what_the_reader_counted_of_a_tag_counts() -> None:
    one = Antennas()
    one.pass_time(READER, T0)
    one.hear(READER, [TagRead("E2", 1, T0, seen=50)])
    assert told(one.pass_time(READER, T0 + 300_000))[:2] == [
        ("1", "reads_min", "a", 10.0),
        ("1", "tags_seen", "a", 1.0),
    ]


def test_how_strong_tags_are_is_told_by_the_strongest_read_of_each_where_the_reader_says_so() -> None:
    one = Antennas()
    one.pass_time(READER, T0)
    heard = [("A", -60.0), ("A", -50.0), ("A", None), ("A", -55.0), ("B", -70.0), ("C", None)]
    one.hear(READER, [TagRead(epc, 1, T0, dbm) for epc, dbm in heard])

    assert told(one.pass_time(READER, T0 + 300_000))[:3] == [
        ("1", "tags_dbm", "a", -60.0),
        ("1", "reads_min", "a", 1.2),
        ("1", "tags_seen", "a", 3.0),
    ]
    assert "tags_dbm" not in [said.quantity for said in one.pass_time(READER, T0 + 600_000)]


def test_the_gateway_tells_it_as_series_that_any_service_stores() -> None:
    inference, found = Inference(SITE), list[Series]()
    for second in range(602):
        now_ms = T0 + second * 1000
        inference.fold([TagReads("r1", now_ms, reads(now_ms, 1))], now_ms)
        found += [one for one in inference.tick(now_ms).reports if type(one) is Series]

    rates = [one for one in found if one.quantity == "reads_min" and one.channel == "1"]
    assert [round(one.values[0]) for one in rates] == [60, 60]
    assert all(decode(encode(one)) == one and LANE_OF[type(one)] == "telemetry" for one in found)
