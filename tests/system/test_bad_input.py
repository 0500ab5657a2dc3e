"""What should not be sent is sent: each becomes a counted, explained problem, and good devices count on."""

from __future__ import annotations

import socket
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cloud import cli as cloud_cli
from cloud.keys import own_keys
from edge import cli as edge_cli
from edge.storing.groups import QUARANTINE_ROWS_MAX
from tests.contract.brokers import free_port
from tests.system.hands import Hands, site_with_hands
from tests.system.parts import DEADLINE_S, SMALL, System, Visitor, eventually, run_all, running

YEAR_1970_MS, YEAR_2099_MS = 86_400_000, 4_070_908_800_000
MB = 1_000_000


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    with running(tmp_path_factory.mktemp("shop"), site_with_hands(SMALL), "broker", "service", "gateway") as system:
        yield system


@pytest.fixture(scope="module")
def hands(shop: System) -> Iterator[Hands]:
    one = Hands(shop)
    for channel in (1, 2, 3, 4):
        one.put(channel, 10 * channel)
    yield one
    one.leave()


@pytest.fixture
def vandal(shop: System) -> Iterator[Hands]:
    """Another client with a shelf's password."""
    one = Hands(shop, "vandal")
    yield one
    one.leave()


def problems(shop: System) -> dict[str, int]:
    counts: dict[str, int] = shop.gateway.get("/api/v1/problems").value["counts"]
    return counts


def counted_right(shop: System, hands: Hands) -> None:
    eventually(shop.counts, lambda counts: hands.truth.items() <= counts.items(), f"counts {hands.truth}")


@pytest.mark.parametrize(
    ("code", "device", "payload"),
    [
        ("payload.not_json", "shelf-a01", b"\xff\x00\x9f garbage"),
        ("payload.not_json", "shelf-a01", b'{"boot":1,"seq":0,"unit":"g","value":NaN}'),
        ("payload.not_json", "shelf-a01", b'{"boot":1,"seq":0,"unit":"g","val'),
        ("payload.invalid", "shelf-a01", b'{"boot":1,"seq":0,"unit":"g","value":"12"}'),
        ("payload.invalid", "shelf-a01", b'["g", 12]'),
        ("payload.too_big", "shelf-a01", b" " * 300_000),
        ("unit.unknown", "shelf-a01", b'{"boot":1,"seq":0,"unit":"Cel","value":12}'),
        ("value.not_finite", "shelf-a01", b'{"boot":1,"seq":0,"unit":"g","value":1e300}'),
        ("channel.unwatched", "shelf-a01", b'{"boot":1,"seq":0,"unit":"g","channel":"77","value":12}'),
        ("device.unknown", "nobody-knows-me", b'{"boot":1,"seq":0,"unit":"g","value":12}'),
    ],
)
def test_a_message_that_can_not_be_used_is_counted_and_explained(
    shop: System, vandal: Hands, code: str, device: str, payload: bytes
) -> None:
    before = problems(shop).get(code, 0)

    vandal.publish("shelf", payload, device=device)

    eventually(lambda: problems(shop).get(code, 0), lambda count: count == before + 1, f"one more {code}")
    latest = shop.gateway.get("/api/v1/problems").value["latest"][0]
    assert (latest["code"], latest["device"]) == (code, device)
    assert latest["topic"] == f"wh/v1/small/{device}/shelf"
    assert len(latest["detail"]) > 10
    assert latest["hint"]


def test_ten_megabytes_cut_off_their_sender_and_nobody_else(shop: System, hands: Hands) -> None:
    vandal = Hands(shop, "glutton")
    cut_off = threading.Event()
    vandal.client.on_disconnect = lambda *_: cut_off.set()

    vandal.client.publish("wh/v1/small/shelf-a01/shelf", b"x" * 10 * MB, qos=1)
    assert cut_off.wait(DEADLINE_S)
    vandal.leave()
    hands.put(1, 11)

    counted_right(shop, hands)


def test_an_unknown_topic_is_counted_and_what_is_no_business_of_ours_reaches_nobody(
    shop: System, hands: Hands, vandal: Hands
) -> None:
    before = problems(shop).get("topic.unknown", 0)

    for topic in ("wh/v2/small/shelf-a01/shelf", "zigbee/0x00124b", "$SYS/x", "wh/v1/small/shelf-a01/secrets"):
        vandal.client.publish(topic, b'{"unit":"g","value":1}', qos=1)
    hands.put(2, 21)

    eventually(lambda: problems(shop).get("topic.unknown", 0), lambda count: count == before + 1, "one unknown topic")
    counted_right(shop, hands)


def test_clocks_in_1970_and_2099_are_counted_and_do_not_disturb_the_count(shop: System, hands: Hands) -> None:
    before = problems(shop).get("clock.not_believable", 0)

    for ts, count in ((YEAR_1970_MS, 14), (YEAR_2099_MS, 15), (0, 16)):
        hands.weigh(3, count, ts)
        counted_right(shop, hands)

    assert problems(shop)["clock.not_believable"] >= before + 2


def test_retained_empties_say_nothing_and_are_no_problem(shop: System, hands: Hands, vandal: Hands) -> None:
    before = problems(shop)

    for device in ("shelf-a01", "never-seen"):
        vandal.publish("status", b"", device=device, retain=True)
        vandal.publish("shelf", b"", device=device, retain=True)
    hands.put(4, 29)

    counted_right(shop, hands)
    assert problems(shop) == before


def test_a_flood_of_problems_stays_within_its_quarantine_and_delays_nobody(
    shop: System, hands: Hands, vandal: Hands
) -> None:
    before = problems(shop).get("payload.not_json", 0)
    flood = QUARANTINE_ROWS_MAX + 1000

    for start in range(0, flood, 500):
        vandal.publish("shelf", *(b"flood %d" % number for number in range(start, start + 500)), device="shelf-a01")
        hands.put(1, 5 + start % 7)

    eventually(lambda: problems(shop)["payload.not_json"], lambda count: count == before + flood, "all are counted")
    counted_right(shop, hands)
    with sqlite3.connect(shop.edge / "edge.db") as edge:
        kept = edge.execute("SELECT COUNT(*) FROM problem").fetchone()[0]
    edge.close()
    assert kept == QUARANTINE_ROWS_MAX
    assert shop.gateway.get("/readyz").status == 200
    eventually(shop.books, lambda books: all(book.complete for book in books.values()), "every report once")
    assert hands.truth.items() <= shop.moved().items()


# -- broken files, wrong keys ------------------------------------------------------------------------------------------

GOOD = site_with_hands(SMALL)
BROKEN = {
    "not TOML": (b"this is [ not toml", "not valid TOML"),
    "binary": (bytes(range(256)), "can not be read"),
    "unknown field": (GOOD.replace("[[zones]]", "[[zones]]\ncolour = 1", 1).encode(), "colour"),
    "dangling reference": (GOOD.replace('sku = "screws"', 'sku = "nails"').encode(), "nails"),
    "twice the same id": (GOOD.replace('id = "H01-02"', 'id = "H01-01"').encode(), "listed twice"),
    "empty": (b"", "site"),
}


@pytest.mark.parametrize("title", BROKEN)
def test_a_broken_site_file_is_one_sentence_from_both_sides(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], title: str
) -> None:
    content, word = BROKEN[title]
    site = tmp_path / "site.toml"
    site.write_bytes(content)

    for main, verb in ((edge_cli.main, "run"), (cloud_cli.main, "serve")):
        status = main([verb, "--site", str(site), "--state", str(tmp_path / "state")])

        said = capsys.readouterr().err
        assert status == 2
        assert said.startswith("error: ")
        assert said.count("\n") == 1
        assert word in said
        assert str(site) in said


def test_a_port_in_use_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text(GOOD)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        edge = ["edge", "run", "--site", str(tmp_path / "site.toml")]
        cloud = ["cloud", "serve", "--site", str(tmp_path / "site.toml")]

        refused(
            port,
            ["edge", "broker", "--state", str(tmp_path / "a"), "--port", port],
            [*edge, "--state", str(tmp_path / "b"), "--port", port],
            [*cloud, "--state", str(tmp_path / "c"), "--port", port, "--uplink", f"tcp://127.0.0.1:{free_port()}"],
            [*cloud, "--state", str(tmp_path / "d"), "--port", "0", "--uplink", f"tcp://127.0.0.1:{port}"],
        )


def test_a_state_folder_that_can_not_be_written_is_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("a file, where a folder should be")
    state = ["--state", str(file / "state")]
    (tmp_path / "site.toml").write_text(GOOD)
    site = ["--site", str(tmp_path / "site.toml")]

    refused(
        str(file),
        ["edge", "broker", *state, "--port", str(free_port())],
        ["edge", "key", *state],
        ["edge", "run", *site, *state, "--port", str(free_port())],
        ["cloud", "serve", *site, *state, "--port", "0"],
        ["cloud", "allow", "gateway", "x" * 40, *state],
        ["cloud", "account", "kim", *state],
    )


def refused(word: str, *argvs: list[str]) -> None:
    """Each ends with status 2 and one sentence that names what can not be used."""
    for argv, done in zip(argvs, run_all(*argvs), strict=True):
        assert done.returncode == 2, (argv, done)
        assert "Traceback" not in done.stderr, (argv, done)
        last = done.stderr.splitlines()[-1]
        assert last.startswith("error: "), (argv, done)
        assert word in last, (argv, done)


def test_wrong_passwords_and_keys_are_told_where_people_look(shop: System, tmp_path: Path) -> None:
    guess = tmp_path / "guess.toml"
    guess.write_text('[users]\ngateway = "open sesame"\n')
    own_keys(tmp_path / "another-service")
    right, wrong = shop.cloud / "keys" / "service.key", tmp_path / "another-service" / "keys" / "service.key"
    stranger = shop.add_gateway("stranger", tmp_path / "stranger", guess, right)
    misled = shop.add_gateway("misled", tmp_path / "misled", shop.credentials, wrong)
    for name in ("stranger", "misled"):
        shop.parts[name].start()

    door = eventually(lambda: stranger.get("/readyz"), lambda answer: "refused us" in str(answer.value), "the reason")
    links = [
        eventually(lambda one=one: _link(one), lambda link: "cloud allow" in link.get("why", ""), "the reason")  # type: ignore[misc]
        for one in (stranger, misled)
    ]
    for name in ("stranger", "misled"):
        assert shop.parts[name].stop() == 0

    assert door.status == 503
    assert "check the credentials file" in door.value["reasons"][0]
    for link in links:
        assert link["connected"] is False
        assert f"the service at {shop.uplink_url} does not answer" in link["why"]
    assert "a gateway with an unknown key was refused" in shop.parts["service"].said()
    assert "open sesame" not in shop.parts["stranger"].said()


def _link(gateway: Visitor) -> dict[str, Any]:
    answer = gateway.get("/api/v1/status")
    link: dict[str, Any] = answer.value["service"] if answer.status == 200 else {}
    return link
