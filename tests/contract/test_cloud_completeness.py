"""`python -m cloud completeness`, its address in the API, and the alert that reports stay away: over real stores."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud import cli
from cloud.service import Service
from cloud.stores import tables
from cloud.stores.ledger import Ledger
from cloud.uplink import Link
from protocols.reports import DeviceHealth, Heard, Report, Thinned
from protocols.uplink import Hello
from tests import depot
from tests.contract.depots import NOW_MS, Depot
from tests.contract.ledgers import apply, unguarded
from tests.contract.web_service import Web, error_of
from tests.depot import NOON_MS, batch, health, level, stock

MINUTE_MS = 60_000


class Here:
    """A state folder with a ledger, and the verb over it."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.state, self.site, self._capsys = folder / "cloud", folder / "site.toml", capsys
        self.site.write_text(depot.SITE_TEXT)

    def __call__(self, *argv: str) -> tuple[int, list[str], str]:
        self._capsys.readouterr()
        code = cli.main(["completeness", "--state", str(self.state), "--site", str(self.site), *argv])
        printed = self._capsys.readouterr()
        return code, printed.out.splitlines(), printed.err

    def ledger(self) -> Ledger:
        return Ledger(f"sqlite:///{self.state}/ledger.db")


@pytest.fixture
def here(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Here:
    return Here(tmp_path, capsys)


def heard(device: str, *ranges: tuple[int, int], missing: int = 0) -> DeviceHealth:
    of_boot = [Heard(7, [[*one] for one in ranges], missing)]
    return DeviceHealth(device, "ok", NOON_MS, NOON_MS, 5_000, missing, 0, 0, heard=of_boot)


def stocks(first: int, last: int) -> list[Report]:
    return [stock("A1", -1, 4, NOON_MS + seq) for seq in range(first, last + 1)]


def test_a_site_file_that_is_not_there_is_said_to_be_missing(here: Here) -> None:
    apply(here.ledger(), batch(stocks(0, 9)))
    here.site = here.site.with_name("nosuch.toml")

    code, said, error = here()

    assert (code, said) == (2, [])
    assert "there is no site file" in error
    assert "nosuch.toml" in error


def test_movements_that_were_deleted_are_told_of(here: Here) -> None:
    ledger = here.ledger()
    apply(ledger, batch(stocks(0, 9)))
    with ledger._writing() as connection:
        unguarded(connection, tables.movement).execute(tables.movement.delete().where(tables.movement.c.seq == 3))

    code, said, _ = here()

    assert code == 1
    assert said[-1] == "g1: 1 booked movement gone from this ledger: restore a backup of it"


def test_a_gateway_that_begins_anew_far_above_is_told_of_in_words_not_in_billions(here: Here) -> None:
    ledger = here.ledger()
    apply(ledger, batch(stocks(0, 9)))
    gone = Thinned(10, NOON_MS - 1, 0, NOON_MS, "restored", "events")
    apply(ledger, batch([gone], NOON_MS))

    code, said, _ = here()

    assert code == 0
    began = f"gave up numbers from 10 on, and began anew at {NOON_MS}, at 2025-11-21 22:00:00 UTC"
    assert said[1:] == [f"g1 events: {began}: its store came from a backup"]


def test_complete_is_one_line(here: Here) -> None:
    ledger = here.ledger()
    apply(ledger, batch([*stocks(0, 9), heard("shelf-1", (0, 40))]), batch([level("A1", 4)], lane="telemetry"))

    code, said, _ = here()

    assert code == 0
    assert said == ["complete: all 12 reports of 1 gateway are here, and nothing is missing from 1 device"]


def test_a_gap_is_named_with_its_times_and_what_becomes_of_it(here: Here) -> None:
    ledger = here.ledger()
    ledger.missing("g1", Hello(2, "g1", "depot", {"events": 40}, {}, {"events": 15}))
    apply(ledger, batch(stocks(0, 9)), now_ms=NOON_MS)
    apply(ledger, batch(stocks(20, 29), 20), now_ms=NOON_MS + MINUTE_MS)
    apply(ledger, batch(stocks(20, 24), 20), now_ms=NOON_MS + 2 * MINUTE_MS)

    code, said, _ = here()

    assert code == 1
    between = "between 2025-11-21 22:00:00 UTC and 2025-11-21 22:01:00 UTC"
    assert said == [
        "not complete: 2 gaps",
        f"g1 events: 5 missing, 10-14, {between}: they are asked for again as soon as it is connected",
        f"g1 events: 5 not here yet, 15-19, {between}: still at the gateway; they come by themselves",
        "g1 events: 10 more are on their way",
        "g1 events: 5 came again and were counted once, the last 20-24 at 2025-11-21 22:02:00 UTC",
    ]


def test_a_device_s_missing_messages_are_named_and_one_without_numbers_is_not_vouched_for(here: Here) -> None:
    apply(here.ledger(), batch([heard("shelf-1", (0, 9), (12, 20), missing=5), health("shelf-2")]), now_ms=NOON_MS)

    code, said, _ = here()

    assert code == 1
    assert said == [
        "not complete: 1 gap",
        "shelf-1: 2 missing, 10-11 of boot 7, known since 2025-11-21 22:00:00 UTC: never reached the gateway",
        "shelf-1: 3 more missing: never reached the gateway",
        "of 1 device nothing can be told: their messages bear no numbers",
    ]


def test_a_device_that_left_the_site_is_left_out(here: Here) -> None:
    apply(here.ledger(), batch([heard("old-shelf", (0, 9), (12, 20), missing=2)]))

    assert here()[0] == 0
    here.site.unlink()
    assert here()[0] == 1, "without a site file all that is known counts"


def test_what_was_given_up_is_told_beside_complete(here: Here) -> None:
    apply(here.ledger(), batch([Thinned(0, 49, 50, NOON_MS, "outbox_full")]))

    code, said, _ = here()

    assert code == 0
    assert said[0].startswith("complete, but for what was given up: all 1 report of 1 gateway are here")
    assert said[1:] == ["g1 telemetry: gave up 50 reports 0-49 at 2025-11-21 22:00:00 UTC: its outbox was full"]


def test_since_looks_only_at_what_became_known_since_then(here: Here) -> None:
    ledger = here.ledger()
    apply(ledger, batch(stocks(0, 9)), batch(stocks(20, 29), 20), now_ms=NOON_MS)

    assert here("--since", "2025-11-21")[0] == 1
    assert here("--since", "2025-11-21T22:00")[0] == 1
    code, said, _ = here("--since", "2025-11-21T23:00:01+01:00")
    assert code == 0
    assert said[0].startswith("complete since 2025-11-21 22:00:01 UTC: ")
    assert here("--since", "90m")[0] in (0, 1)


def test_for_programs_it_is_one_object(here: Here) -> None:
    apply(here.ledger(), batch(stocks(0, 9)), batch(stocks(20, 29), 20), now_ms=NOON_MS)

    code, [line], _ = here("--json")

    said = json.loads(line)
    assert (code, said["complete"]) == (1, False)
    [lane] = said["lanes"]
    assert (lane["gateway"], lane["lane"], lane["missing"], lane["top"]) == ("g1", "events", 10, 29)
    [gap] = lane["gaps"]
    assert gap == {"first": 10, "last": 19, "from_ms": NOON_MS, "to_ms": NOON_MS, "state": "unknown"}


@pytest.mark.parametrize("since", ["yesterday", "25:00", "-5h", "2025-13-01"])
def test_a_time_that_is_none_is_one_sentence(here: Here, since: str) -> None:
    here.ledger().close()

    code, said, complaint = here(f"--since={since}")

    assert (code, said) == (2, [])
    assert "is no time: give 2025-11-22" in complaint
    assert complaint.count("\n") == 1


def test_without_a_ledger_it_says_so_and_makes_none(here: Here) -> None:
    code, _, complaint = here()

    assert (code, here.state.exists()) == (2, False)
    assert "holds no ledger" in complaint


async def test_the_api_answers_to_whoever_may_look(web: Web) -> None:
    nobody, viewer = await web.client(), await web.client("ada")

    async with nobody.get("/api/v1/completeness") as response:
        assert await error_of(response) == (401, "signed_out")
    async with viewer.get("/api/v1/completeness?since=5") as response:
        said = await response.json()
    async with viewer.get("/api/v1/completeness?since=monday") as response:
        assert await error_of(response) == (400, "bad_request")

    assert (said["complete"], said["since_ms"]) == (True, 5)
    assert [(one["gateway"], one["lane"]) for one in said["lanes"]] == [("g1", "events")]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Depot]:
    made = Depot(tmp_path)
    yield made
    made.close()


def incomplete(service: Service) -> list[tuple[str, str, object]]:
    shown = [one for one in service.live.current.alerts if one.rule == "incomplete"]
    return [(one.subject, one.state, one.params["missing"]) for one in shown]


async def test_reports_that_stay_away_for_ten_minutes_are_one_alert_until_they_come(place: Depot) -> None:
    service = place.start()
    assert service.uplink is not None
    service.uplink.links["g1"] = Link()
    events: list[Report] = [stock("A1", -1, 4, NOW_MS + seq) for seq in range(30)]
    await service.apply([batch(events[:10]), batch(events[20:], 20)])

    async def seen(minute: int) -> list[tuple[str, str, object]]:
        await service.tick(NOW_MS + minute * MINUTE_MS)
        return incomplete(service)

    assert await seen(0) == []
    assert await seen(9) == []
    await service.apply([batch(events[10:12], 10)])
    assert await seen(11) == [], "some of it came: it is on its way"
    assert await seen(20) == []
    assert await seen(21) == [("g1", "firing", 8)]
    assert not (await service.completeness(0)).complete
    await service.apply([batch(events[12:20], 12)])
    assert await seen(22) == [("g1", "resolved", 8)]
    assert (await service.completeness(0)).complete
