"""docs/trading.md says what buying does: an order from the first thought to the end is made at a running service, every
table is the code's."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from cloud import cli
from cloud.core.purchasing import acting, answers, bills, facts, joining, needs, receiving, scorecards, sourcing, steps
from cloud.core.purchasing.acting import ACTIONS, POSSIBLE, may_approve
from cloud.core.purchasing.facts import Came, Fact
from cloud.core.purchasing.lateness import Stakes
from cloud.core.purchasing.needs import Asked
from cloud.core.purchasing.orders import Order
from cloud.core.purchasing.receiving import Arrival
from cloud.core.trade_view import ArrivalView
from cloud.desks import papers, telling
from cloud.web import neighbours, office, portal, posting, supply
from cloud.web.neighbours import Neighbours
from cloud.web.office import Office
from cloud.web.portal import Portal
from cloud.web.supply import Supply
from protocols.documents.papers import BYTES_MAX
from protocols.trade import EVENTS, WEIGHTS, Action, Buying
from tests.depot import DAY_MS, NOON_MS
from tests.unit import shop
from tests.unit.pages import anchors, blocks, tables, told

TEXT = shop.page("trading")
SAID = " ".join(TEXT.split())


async def test_an_order_lives_as_the_page_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = shop.requests(TEXT)
    assert len(rows) > 18

    async with shop.opened(tmp_path, monkeypatch) as open_shop:
        for row in rows:
            await shop.asked(open_shop, row)


async def test_a_supplier_sees_its_shelves_and_orders_and_its_machine_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paper = next(body for _, body in blocks(TEXT, "text") if body.startswith("ISA"))
    kinds = {row[0]: row[2].split("`") for row in tables(TEXT, "paper")[0]}
    async with shop.opened(tmp_path, monkeypatch) as open_shop:
        for row in shop.requests(TEXT)[:6]:
            await shop.asked(open_shop, row)

        status, said = await open_shop.ask("su", "POST", "/api/v1/portal/papers", paper.replace("\n", "").encode())

        assert status == 200
        assert [(one["action"], one["order"]["state"]) for one in said["done"]] == [("confirm", "confirmed")]
        portal = await open_shop.get("/api/v1/portal", "su")
        assert [(one["sku"], one["least"], one["most"]) for one in portal["shelves"]] == [("gloves-m", 10, 60)]
        assert [(one["id"], one["by"], one["note"]) for one in portal["orders"]] == [(1, "", "")]
        answered = {}
        for kind, (method, *_) in kinds.items():
            path = method.removeprefix("GET ")
            answered[kind] = (await open_shop.ask("su", "GET", path))[0]
        for path in ("/api/v1/stock", "/api/v1/orders", "/api/v1/skus/gloves-m/position"):
            assert (await open_shop.ask("su", "GET", path))[0] == 403

    assert [*kinds] == sorted(papers.KINDS, key=[*kinds].index)
    # Nothing was moved or changed, and EDIFACT is not agreed on.
    assert answered == dict.fromkeys(("846", "852", "850"), 200) | dict.fromkeys(
        ("INVRPT", "EPCIS", "860", "ORDERS"), 422
    )


async def test_the_commands_that_are_shown_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with shop.opened(tmp_path, monkeypatch) as open_shop:
        state = open_shop.state
    (tmp_path / "site.toml").write_text(shop.site_text())
    commands = re.findall(r"^python -m cloud ([^#\n]+)", TEXT, re.MULTILINE)

    said = []
    for command in commands:
        where = ["--state", str(state), "--site", str(tmp_path / "site.toml")]
        assert cli.main([*shlex.split(command), *where]) == 0, command
        said.append(capsys.readouterr().out)

    assert [one.split()[0] for one in commands] == ["account", "account", "account", "webhooks", "webhooks"]
    assert said[0].startswith("MEDLINE (supplier): ")
    assert said[2].startswith("MEDLINE-EDI (supplier) is removed")
    hook = r"id=medline  url=https://edi\.medline\.example/hook  secret=(whsec_\S+)  waiting=0"
    before, after = re.fullmatch(f"{hook}\n", said[3]), re.fullmatch(rf"{hook}  also=(\S+)\n", said[4])
    assert before is not None
    assert after is not None
    assert (after[2], after[1] == before[1]) == (before[1], False)
    assert telling.BOTH_MS == 7 * DAY_MS


def test_the_events_are_those_of_the_code() -> None:
    assert [row[0] for row in tables(TEXT, "event")[-1]] == [*EVENTS]
    assert f"at least every {posting.RETRY_MAX_S * 1.25 // 60 + 1:.0f} minutes" in SAID
    assert (posting.RETRY_S, posting.GIVE_UP_S) == (2, 3 * 86_400)
    assert f"Up to {posting.WAITING_MAX:,} wait for a subscriber" in SAID
    assert (posting.GONE, telling.LOOK_MS, papers.WEEK_MS) == (410, 60_000, 7 * DAY_MS)


def test_the_states_and_steps_are_those_of_the_code() -> None:
    shown = {
        row[0]: tuple(action for action, cell in zip(ACTIONS, row[1:], strict=True) if cell == "yes")
        for row in tables(TEXT, "state")[0]
    }

    assert shown == {state: tuple(sorted(can, key=ACTIONS.index)) for state, can in POSSIBLE.items()}
    assert re.search(r"^\| state \| (.+) \|$", TEXT, re.MULTILINE).group(1).split(" | ") == [*ACTIONS]  # type: ignore[union-attr]
    assert [row[0] for row in tables(TEXT, "step")[0]] == [*ACTIONS]


def test_who_may_approve_is_shown_as_it_is_decided() -> None:
    limits = shop.site().buying
    assert (limits.approved_to, limits.buyer_limit, limits.admin_limit) == (100, 500, 100_000)

    for row in tables(TEXT, "worth")[0]:
        worth = float(row[0].replace(",", ""))
        may = [may_approve(role, worth, limits) is None for role in ("nobody", "buyer", "admin")]
        assert ["yes" if one else "no" for one in may] == row[1:], row


def test_each_level_makes_of_a_need_what_is_shown() -> None:
    by = shop.site()

    def made(level: Action, units: int) -> list[str]:
        option = bills.Option(by.suppliers[0], by.offers[0], facts.LeadTime(2, 0, 0))
        stakes = Stakes(1.0, 1.0, 0, 0.1, 0.01)

        def source(sku: str, wanted: int) -> object:
            return sourcing.source(sku, wanted, [option], stakes, by.buying)

        one = Asked(1, "gloves-m", units, level)
        return [order.state for order in needs.orders_of([one], [], source, by.buying, NOON_MS).new]  # type: ignore[arg-type]

    assert [row[0] for row in tables(TEXT, "replenish")[0]] == [*get_args(Action)]
    assert (made("observe", 10), made("propose", 10), made("order", 10)) == ([], ["draft"], ["approved"])
    assert made("order", 100) == ["draft"]


def test_lead_times_are_shrunk_as_the_example_says() -> None:
    def line(days: int, order: int) -> Fact:
        came = [Came(NOON_MS + days * DAY_MS, 10, 0)]
        return Fact("medline", "gloves-m", order, NOON_MS, 10, 0, 5.2, came, NOON_MS + days * DAY_MS)

    found = facts.lead_time([line(4, 1), line(6, 2)], 2.0, 0.0, NOON_MS + 9 * DAY_MS)

    assert "Quoted 2 days, two lines took 4 and 6: 3 days." in SAID
    assert (found.mean_days, found.n) == (3.0, 2)


def test_the_parts_of_a_score_are_those_of_the_code() -> None:
    rows = {row[0]: row[1:] for row in tables(TEXT, "part")[-1]}

    assert {name: float(row[0]) for name, row in rows.items()} == WEIGHTS
    assert {name for name, row in rows.items() if row[1].startswith("entered")} == scorecards.ENTERED
    priors = {"quality": scorecards.QUALITY, "cost": scorecards.COST, "delivery": scorecards.DELIVERY}
    assert {name: float(rows[name][2]) for name in priors} == {name: one.share for name, one in priors.items()}
    assert {one.lines for one in priors.values()} == {facts.PRIOR_LINES} == {4}


def test_every_field_of_an_arrival_is_told() -> None:
    (table,) = (one for one in tables(TEXT, "field") if one[0][0] == "id" and one[1][0] == "order")

    assert [row[0] for row in table] == [*ArrivalView.__struct_fields__]
    assert {*Arrival.__struct_fields__} <= {*told(table)}


def test_the_routes_are_those_of_the_code_with_their_rights_and_bodies() -> None:
    nobody = object()
    routes = Office(nobody, nobody, nobody).routes()  # type: ignore[arg-type]
    routes += Neighbours(nobody).routes()  # type: ignore[arg-type]
    routes += Portal(nobody, nobody, nobody).routes()  # type: ignore[arg-type]
    routes += Supply(nobody, nobody, nobody).routes()  # type: ignore[arg-type]
    table = tables(TEXT, "method")[0]

    assert {row[0]: row[1] for row in table} == {f"{one.method} {one.path}": one.right or "none" for one in routes}
    bodies: dict[str, type[msgspec.Struct]] = {
        "POST /api/v1/orders": office.NewOrder,
        "POST /api/v1/orders/{id}/receive": office.Step,
        "POST /api/v1/orders/{id}/{action}": office.Step,
        "POST /api/v1/portal/orders/{id}/{action}": office.Step,
        "POST /api/v1/needs/{id}/order": supply.From,
        "POST /api/v1/needs/{id}/snooze": supply.Snooze,
        "POST /api/v1/replenishment/drafts": supply.Drafts,
        "POST /api/v1/arrivals/{id}/confirm": office.Came,
        "POST /api/v1/suppliers/{id}/scores": office.Score,
        "POST /api/v1/neighbours/{id}/spare": neighbours.Spares,
        "POST /api/v1/portal/plan": portal.Plan,
        "POST /api/v1/portal/stock": portal.Stock,
    }
    shown = {row[0]: row[2] for row in table if row[0].startswith("POST")}
    assert shown.pop("POST /api/v1/portal/papers") == "the paper"
    assert {*shown} == {*bodies}
    for address, body in bodies.items():
        fields = [f"{one.name}{'' if one.required else '?'}" for one in msgspec.structs.fields(body)]
        assert [one.strip(" `") for one in shown[address].split(",")] == fields, address
    lines: list[type[msgspec.Struct]] = [office.Wanted, portal.PlanLine, office.StepLine]
    for struct in lines:
        fields = [f"`{one.name}{'' if one.required else '?'}`" for one in msgspec.structs.fields(struct)]
        assert ", ".join(fields) in SAID, struct
    assert set(re.findall(r"\]\(#([\w-]+)\)", TEXT)) <= anchors(TEXT)


def test_the_figures_are_those_of_the_code() -> None:
    buying, hours = Buying(), 3_600_000
    for said in (
        f"within {receiving.GAP_MS // hours} hours of one another",
        f"({receiving.DELIVERY_MS // hours} hours at most)",
        f"counts as {bills.SCORE_WORTH:.0%} dearer".replace("%", " %"),
        "{:.0f}, {:.0f} or {:.0f} % of it".format(*(100 * one for one in sourcing.SHARES)),
        f"at most {sourcing.SPLIT_EXTRA:.0%} more".replace("%", " %"),
        f"up to {steps.KEYS_MAX:,} an order",
        f"Up to {steps.OVER_SHARE:.0%} more".replace("%", " %"),
        f"over the newest {facts.LINES_MAX} lines",
        f"the last {papers.HEARD_MAX:,} of each supplier",
        f"up to {answers.ZONES_MS // hours} hours too old",
        f"A paper may have {BYTES_MAX >> 20} MiB",
    ):
        assert said in SAID, said
    assert joining.LINE_SHARE == 0.1
    assert (buying.buyer_limit, buying.admin_limit) == (500, 100_000)
    assert acting.possible(Order("medline", [], "sent", NOON_MS, NOON_MS, "bo"), ["supplier"]) == [
        "confirm",
        "change",
        "ship",
    ]
