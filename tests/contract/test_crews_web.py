"""What people do about what they are told: by the link in a message, not signed in; over the API, by their roles."""

from __future__ import annotations

import base64
from itertools import pairwise
from typing import Any

from cloud.alerts.lifecycle import Alert, Transition
from tests.contract.crews_site import MINUTE_MS, Crewed, Receiver, kept, told, too_warm
from tests.contract.web_service import until
from tests.depot import warmth


async def test_acknowledged_from_the_message_itself_it_is_told_to_nobody_any_more(
    place: Crewed, receiver: Receiver
) -> None:
    await too_warm(place)
    await told(place)
    [one] = await kept(place)
    path = f"/a/{place.crewing.token(one)}"
    async with place.client() as plain:
        for _ in range(3):  # mail scanners look
            async with plain.get(path) as page:
                text = await page.text()
                assert page.status == 200
                assert "Ann, do you take this on?" in text
                assert "Temperature above limit - Cold room" in text
                assert page.headers["Referrer-Policy"] == "no-referrer"
        assert [alert.state for alert in place.service.alerting.book.open.values()] == ["firing"]
        async with plain.post(path, headers={"Origin": "null"}) as page:
            assert "Thank you, Ann" in await page.text()
        [alert] = place.service.alerting.book.open.values()
        assert (alert.state, alert.acknowledged_by) == ("acknowledged", "ann")
        async with plain.post(path) as page:
            assert "used already" in await page.text()
    await place.pass_ms(40 * MINUTE_MS)
    await until(lambda: not place.crewing.delivering.waiting())
    assert [title for title in receiver.titles("bob-pager") if "Over" not in title] == []


async def test_a_link_opens_nothing_else_and_no_other_is_ours(place: Crewed) -> None:
    await too_warm(place)
    [one] = await kept(place)
    token = place.crewing.token(one)
    wrong = [token[:-1] + ("A" if token[-1] != "A" else "Q"), token[:-3], "a" * 38, "x"]
    async with place.client() as plain:
        for other in wrong:
            async with plain.post(f"/a/{other}") as page:
                assert page.status == 404
        async with plain.get(f"/api/v1/alerts?token={token}") as page:
            assert page.status == 401
        async with plain.post(
            f"/api/v1/alerts/{one.alerts[0]}/ack", headers={"Authorization": f"Bearer {token}"}
        ) as page:
            assert page.status == 401
        for _ in range(20):
            async with plain.post(f"/a/{wrong[0]}") as page:
                await page.read()
        assert page.status == 429
    assert [alert.state for alert in place.service.alerting.book.open.values()] == ["firing"]


async def test_an_old_link_and_one_of_what_is_over_say_so_kindly(place: Crewed, receiver: Receiver) -> None:
    await too_warm(place)
    await told(place)
    [one] = await kept(place)
    path = f"/a/{place.crewing.token(one)}"
    async with place.client() as plain:
        place.now_ms += 25 * 3_600_000
        async with plain.post(path) as page:
            assert (page.status, "too old" in await page.text()) == (200, True)
        place.now_ms -= 25 * 3_600_000
        for _ in range(22):
            await place.hear(warmth("thermo-1", 5.0, place.now_ms))
            await place.tick(MINUTE_MS)
        async with plain.post(path) as page:
            assert "It is over already" in await page.text()
    await until(lambda: any(title.startswith("Over: ") for title in receiver.titles()))


async def test_put_aside_taken_up_again_and_given_to_somebody(place: Crewed, receiver: Receiver) -> None:
    await too_warm(place)
    await told(place)
    async with place.client("operator") as crew, place.client("viewer") as viewer:
        for path, body in (
            ("shelve", {"minutes": 60, "note": "new door"}),
            ("unshelve", {}),
            ("assign", {"to": "bob"}),
        ):
            async with viewer.post(f"/api/v1/alerts/1/{path}", json=body) as answer:
                assert answer.status == 403
        async with crew.post("/api/v1/alerts/1/unshelve") as answer:
            assert answer.status == 409
        async with crew.post("/api/v1/alerts/1/shelve", json={"minutes": 60, "note": "new door"}) as answer:
            view = await answer.json()
            assert (answer.status, view["state"]) == (200, "shelved")
            assert view["shelved_until_ms"] == place.now_ms + 60 * MINUTE_MS
        async with crew.post("/api/v1/alerts/1/shelve", json={"minutes": 60}) as answer:
            assert answer.status == 400
    before = len(receiver.taken)
    await place.pass_ms(20 * MINUTE_MS)
    assert len(receiver.taken) == before
    async with place.client("operator") as crew:
        async with crew.post("/api/v1/alerts/1/assign", json={"to": "nobody"}) as answer:
            assert (answer.status, (await answer.json())["code"]) == (422, "no_person")
        async with crew.post("/api/v1/alerts/1/assign", json={"to": "bob", "note": "you know it"}) as answer:
            assert (await answer.json())["assigned_to"] == "bob"
        await until(lambda: len(receiver.titles("bob-pager")) == 1)
        assert "operator 请您处理：you know it" in receiver.taken[-1][2]["commonAnnotations"]["description"]
        async with crew.post("/api/v1/alerts/1/unshelve") as answer:
            assert (await answer.json())["state"] == "firing"
    await place.tick()
    await until(lambda: len(receiver.titles("bob-pager")) == 2)
    assert receiver.titles("bob-pager")[-1].startswith("紧急")
    states = {one.state for one in place.service.alerting.book.open.values()}
    assert states == {"firing"}


async def test_what_is_done_about_an_alert_as_it_was_is_refused_with_who_did_something_meanwhile(place: Crewed) -> None:
    await too_warm(place)
    await told(place)
    deeds: list[tuple[str, dict[str, Any]]] = [
        ("assign", {"to": "bob"}),
        ("shelve", {"minutes": 60, "note": "new door"}),
        ("unshelve", {}),
    ]
    async with place.client("operator") as crew, place.client("admin") as other:
        for path, body in deeds:
            async with crew.get("/api/v1/alerts/1") as answer:
                tag = answer.headers["ETag"]
            async with other.post(f"/api/v1/alerts/1/{path}", json=body, headers={"If-Match": tag}) as answer:
                assert answer.status == 200
                after = await answer.json()
                assert (after["acted_by"], answer.headers["ETag"] != tag) == ("admin", True)
            for late, again in deeds[:2]:
                async with crew.post(f"/api/v1/alerts/1/{late}", json=again, headers={"If-Match": tag}) as answer:
                    said = await answer.json()
                    assert (answer.status, said["code"]) == (412, "changed")
                    assert (said["by"], said["changed_ms"]) == ("admin", after["acted_ms"])


async def test_not_now_leaves_on_the_shelf_what_somebody_put_there_for_longer(place: Crewed) -> None:
    await too_warm(place)
    alerting, now_ms = place.service.alerting, place.service.alerting._now_ms()
    week_ms, hours_ms = now_ms + 5 * 86_400_000, now_ms + 4 * 3_600_000

    short = await alerting.snooze(1, "ann", "not now", hours_ms)
    long = await alerting.shelve(1, "bob", "until the fitter comes", week_ms)
    after = await alerting.snooze(1, "ann", "not now", hours_ms)

    assert (short.shelved_until_ms, short.acknowledged_by) == (hours_ms, "ann")
    assert after == long
    assert (after.shelved_until_ms, after.note) == (week_ms, "until the fitter comes")


async def test_who_is_on_call_the_roster_the_log_and_the_noisiest_are_shown(place: Crewed) -> None:
    await too_warm(place)
    await told(place)
    async with place.client("viewer") as viewer:
        async with viewer.get("/api/v1/oncall") as answer:
            seen = await answer.json()
        assert [one["person"] for one in seen["teams"][0]["now"]] == ["ann", "bob"]
        assert (seen["teams"][0]["next"], seen["trouble"], seen["beat_ms"]) == ("bob", "", None)
        async with viewer.get("/api/v1/roster") as answer:
            roster = await answer.json()
        spans = [(one["from_ms"], one["until_ms"]) for one in roster["turns"]]
        assert spans[0][0] == roster["from_ms"]
        assert spans[-1][1] == roster["to_ms"] == roster["from_ms"] + 14 * 86_400_000
        assert all(begin == end for (_, end), (begin, _) in pairwise(spans))
        async with viewer.get("/api/v1/notices") as answer:
            log = await answer.json()
        assert [(one["person"], one["state"]) for one in log["items"]] == [("ann", "delivered")]
        assert "nonce" not in str(log)
        assert "/a/" not in str(log)
        async with viewer.get("/api/v1/noisiest") as answer:
            noisy = await answer.json()
        assert noisy["fired"] == 1
        assert (noisy["top"][0]["rule"], noisy["top"][0]["fired"], noisy["top"][0]["share"]) == (
            "zone_temperature",
            1,
            1.0,
        )
        async with viewer.post("/api/v1/notices/test", json={"person": "ann"}) as answer:
            assert answer.status == 403


def _cursor(said: str) -> str:
    return base64.urlsafe_b64encode(said.encode()).decode().rstrip("=")


async def test_alerts_of_long_ago_are_found_again(place: Crewed) -> None:
    ended = [
        Alert(100 + n, "door_open", f"door-{n % 2}", "cold", 2, "resolved", place.now_ms - 9_000, place.now_ms - n, {})
        for n in range(60)
    ]
    place.service.ledger.keep_alerts([Transition(None, one) for one in ended])
    async with place.client("viewer") as viewer:

        async def asked(**query: str) -> Any:
            async with viewer.get("/api/v1/alerts/ended", params=query) as answer:
                return answer.status, await answer.json()

        _, first = await asked()
        assert [one["id"] for one in first["items"]] == [*range(100, 150)]
        _, rest = await asked(after=first["next"])
        assert ([one["id"] for one in rest["items"]], rest["next"]) == ([*range(150, 160)], None)
        _, some = await asked(rule="door_open", about="DOOR-1", severity="2", limit="3")
        assert [one["id"] for one in some["items"]] == [101, 103, 105]
        assert (await asked(severity="1"))[1]["items"] == []
        for after in ("yesterday", _cursor("ended 5"), _cursor(f"ended 5 {2**31}"), _cursor("notices 5 5")):
            status, told = await asked(after=after)
            assert (status, told["code"]) == (400, "bad_request"), after
        async with viewer.get("/api/v1/alerts/155") as answer:
            assert ((await answer.json())["subject"], answer.status) == ("door-1", 200)
        async with viewer.get("/api/v1/alerts/999") as answer:
            assert answer.status == 404
    async with place.client() as nobody, nobody.get("/api/v1/alerts/ended") as answer:
        assert answer.status == 401


async def test_somebody_is_told_a_test_but_not_twice_at_once(place: Crewed, receiver: Receiver) -> None:
    async with place.client("operator") as crew:
        async with crew.post("/api/v1/notices/test", json={"person": "bob", "channel": "bob-second"}) as answer:
            assert (answer.status, (await answer.json())["kind"]) == (200, "test")
        async with crew.post("/api/v1/notices/test", json={"person": "bob"}) as answer:
            assert (answer.status, (await answer.json())["code"]) == (422, "too_soon")
        async with crew.post("/api/v1/notices/test", json={"person": "ann", "channel": "attic"}) as answer:
            assert (await answer.json())["code"] == "no_channel"
    await until(lambda: receiver.titles("bob-second") == ["测试：您能看到这条消息吗？ [Depot]"])
