"""Channels over the web: written and tried by admins, and read back by nobody."""

from __future__ import annotations

import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cloud import notify
from cloud.channels import read
from cloud.desks import channelling
from cloud.stores.ledger import Ledger
from tests.contract.site_house import SiteHouse, edited_site, tell

URL = "ntfys://ntfy.example/very-secret-topic"


@pytest.fixture
async def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SiteHouse]:
    monkeypatch.setattr(notify, "is_known", lambda url: "://nowhere" not in url)
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    async with edited_site(ledger, tmp_path) as made:
        yield made
    ledger.close()


async def test_a_channel_is_added_changed_and_taken_out_and_the_file_stays_its_owners(house: SiteHouse) -> None:
    mo = await house.client()
    path = house.channels.path
    path.write_text("# reach us\nheartbeat_s = 90\n")
    path.chmod(0o600)

    assert (await tell(mo, "POST", "channels", {"name": "ann-phone", "url": URL}))[0] == 200
    status, made, _ = await tell(mo, "POST", "channels", {"name": "erp", "webhook": "https://erp.example/hook"})
    assert (status, made["secret"][:6], made["channel"]["kind"]) == (200, "whsec_", "webhook")
    assert read(path).channels["erp"].secret == made["secret"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text().startswith("# reach us\nheartbeat_s = 90\n")

    _, again, _ = await tell(mo, "POST", "channels/erp", {"new_secret": True})
    assert again["secret"] not in ("", made["secret"])
    assert (await tell(mo, "DELETE", "channels/erp"))[0] == 204
    assert [*read(path).channels] == ["ann-phone"]


async def test_what_is_secret_is_in_no_answer(house: SiteHouse) -> None:
    mo = await house.client()
    await tell(mo, "POST", "channels", {"name": "ann-phone", "url": URL})
    await tell(mo, "POST", "channel-settings", {"heartbeat": "https://beat.example/very-secret-beat"})

    for path in ("channels", "channels/ann-phone"):
        status, said, _ = await tell(mo, "GET", path)
        assert status == 200
        assert "very-secret" not in str(said)
    _, seen, _ = await tell(mo, "GET", "channels")
    assert (seen["heartbeat"], seen["channels"][0]["people"], seen["channels"][0]["by"]) == (True, ["ann"], "mo")


async def test_a_flaw_of_a_channel_is_told_at_its_field_without_what_was_typed(house: SiteHouse) -> None:
    mo = await house.client()
    for body, field in (
        ({"name": "a", "url": "very-secret"}, "/url"),
        ({"name": "a", "url": "nowhere-secret://nowhere"}, "/url"),
        ({"name": "a", "webhook": "ftp://very-secret"}, "/webhook"),
        ({"name": "a"}, "/url"),
    ):
        status, said, _ = await tell(mo, "POST", "channels", body)
        assert (status, said["code"], said["errors"][0]["pointer"]) == (422, "unfit_channel", field)
        assert "secret" not in said["detail"].replace("no secret to sign", "")
    assert (await tell(mo, "POST", "channels", {"name": "a b", "url": URL}))[0] == 400
    assert not house.channels.path.exists()
    await tell(mo, "POST", "channels", {"name": "a", "url": URL})
    status, said, _ = await tell(mo, "POST", "channels", {"name": "a", "url": URL})
    assert (status, said["code"]) == (422, "name_taken")


async def test_people_whose_channel_is_missing_are_named(house: SiteHouse) -> None:
    mo = await house.client()

    assert (await tell(mo, "GET", "channels"))[1]["missing"] == ["ann-phone"]


async def test_of_two_who_change_a_channel_the_second_is_told(house: SiteHouse) -> None:
    mo, ma = await house.client("mo"), await house.client("ma")
    await tell(mo, "POST", "channels", {"name": "a", "url": URL})
    _, _, tag = await tell(mo, "GET", "channels/a")
    await tell(ma, "POST", "channels/a", {"url": URL + "2"}, **{"If-Match": tag})

    status, said, _ = await tell(mo, "POST", "channels/a", {"url": URL + "3"}, **{"If-Match": tag})

    assert (status, said["by"]) == (412, "ma")
    assert read(house.channels.path).channels["a"].url == URL + "2"


async def test_a_test_says_whether_it_was_taken(house: SiteHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    async def answered(channel: object, number: str) -> str:
        return "answered 410"

    monkeypatch.setattr(channelling, "tried", answered)
    mo = await house.client()
    await tell(mo, "POST", "channels", {"name": "a", "url": URL})

    assert (await tell(mo, "POST", "channels/a/test", {}))[1] == {
        "name": "a",
        "delivered": False,
        "why": "answered 410",
    }
    assert (await tell(mo, "POST", "channels/a/test", {}))[1]["code"] == "too_soon"


async def test_a_file_of_channels_broken_by_hand_is_told_and_left_alone(house: SiteHouse) -> None:
    mo = await house.client()
    house.channels.path.write_text('[channels.a]\nurl = "very-secret\n')
    house.channels.path.chmod(0o600)

    assert "not valid TOML" in (await tell(mo, "GET", "channels"))[1]["trouble"]
    status, said, _ = await tell(mo, "POST", "channels", {"name": "b", "url": URL})

    assert (status, said["code"]) == (422, "channels_broken")
    assert "very-secret" not in str(said)
    assert house.channels.path.read_text() == '[channels.a]\nurl = "very-secret\n'


async def test_only_admins_see_channels(house: SiteHouse) -> None:
    bo = await house.client("bo")

    for method, path in (
        ("GET", "channels"),
        ("POST", "channels"),
        ("POST", "channels/a/test"),
        ("DELETE", "channels/a"),
    ):
        assert (await tell(bo, method, path))[0] == 403
