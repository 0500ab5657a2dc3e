"""Whoever is to be told is told in time, once, and only while there is something to tell."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from msgspec.structs import replace

from cloud import channels
from cloud.alerts import lifecycle, people
from cloud.alerts.lifecycle import Condition, Delays
from cloud.alerts.notices import Notice
from cloud.alerts.wording import Text
from cloud.channels import Channel
from cloud.desks import crewing, delivering
from cloud.desks.crews import Crews
from cloud.desks.occasions import Handed
from cloud.stores.notices import Kept
from cloud.web import taking
from protocols.crews import Person, Team
from protocols.tuning import RULES
from tests.contract.crews_site import BOB, MINUTE_MS, SITE, TEAM, Crewed, holds, kept, receiving, too_warm
from tests.contract.web_service import until
from tests.depot import warmth

TEXT = Text("title", "body")


async def test_what_is_critical_does_not_wait_for_a_channel_that_hangs_with_something_else(tmp_path: Path) -> None:
    place, hangs, taken = Crewed(tmp_path), asyncio.Event(), []
    await place.start()

    async def send(_: Channel, one: Kept, __: Person) -> str:
        if one.kind == "news":
            await hangs.wait()
        taken.append(one.kind)
        return ""

    async with receiving() as receiver:
        receiver.add(place.state, "ann-pager", "bob-pager", "bob-second")
        place.crewing.delivering._send = send
        await place.crewing.tell(Notice("ann", "news", ()), TEXT)
        await place.crewing.tell(Notice("ann", "critical", ()), TEXT)
        await until(lambda: taken == ["critical"])
        hangs.set()
        await until(lambda: taken == ["critical", "news"])
        await place.stop()


async def test_after_hours_without_a_network_one_message_tells_of_one_alert(tmp_path: Path) -> None:
    async with receiving() as receiver:
        place = Crewed(tmp_path)
        receiver.add(place.state, "ann-pager", "bob-pager", "bob-second")
        await place.start()
        place.crewing.delivering.retry_s = 0.02
        place.crewing.delivering._send = _away
        await place.hear(*holds(place, 50))
        await too_warm(place)
        for _ in range(5):
            place.now_ms += 20 * MINUTE_MS
            await place.hear(warmth("thermo-1", 11.0, place.now_ms))
            await place.service.decide(place.now_ms)
        await until(lambda: place.crewing.delivering.waiting() == 2)  # one of each person
        told = await kept(place)
        await place.stop()
        assert {one.detail.partition(";")[0] for one in told if one.state == "given_up"} == {
            "a later one tells the same"
        }


async def test_nobody_is_called_any_more_once_somebody_took_it_on(tmp_path: Path) -> None:
    async with receiving() as receiver:
        place = Crewed(tmp_path)
        receiver.add(place.state, "ann-pager", "bob-pager", "bob-second")
        await place.start()
        place.crewing.delivering.retry_s = 0.0
        send, place.crewing.delivering._send = place.crewing.delivering._send, _away
        await place.hear(*holds(place, 50))
        await too_warm(place)
        for _ in range(6):
            place.now_ms += MINUTE_MS
            await place.hear(warmth("thermo-1", 11.0, place.now_ms))
            await place.service.decide(place.now_ms)
        [alert] = place.service.alerting.book.open.values()
        await place.service.alerting.acknowledge(alert.id, "ann", "")
        place.crewing.delivering._send = send
        await until(lambda: not place.crewing.delivering.waiting())
        await place.stop()
        assert receiver.taken == []


async def test_who_leaves_the_site_file_stops_nothing_and_whoever_is_on_call_hears_of_it(tmp_path: Path) -> None:
    async with receiving() as receiver:
        place = Crewed(tmp_path)
        receiver.add(place.state, "ann-pager", "bob-pager", "bob-second")
        await place.start(working=False)
        await too_warm(place)
        [alert] = [one for one in place.service.alerting.book.open.values() if one.severity == 1]
        place.crewing._memory.handed = [Handed("ann", alert.id, "mo", "")]
        await place.service.alerting.assign(alert.id, "mo", "ann", "")
        await place.tick()
        await place.stop()
        assert {one.person for one in await kept(place)} == {"ann"}

        place.site = replace(SITE, people=[BOB], teams=[replace(TEAM, people=["bob"])])
        await place.start()
        await place.tick()
        await until(lambda: not place.crewing.delivering.waiting())
        told = await kept(place)
        await place.stop()
        assert {(one.person, one.state) for one in told} == {("ann", "given_up"), ("bob", "delivered")}


async def test_a_channel_that_apprise_does_not_know_is_told_as_trouble_until_it_is_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crewing, "WARM_S", 0.01)
    place = Crewed(tmp_path)
    place.state.mkdir()
    for name in ("ann-pager", "bob-pager", "bob-second"):
        channels.add(place.state, name, Channel(url="foo://t0psecret" if name == "bob-pager" else "json://localhost"))
    await place.start()
    await until(lambda: "url of bob-pager" in place.crewing.trouble())
    assert "t0psecret" not in place.crewing.trouble()
    path = place.state / channels.NAME
    path.write_text(path.read_text().replace("foo://t0psecret", "json://there"))
    await until(lambda: not place.crewing.trouble())
    await place.stop()


async def test_wrong_links_keep_nobody_of_the_same_address_from_a_right_one(tmp_path: Path) -> None:
    async with receiving() as receiver:
        place = Crewed(tmp_path)
        receiver.add(place.state, "ann-pager", "bob-pager", "bob-second")
        await place.start()
        await place.hear(*holds(place, 50))
        await too_warm(place)
        await until(lambda: bool(receiver.taken))
        said = receiver.taken[0][2]["commonAnnotations"]["description"]
        link = re.search(r"https://wh.example(/a/\S+)", said)
        assert link is not None
        async with place.client() as web:
            answers = [(await web.get("/a/" + "A" * 38)).status for _ in range(taking.WRONG_MAX + 1)]
            assert answers == [404] * taking.WRONG_MAX + [429]
            assert (await web.post(link[1])).status == 200
        [alert] = place.service.alerting.book.open.values()
        await place.stop()
        assert alert.state == "acknowledged"


def test_alerts_that_no_team_is_for_are_a_trouble_that_is_told() -> None:
    everything = Team("all", "All", ["ann"])
    assert people.unasked([replace(everything, zones=["dock"]), everything], ["dock", "cold"]) == ""
    some = replace(everything, zones=["dock"])
    assert "of no zone; give one team neither zones nor rules" in people.unasked([some], ["dock"])
    assert "theft of no zone" in people.unasked([replace(everything, rules=sorted(RULES - {"theft"}))], ["cold"])


async def _away(_: Channel, __: Kept, ___: Person) -> str:
    return "no answer"


async def test_one_tap_takes_on_all_that_a_message_is_about(tmp_path: Path) -> None:
    async with receiving() as receiver:
        place = Crewed(tmp_path)
        receiver.add(place.state, "ann-pager", "bob-pager", "bob-second")
        await place.start()
        desk = place.service.alerting
        wrong = [Condition("zone_temperature", f"z{number}", "cold", 1, {}) for number in range(60)]
        desk.book, made = lifecycle.step(desk.book, wrong, {"zone_temperature": Delays(0, 0)}, place.now_ms)
        await desk.on_disk(place.service.ledger.keep_alerts, made)
        await place.crewing.tick(place.now_ms)
        await until(lambda: bool(receiver.taken))
        link = re.search(r"https://wh.example(/a/\S+)", receiver.taken[0][2]["commonAnnotations"]["description"])
        assert link is not None
        assert (len(receiver.taken[0][2]["alerts"]), receiver.taken[0][2]["truncatedAlerts"]) == (50, 10)
        async with place.client() as web:
            assert "and 50 more" in await (await web.get(link[1])).text()
            await web.post(link[1])
        await place.stop()
        assert {one.state for one in desk.book.open.values()} == {"acknowledged"}


async def test_what_was_given_to_somebody_in_quiet_hours_is_told_after_them_over_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with receiving() as receiver:
        place = Crewed(tmp_path)
        receiver.add(place.state, "ann-pager", "bob-pager", "bob-second")
        await place.start()
        desk = place.service.alerting
        wrong = [Condition("overstock", f"z{number}", "dock", 3, {}) for number in (1, 2)]
        desk.book, made = lifecycle.step(desk.book, wrong, {"overstock": Delays(0, 0)}, place.now_ms)
        await desk.on_disk(place.service.ledger.keep_alerts, made)
        monkeypatch.setattr(people, "is_quiet", lambda *_: True)
        mine, other = desk.book.open.values()
        for one, to in ((mine, "ann"), (mine, "bob"), (other, "bob"), (other, "")):
            await Crews(place.crewing).assign(one.id, "boss", to, "you know it")
        assert await kept(place) == []
        await place.stop()
        monkeypatch.undo()
        await place.start()
        await place.crewing.tick(place.now_ms)
        await until(lambda: not place.crewing.delivering.waiting())
        told = [(one.person, one.alerts) for one in await kept(place) if one.kind == "assigned"]
        await place.crewing.tick(place.now_ms)
        await place.stop()
        assert told == [("bob", [mine.id])]
        assert "boss 请您处理：you know it" in receiver.taken[0][2]["commonAnnotations"]["description"]


async def test_a_channel_that_wants_no_more_is_left_in_peace_until_its_entry_is_changed(tmp_path: Path) -> None:
    async with receiving() as receiver:
        place, asked = Crewed(tmp_path), []
        receiver.add(place.state, "ann-pager", "bob-pager", "bob-second")
        await place.start()

        async def send(channel: Channel, _: Kept, __: Person) -> str:
            asked.append(channel)
            return "" if len(asked) > 1 else delivering.GONE

        place.crewing.delivering._send = send
        await place.crewing.tell(Notice("ann", "news", ()), TEXT)
        await until(lambda: bool(place.crewing.delivering.gone))
        await place.crewing.tell(Notice("ann", "news", ()), TEXT)
        await until(lambda: place.service.ledger.notices.latest()[0].tries > 0)
        assert len(asked) == 1
        assert "ann-pager answers that it wants no more" in place.crewing.trouble()
        file = place.state / "channels.toml"
        file.write_text(file.read_text().replace("/ann-pager", "/ann-phone"))
        await until(lambda: not place.crewing.delivering.waiting())
        assert {one.state for one in await kept(place)} == {"delivered"}
        assert place.crewing.trouble() == ""
        await place.stop()
