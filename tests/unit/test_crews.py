"""Rosters over daylight saving and days away, links, and the file of channels."""

from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud import channels, notify
from cloud.alerts import links, people
from cloud.alerts.people import Turn
from cloud.channels import Channel, ChannelsError, ChannelsFile
from protocols.crews import Person, Team
from protocols.layout import LayoutError, parse
from tests.depot import SITE_TEXT

BERLIN = ZoneInfo("Europe/Berlin")
PEOPLE = {name: Person(name, name.title(), ["phone"]) for name in ("ann", "bob")}
DAILY = Team("t", "T", ["ann", "bob"], starts="2026-01-05", turn_days=1)


def ms(text: str, fold: int = 0) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=BERLIN, fold=fold).timestamp() * 1000)


def test_turns_follow_each_other_and_say_who_stands_in() -> None:
    there = PEOPLE | {"ann": Person("ann", "Ann", ["phone"], away=["2026-01-07"])}
    found = people.turns(DAILY, there, ms("2026-01-06 12:00"), ms("2026-01-08 12:00"), BERLIN)
    assert found == [
        Turn("bob", ms("2026-01-06 12:00"), ms("2026-01-07 08:00"), False),
        Turn("bob", ms("2026-01-07 08:00"), ms("2026-01-08 00:00"), True),
        Turn("ann", ms("2026-01-08 00:00"), ms("2026-01-08 08:00"), False),
        Turn("bob", ms("2026-01-08 08:00"), ms("2026-01-08 12:00"), False),
    ]


@pytest.mark.parametrize("hand_over", ["02:30", "08:00", "00:00"])
@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25)])
def test_a_day_of_23_or_25_hours_hands_over_once(day: str, hours: int, hand_over: str) -> None:
    team = Team("t", "T", ["ann", "bob"], starts="2026-01-05", turn_days=1, hand_over=hand_over)
    begin = ms(f"{day} 00:00")
    end = begin + hours * 3_600_000
    firsts = [
        people.on_call(team, PEOPLE, datetime.fromtimestamp(at / 1000, BERLIN))[0]
        for at in range(begin, end, 10 * 60_000)
    ]
    changes = sum(one != other for one, other in pairwise(firsts))
    assert changes == (hand_over != "00:00")
    found = people.turns(team, PEOPLE, begin - 86_400_000, end + 86_400_000, BERLIN)
    assert all(one.until_ms == other.from_ms for one, other in pairwise(found))
    assert len(found) == 4 - (hand_over == "00:00")


@given(st.integers(0, 400), st.integers(1, 40), st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/New_York"]))
def test_a_roster_has_no_gap_and_agrees_with_who_is_on_call(day: int, days: int, zone: str) -> None:
    local = ZoneInfo(zone)
    begin = round((datetime(2026, 1, 5, 9, 30, tzinfo=local) + timedelta(days=day)).timestamp() * 1000)
    found = people.turns(DAILY, PEOPLE, begin, begin + days * 86_400_000, local)
    assert (found[0].from_ms, found[-1].until_ms) == (begin, begin + days * 86_400_000)
    assert all(one.until_ms == other.from_ms for one, other in pairwise(found))
    for one in found:
        middle = datetime.fromtimestamp((one.from_ms + one.until_ms) / 2000, local)
        assert people.on_call(DAILY, PEOPLE, middle)[0] == one.person


def test_people_and_teams_stand_in_the_site_file() -> None:
    text = (
        SITE_TEXT
        + '[[people]]\nid = "ann"\nname = "Ann"\nto = ["a"]\n[[teams]]\nid = "t"\nname = "T"\npeople = ["ann"]\n'
    )
    assert [one.id for one in parse(text).people] == ["ann"]
    with pytest.raises(LayoutError, match="person 'bob', which is not there"):
        parse(text.replace('people = ["ann"]', 'people = ["bob"]'))
    with pytest.raises(LayoutError, match="person 'ann' is listed twice"):
        parse(text + '[[people]]\nid = "ann"\nname = "Anna"\nto = ["a"]\n')


KEY = b"k" * 32


def test_a_link_is_for_one_person_one_notice_and_these_alerts() -> None:
    token = links.token(KEY, 7, "ann", [1, 2], "nonce", 1_000)
    link = links.read(token)
    assert link is not None
    assert (link.notice, link.until_ms, len(token)) == (7, 1_000, links.TOKEN_CHARACTERS)
    assert links.is_signed(KEY, link, "ann", [1, 2], "nonce")
    for key, person, alerts, nonce in (
        (b"x" * 32, "ann", [1, 2], "nonce"), (KEY, "bob", [1, 2], "nonce"), (KEY, "ann", [1], "nonce"),
        (KEY, "ann", [1, 2], "other"), (KEY, "ann", [1, 2], ""),
    ):  # fmt: skip
        assert not links.is_signed(key, link, person, alerts, nonce)
    assert not links.is_signed(KEY, link._replace(notice=8), "ann", [1, 2], "nonce")
    assert not links.is_signed(KEY, link._replace(until_ms=9_999), "ann", [1, 2], "nonce")


@given(st.text(max_size=60))
def test_any_text_is_a_token_or_none(text: str) -> None:
    link = links.read(text)
    assert link is None or not links.is_signed(KEY, link, "ann", [1], "nonce")


def write(path: Path, text: str, mode: int = 0o600) -> Path:
    path.write_text(text)
    path.chmod(mode)
    return path


SECRET = channels.new_secret()


def test_channels_are_read_again_when_they_change(tmp_path: Path) -> None:
    file = ChannelsFile(tmp_path)
    assert (file.now().channels, file.trouble) == ({}, "")
    channels.add(tmp_path, "ann", Channel(url="ntfys://ntfy.example/topic-of-ann"))
    channels.add(tmp_path, "erp", Channel(webhook="https://erp.example/hook", secret=SECRET))
    assert {name: one.kind for name, one in file.now().channels.items()} == {"ann": "ntfys", "erp": "webhook"}
    assert (tmp_path / "channels.toml").stat().st_mode & 0o777 == 0o600
    with pytest.raises(ChannelsError, match="already"):
        channels.add(tmp_path, "ann", Channel(url="ntfys://other/topic"))
    assert len(file.now().channels) == 2


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[channels.a]\nurl = "no-url"\n', "has a url that is none"),
        ('[channels.a]\nwebhook = "ftp://x"\nsecret = "s"\n', "no http"),
        (f'[channels.a]\nwebhook = "https://x"\nurl = "ntfy://x/t0psecret"\nsecret = "{SECRET}"\n', "either"),
        ('[channels.a]\nwebhook = "https://x/t0psecret"\nsecret = "short"\n', "no secret to sign with"),
        ('heartbeat = "t0psecret"\n', "heartbeat is no"),
        ("heartbeat = t0psecret\n", "line 1"),
        ("hartbeat = 1\n", "object contains unknown field `hartbeat`"),
        ('test_day = "t0psecret"\n', "test_day is not as it must be: take one of monday"),
        ("[channels.ann]\nurl = 5\n", "channel 'ann': url is not as it must be"),
        (
            '[channels.ann]\nurl = "json://x"\nphone = "t0psecret"\n',
            "channel 'ann': object contains unknown field `phone`",
        ),
        ('[channels."a t0p b"]\nurl = "json://x"\n', "its name"),
        ("heartbeat_s = 1\n", "heartbeat_s"),
    ],
)
def test_what_is_wrong_with_channels_is_said_without_what_stands_there(tmp_path: Path, text: str, says: str) -> None:
    write(tmp_path / "channels.toml", text)
    with pytest.raises(ChannelsError) as told:
        channels.read(tmp_path / "channels.toml")
    assert says in str(told.value)
    assert "t0psecret" not in str(told.value)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_channels_that_others_can_read_are_not_used(tmp_path: Path, mode: int) -> None:
    write(tmp_path / "channels.toml", '[channels.a]\nurl = "ntfy://x/y"\n', mode)
    file = ChannelsFile(tmp_path)
    assert file.now().channels == {}
    assert "chmod 600" in file.trouble


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """What the program's own log would hold at its most talkative; caplog also hears what is kept from that log."""
    root, told = logging.getLogger(), logging.StreamHandler(io.StringIO())
    level = root.level
    root.addHandler(told)
    root.setLevel(logging.DEBUG)
    yield told.stream
    root.removeHandler(told)
    root.setLevel(level)


def test_an_address_that_would_tell_nobody_is_none() -> None:
    pytest.importorskip("apprise", reason="apprise is not installed")

    assert [notify.is_known(one) for one in ("ntfy://", "ntfys:///", "ntfys://host/topic", "nowhere://x")] == [
        False, False, True, False,
    ]  # fmt: skip


async def test_a_service_that_hangs_or_fails_delays_nobody_and_tells_no_secret(
    logged: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("apprise", reason="apprise is not installed")
    assert await notify.send("json://127.0.0.1:9/t0psecret", "title", "body") == "not taken"
    assert "knows" in await notify.send("t0psecret://x", "title", "body")
    assert "t0psecret" not in logged.getvalue()
    free = asyncio.Event()
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(notify, "_send", lambda *_: asyncio.run_coroutine_threadsafe(free.wait(), loop).result() and "")
    assert await notify.send("ntfy://x/y", "title", "body", limit_s=0.01) == "no answer within 0.01 s"
    free.set()
