"""People are told of alerts: through a real service, its ledger, and channels that are a real HTTP server."""

from __future__ import annotations

import asyncio
import signal
import sys
from datetime import datetime
from pathlib import Path

import pytest

from cloud.alerts import people
from cloud.stores.database import LedgerUnavailable
from cloud.stores.notices import Kept
from tests import house
from tests.contract.crews_site import MINUTE_MS, Crewed, Receiver, holds, kept, told, too_warm
from tests.contract.web_service import until
from tests.depot import health, warmth


async def test_what_is_critical_reaches_who_is_on_call_in_alertmanagers_shape(
    place: Crewed, receiver: Receiver
) -> None:
    await too_warm(place)
    await told(place)

    assert receiver.strange == []
    [(name, _, told_)] = receiver.taken
    assert name == "ann-pager"
    assert (told_["version"], told_["status"], told_["receiver"], told_["truncatedAlerts"]) == ("4", "firing", "ann", 0)
    [alert] = told_["alerts"]
    assert alert["labels"] == {
        "alertname": "zone_temperature", "site": "depot", "subject": "cold", "zone": "cold", "severity": "critical",
    }  # fmt: skip
    assert alert["endsAt"].startswith("0001-01-01")
    assert told_["commonAnnotations"]["summary"] == "URGENT: Temperature above limit - Cold room [Depot]"
    assert "11 °C, limit 8 °C" in told_["commonAnnotations"]["description"]
    assert "https://wh.example/a/" in told_["commonAnnotations"]["description"]
    [one] = await kept(place)
    assert (one.state, one.channel, one.tries, one.kind) == ("delivered", "ann-pager", 1, "critical")


async def test_who_does_not_take_it_on_is_joined_by_the_next_who_has_a_second_channel(
    place: Crewed, receiver: Receiver
) -> None:
    receiver.answers["bob-pager"] = [500]
    await too_warm(place)
    await place.pass_ms(5 * MINUTE_MS)
    await until(lambda: bool(receiver.titles("bob-second")))

    assert receiver.titles("bob-second") == ["紧急：温度高于上限 - Cold room [Depot]"]
    [said] = [body["commonAnnotations"]["description"] for name, _, body in receiver.taken if name == "bob-second"]
    assert "也请您看一下" in said
    await until(lambda: not place.crewing.delivering.waiting())
    [bobs] = [one for one in await kept(place) if one.person == "bob"]
    assert (bobs.state, bobs.channel, bobs.tries) == ("delivered", "bob-second", 2)
    assert bobs.detail == "bob-pager: answered 500"


async def test_all_channels_down_is_tried_again_until_one_is_up(place: Crewed, receiver: Receiver) -> None:
    receiver.answers["ann-pager"] = [500, 503, 500, 204]
    await too_warm(place)
    await told(place)

    [one] = await kept(place)
    assert (one.state, one.tries) == ("delivered", 4)
    assert len(receiver.titles()) == 1


async def test_nothing_is_told_twice_after_a_restart_and_nothing_is_left_out(place: Crewed, receiver: Receiver) -> None:
    await too_warm(place)
    await told(place)
    await place.stop()
    await place.start()
    for _ in range(3):
        await place.tick()
    await until(lambda: not place.crewing.delivering.waiting())
    assert len(receiver.taken) == 1


async def test_what_was_logged_and_not_yet_sent_is_sent_by_the_next_start(tmp_path: Path, receiver: Receiver) -> None:
    """As after a kill -9 between the log and the sending."""
    place = Crewed(tmp_path)
    receiver.add(place.state, "ann-pager", "bob-pager", "bob-second")
    await place.start(working=False)
    await place.hear(*holds(place, 50))
    await too_warm(place)
    assert [one.state for one in await kept(place)] == ["waiting"]
    await place.stop()

    await place.start()
    await place.tick()
    await told(place)
    assert len(receiver.taken) == 1
    assert [one.state for one in await kept(place)] == ["delivered"]
    await place.stop()


async def test_a_stop_while_it_was_sent_sends_what_is_known_again_by_its_id(place: Crewed, receiver: Receiver) -> None:
    await too_warm(place)
    await told(place)
    [one] = await kept(place)
    place.service.ledger.notices.change(one.id, state="sending")  # as if it had stopped before the answer was stored
    await place.stop()
    await place.start()
    await told(place)

    assert receiver.ids == [f"depot-notice-{one.id}"] * 2
    assert (await kept(place))[0].state == "delivered"


async def test_a_ledger_that_can_not_be_written_loses_no_notice(place: Crewed, receiver: Receiver) -> None:
    for _ in range(10):
        await place.hear(warmth("thermo-1", 11.0, place.now_ms))
        await place.tick(MINUTE_MS)
    add = place.service.ledger.notices.add

    def away(*_: object) -> list[Kept]:
        raise LedgerUnavailable("the ledger is away")

    place.service.ledger.notices.add = away  # type: ignore[method-assign,assignment]
    with pytest.raises(LedgerUnavailable):
        await place.tick(MINUTE_MS)
    place.service.ledger.notices.add = add  # type: ignore[method-assign]
    await place.tick()
    await told(place)
    assert len(receiver.taken) == 1


async def test_announced_work_is_told_to_nobody_until_it_is_over(place: Crewed, receiver: Receiver) -> None:
    class Window:
        asset, zone, from_ms, until_ms = "", "cold", 0, place.now_ms + 30 * MINUTE_MS

    place.crewing.windows = lambda: [Window]
    await too_warm(place)
    await place.pass_ms(10 * MINUTE_MS)
    assert receiver.taken == []
    assert [one.state for one in place.service.alerting.book.open.values()] == ["firing"]
    await place.pass_ms(12 * MINUTE_MS)
    await until(lambda: len(receiver.taken) >= 1)
    assert {name for name, _, _ in receiver.taken} == {"ann-pager"}, "nobody is late, as nobody was asked"


async def test_a_rule_that_is_wrong_too_often_is_shown_and_not_told(place: Crewed, receiver: Receiver) -> None:
    place.crewing.paging = lambda rule: rule != "stock_out"
    await place.hear(*holds(place, 0))
    await place.pass_ms(20 * MINUTE_MS)
    await until(lambda: not place.crewing.delivering.waiting())
    assert {one.rule for one in place.service.alerting.book.open.values()} == {"stock_out"}
    assert receiver.titles() == []


async def test_the_service_beats_while_it_is_well_and_not_when_it_is_not(tmp_path: Path, receiver: Receiver) -> None:
    place = Crewed(tmp_path)
    place.state.mkdir()
    path = place.state / "channels.toml"
    path.write_text(f'heartbeat = "{receiver.url}/beat"\nheartbeat_s = 10\n')
    path.chmod(0o600)
    await place.start()
    await asyncio.sleep(0.05)
    assert receiver.beats == 0, "nothing was judged yet"
    await place.stop()
    await place.start(working=False)
    await place.tick()
    async with place.crewing.working():
        await until(lambda: receiver.beats == 1)
    place.crewing.well = lambda: False
    async with place.crewing.working():
        await asyncio.sleep(0.05)
    assert receiver.beats == 1
    await place.stop()


async def test_on_the_test_day_whoever_is_on_call_gets_one_test(place: Crewed, receiver: Receiver) -> None:
    path = place.state / "channels.toml"
    now = datetime.fromtimestamp(place.now_ms / 1000, place.crewing.zone)
    path.write_text(f'test_day = "{now:%A}"\ntest_time = "00:00"\n'.lower() + path.read_text())
    await place.pass_ms(3 * MINUTE_MS)
    await until(lambda: len(receiver.titles()) == 1)
    await place.pass_ms(3 * MINUTE_MS)
    await until(lambda: not place.crewing.delivering.waiting())
    assert receiver.titles() == ["Test: can you read this? [Depot]"]


async def test_channels_that_others_can_read_are_refused_and_said_so(place: Crewed, receiver: Receiver) -> None:
    (place.state / "channels.toml").chmod(0o644)
    await too_warm(place)
    await until(lambda: place.crewing.delivering.waiting() == 1)
    assert receiver.taken == []
    assert "can be read by others" in place.crewing.trouble()
    (place.state / "channels.toml").chmod(0o600)
    await until(lambda: len(receiver.taken) == 1)


async def test_a_storm_is_told_in_few_notices(place: Crewed, receiver: Receiver) -> None:
    await place.hear(*(health(one, "silent", place.now_ms) for one in ("shelf-1", "shelf-2", "thermo-2")))
    await place.pass_ms(10 * MINUTE_MS)
    await until(lambda: len(receiver.taken) == 1)
    [title] = receiver.titles()
    assert title.startswith("3 alerts: Device is silent")


async def test_what_was_over_in_the_night_is_told_in_the_morning_by_its_name(
    place: Crewed, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    quiet = False
    monkeypatch.setattr(people, "is_quiet", lambda *_: quiet)

    async def thermometer(state: str, *passed_min: int) -> None:
        await place.hear(health("thermo-2", state, place.now_ms))
        for minutes in passed_min:
            await place.tick(minutes * MINUTE_MS)

    await thermometer("silent", 0, 3, 2)
    quiet = True
    await thermometer("ok", 1, 2)
    await thermometer("silent", 90, 3)  # another one by now
    quiet = False
    await place.tick(MINUTE_MS)
    await told(place, 3)
    first, *morning = receiver.titles()
    assert first == "Device is silent - thermo-2 (Hall) [Depot]"
    assert sorted(morning) == [  # both at once
        "Device is silent - thermo-2 (Hall) [Depot]",
        "Over: Device is silent - thermo-2 (Hall) [Depot]",
    ]


KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from tests.contract.crews_site import Crewed, holds, too_warm

async def main():
    place = Crewed(Path(sys.argv[1]))
    await place.start()
    send = place.crewing.pager.send

    async def dies(channel, message):
        if sys.argv[2] == "after":
            await send(channel, message)
        os.kill(os.getpid(), signal.SIGKILL)

    place.crewing.pager.send = dies
    await place.hear(*holds(place, 50))
    await too_warm(place)
    await asyncio.sleep(30)

asyncio.run(main())
"""


@pytest.mark.parametrize(("when", "times"), [("before", 1), ("after", 2)])
async def test_killed_between_the_log_and_the_sending_or_after_it_nothing_is_left_out(
    tmp_path: Path, receiver: Receiver, when: str, times: int
) -> None:
    """Killed after it was taken, before that was stored, it comes again under the same id: a receiver takes it once."""
    place = Crewed(tmp_path)
    receiver.add(place.state, "ann-pager", "bob-pager", "bob-second")
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", KILLED, str(tmp_path), when, cwd=house.ROOT)
    async with asyncio.timeout(60):
        assert await process.wait() == -signal.SIGKILL
    await place.start()
    assert [one.state for one in await kept(place)] in (["sending"], ["delivered"])
    await told(place)

    assert receiver.strange == []
    assert len(receiver.taken) == times
    assert len(set(receiver.ids)) == 1
    assert [one.state for one in await kept(place)] == ["delivered"]
    await place.stop()
