"""The site file edited over the web: one thing at a time or by a sheet, two people at once, taken back, put to use."""

from __future__ import annotations

import io
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from arro3.io import read_parquet
from msgspec.structs import replace

from cloud import site_file
from cloud.stores.ledger import Ledger
from cloud.web.site_editor import TABLES
from protocols import layout
from tests.contract.site_house import TEXT, SiteHouse, edited_site, tell
from tests.desk import slot as seen

SLOT = "site/slots/A-1"
NEW: dict[str, Any] = {"id": "A-2", "zone": "aisle", "sku": "insulin", "device": "shelf-1", "channel": "3"}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[SiteHouse]:
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    async with edited_site(ledger, tmp_path) as made:
        yield made
    ledger.close()


def change(**values: Any) -> dict[str, Any]:
    return {"values": values}


async def test_an_edit_is_saved_and_used_only_when_somebody_says_so(house: SiteHouse) -> None:
    mo = await house.client()
    house.path.chmod(0o640)

    status, thing, _ = await tell(mo, "POST", SLOT, change(capacity=40))

    assert (status, thing["values"]["capacity"], thing["by"]) == (200, 40, "mo")
    assert layout.parse(house.path.read_text()).slot_by_id["A-1"].capacity == 40
    assert stat.S_IMODE(house.path.stat().st_mode) == 0o640
    _, state, _ = await tell(mo, "GET", "site")
    assert (state["by"], state["undo"], state["revision"] != state["used"], house.restarts) == ("mo", True, True, 0)
    assert [(one["by"], one["what"], one["things"]) for one in state["versions"]] == [("mo", "edit", ["slots/A-1"])]
    assert (await tell(mo, "POST", "site/use", {}))[0] == 200
    assert house.restarts == 1


async def test_the_second_of_two_people_is_told_who_was_first_and_when(house: SiteHouse) -> None:
    mo, ma = await house.client("mo"), await house.client("ma")
    _, _, tag = await tell(mo, "GET", SLOT)
    assert (await tell(ma, "POST", SLOT, change(capacity=50), **{"If-Match": tag}))[0] == 200

    status, said, now = await tell(mo, "POST", SLOT, change(capacity=40), **{"If-Match": tag})

    assert (status, said["code"], said["by"], said["changed_ms"]) == (412, "changed", "ma", house.now_ms)
    assert (await tell(mo, "POST", SLOT, change(capacity=40), **{"If-Match": now}))[0] == 200


async def test_a_flaw_is_told_at_its_field_and_nothing_is_written(house: SiteHouse) -> None:
    mo = await house.client()

    status, said, _ = await tell(mo, "POST", "site/slots", change(**{**NEW, "zone": "cellar", "capacity": 0}))
    assert (status, said["code"]) == (422, "unfit_site")
    assert [(one["pointer"], one["code"], one["told"]) for one in said["errors"]] == [
        ("/capacity", "wants_whole", {"least": 1}), ("/zone", "unlisted", {"value": "cellar", "of": "zones"}),
    ]  # fmt: skip
    _, said, _ = await tell(mo, "POST", "site/slots", change(**{**NEW, "zone": "cellar"}))
    assert [(one["pointer"], one["code"]) for one in said["errors"]] == [("/zone", "unlisted")]
    twice, removal = change(**{**NEW, "id": "A-1"}), ("site/zones/cold/removal", dict[str, Any]())
    for path, body in ((SLOT, change(device="cold-1")), removal, ("site/slots", twice)):
        assert (await tell(mo, "POST", path, body))[0] == 422
    for path in ("site/slots/none", "site/slots/none/removal", "site/shelves"):
        assert (await tell(mo, "POST", path, {} if path.endswith("removal") else change(capacity=1)))[0] == 404

    assert house.path.read_text() == TEXT


async def test_what_still_lies_there_is_told_before_a_slot_goes(house: SiteHouse) -> None:
    mo = await house.client()
    house.live.publish(replace(house.live.current, slots=[replace(seen(1, 4), id="A-1")]))

    status, said, _ = await tell(mo, "POST", f"{SLOT}/removal", {})
    assert (status, said["code"], said["errors"][0]["code"]) == (409, "still_holds", "slot_holds")
    assert (await tell(mo, "POST", f"{SLOT}/removal", {"insist": True}))[0] == 200

    assert "A-1" not in layout.parse(house.path.read_text()).slot_by_id


async def test_the_last_change_is_taken_back_and_brought_back(house: SiteHouse) -> None:
    mo = await house.client()
    await tell(mo, "POST", "site/slots", change(**NEW))
    after = house.path.read_text()

    assert (await tell(mo, "POST", "site/undo", {}))[0] == 200
    assert house.path.read_text() == TEXT
    assert (await tell(mo, "POST", "site/undo", {}))[0] == 200
    assert house.path.read_text() == after
    house.path.write_text(after + "# by hand\n")
    status, said, _ = await tell(mo, "POST", "site/undo", {})
    assert (status, said["code"]) == (422, "nothing_to_undo")
    assert house.path.read_text().endswith("# by hand\n")


async def test_what_is_shown_is_taken_back_and_put_to_use_and_nothing_that_came_since(house: SiteHouse) -> None:
    mo, ma = await house.client("mo"), await house.client("ma")
    await tell(mo, "POST", SLOT, change(capacity=40))
    _, _, shown = await tell(mo, "GET", "site")
    await tell(ma, "POST", SLOT, change(capacity=50))
    after = house.path.read_text()

    for path in ("site/undo", "site/use"):
        status, said, _ = await tell(mo, "POST", path, {}, **{"If-Match": shown})
        assert (status, said["code"], said["by"]) == (412, "changed", "ma")
    assert (house.path.read_text(), house.restarts) == (after, 0)


async def test_the_audit_tells_what_an_edit_an_import_and_what_came_of_it_were_about(house: SiteHouse) -> None:
    mo = await house.client()
    await tell(mo, "POST", SLOT, change(capacity=40, tare_g=None))
    sheet = b"id;capacity\nA-1;41\nK-1;42\n"
    _, seen_before, _ = await tell(mo, "POST", "site/slots.csv", sheet, **{"Content-Type": "text/csv"})
    assert (await tell(mo, "POST", f"site/previews/{seen_before['digest']}", {}))[0] == 200
    await tell(mo, "POST", "site/undo", {})
    _, state, _ = await tell(mo, "POST", "site/use", {})

    assert [(one.what, one.note) for one in house.people.told if one.what != "post_session"] == [
        ("post_site_table_id", "capacity: 40, tare_g: –"),
        ("post_site_table_csv", ""),
        ("post_site_previews_digest", "2: slots/A-1, slots/K-1"),
        ("post_site_undo", "2: slots/A-1, slots/K-1"),
        ("post_site_use", state["revision"]),
    ]


async def test_only_the_last_versions_are_kept(house: SiteHouse) -> None:
    mo = await house.client()
    for capacity in range(1, 24):
        assert (await tell(mo, "POST", SLOT, change(capacity=capacity)))[0] == 200

    _, state, _ = await tell(mo, "GET", "site")
    assert [one["number"] for one in state["versions"]] == [*range(23, 3, -1)]
    assert state["kept"] == 20


async def test_every_table_of_the_file_can_be_had_as_parquet(house: SiteHouse) -> None:
    mo = await house.client()
    assert (await tell(mo, "POST", SLOT, change(capacity=41)))[0] == 200

    for table in TABLES:
        status, file, _ = await tell(mo, "GET", f"site/{table}.parquet")
        _, told, _ = await tell(mo, "GET", f"site/{table}")
        found = read_parquet(io.BytesIO(file)).read_all()
        assert (status, found.num_rows, found.column_names) == (
            200, len(told["items"]), [one["name"] for one in told["fields"]],
        )  # fmt: skip
        for one in told["fields"]:
            if one["kind"] in ("text", "choice", "number", "whole", "flag"):
                values = [thing["values"][one["name"]] for thing in told["items"]]
                assert found.column(one["name"]).to_pylist() == values, (table, one["name"])


async def test_a_sheet_is_previewed_and_applied_whole_or_not_at_all(house: SiteHouse) -> None:
    mo = await house.client()
    good = (
        b"id;zone;sku;device;channel;capacity\r\nA-2;aisle;insulin;shelf-1;3;9\r\nA-1;aisle;gloves-m;shelf-1;1;41\r\n"
    )
    bad = good.replace(b";9", b";nine")

    status, seen_bad, _ = await tell(mo, "POST", "site/slots.csv", bad)
    assert (status, seen_bad["digest"], seen_bad["n_problems"]) == (200, "", 1)
    assert (seen_bad["problems"][0]["line"], seen_bad["problems"][0]["column"]) == (2, "capacity")
    _, found, _ = await tell(mo, "POST", "site/slots.csv", good)
    assert (found["added"], found["changed"], found["problems"]) == (1, 1, [])
    assert house.path.read_text() == TEXT
    assert (await tell(mo, "POST", f"site/previews/{found['digest']}", {}))[0] == 200

    slots = layout.parse(house.path.read_text()).slot_by_id
    assert (slots["A-1"].capacity, slots["A-2"].capacity) == (41, 9)
    status, said, _ = await tell(mo, "POST", f"site/previews/{found['digest']}", {})
    assert (status, said["code"]) == (422, "no_preview")


async def test_a_preview_does_not_outlive_a_change(house: SiteHouse) -> None:
    mo = await house.client()
    _, found, _ = await tell(mo, "POST", "site/slots.csv", b"id,capacity\nA-1,7\n")
    await tell(mo, "POST", SLOT, change(capacity=40))

    status, said, _ = await tell(mo, "POST", f"site/previews/{found['digest']}", {})

    assert (status, said["code"]) == (409, "changed")
    assert layout.parse(house.path.read_text()).slot_by_id["A-1"].capacity == 40


async def test_the_sheet_that_is_fetched_changes_nothing(house: SiteHouse) -> None:
    mo = await house.client()
    for table in ("zones", "racks", "skus", "slots", "devices"):
        status, sheet, _ = await tell(mo, "GET", f"site/{table}.csv")
        _, found, _ = await tell(mo, "POST", f"site/{table}.csv", sheet)
        assert (status, found["added"], found["changed"], found["problems"], found["digest"]) == (200, 0, 0, [], "")


async def test_a_file_broken_by_hand_is_told_and_not_written_over(house: SiteHouse) -> None:
    mo = await house.client()
    house.path.write_text("[site\n")

    status, state, _ = await tell(mo, "GET", "site")
    assert (status, "not valid TOML" in state["problem"], state["revision"]) == (200, True, "")
    for method, path, body in (
        ("GET", "site/slots", None),
        ("POST", SLOT, change(capacity=3)),
        ("POST", "site/use", {}),
    ):
        status, said, _ = await tell(mo, method, path, body)
        assert (status, said["code"]) == (422, "site_broken")
    assert house.path.read_text() == "[site\n"


async def test_a_file_that_can_not_be_written_is_told_and_no_version_of_it_is_kept(
    house: SiteHouse, monkeypatch: pytest.MonkeyPatch
) -> None:

    def refuse(path: Path, text: str) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(site_file, "replace", refuse)
    mo = await house.client()

    status, said, _ = await tell(mo, "POST", SLOT, change(capacity=3))

    assert (status, said["code"], "Permission denied" in said["detail"]) == (422, "not_writable", True)
    assert (await tell(mo, "GET", "site"))[1]["versions"] == []


async def test_everybody_may_look_and_only_admins_change(house: SiteHouse) -> None:
    bo = await house.client("bo")
    for path in ("site", "site/slots", SLOT, "site/slots.csv"):
        assert (await tell(bo, "GET", path))[0] == 200
    for path in ("site/slots", SLOT, f"{SLOT}/removal", "site/undo", "site/use", "site/slots.csv", "site/gateways/gw"):
        assert (await tell(bo, "POST", path, {}))[0] == 403


async def test_a_gateway_that_works_by_a_file_of_before_is_given_the_one_of_now(house: SiteHouse) -> None:
    mo = await house.client()
    await house.sharing.look()
    assert [one.state for one in house.sharing.told()] == ["same"]
    await tell(mo, "POST", SLOT, change(capacity=40))

    house.start()
    assert [one.state for one in house.sharing.told()] == ["unknown"]
    await house.sharing.look()
    assert [one.state for one in house.sharing.told()] == ["older"]
    await house.sharing.look()

    assert [one.state for one in house.sharing.told()] == ["same"]
    assert house.gateway.text == house.path.read_text()


async def test_a_gateway_whose_file_nobody_knows_is_left_alone_until_a_person_says_so(house: SiteHouse) -> None:
    mo = await house.client()
    house.gateway.text = TEXT.replace("capacity = 36", "capacity = 35")
    await house.sharing.look()
    assert [one.state for one in house.sharing.told()] == ["other"]
    assert [what for what, _ in house.gateway.asked] == ["GET"]

    assert (await tell(mo, "POST", "site/gateways/gw", {}))[0] == 200

    assert house.gateway.text == TEXT
    assert house.gateway.asked[-1] == ("POST", "mo")


async def test_why_a_gateway_does_not_take_the_file_is_told(house: SiteHouse) -> None:
    mo = await house.client()
    house.gateway.text, house.gateway.why = (
        TEXT.replace("capacity = 36", "capacity = 35"),
        "site.toml can not be written here",
    )

    status, said, _ = await tell(mo, "POST", "site/gateways/gw", {})

    assert (status, said["code"]) == (422, "not_taken")
    assert "can not be written here" in said["detail"]
    await house.sharing.look()
    assert [(one.state, one.why) for one in house.sharing.told()] == [("refused", "site.toml can not be written here")]
