"""The page's types are the service's structs."""

from __future__ import annotations

import pytest
from msgspec import Struct, defstruct

from cloud.core.cold_view import ExcursionView
from cloud.web import schema


def test_the_committed_types_are_what_the_structs_say() -> None:
    made = schema.files()

    committed = {name: (schema.FOLDER / name).read_text(encoding="utf-8") for name in made}

    assert committed == made, "run `python -m cloud.web.schema`"


def test_what_the_view_takes_from_other_rooms_is_to_be_had_from_its_own_file_too() -> None:
    own, taken = schema.files()[schema.OWN], schema.files()[schema.TAKEN]

    assert "export interface OrderView " in taken
    assert "export interface OrderView " not in own
    (handed,) = (line for line in own.splitlines() if line.startswith("export type {"))
    assert all(f"{line.split()[2]}" in handed for line in taken.splitlines() if line.startswith("export interface "))
    (used,) = (line for line in own.splitlines() if line.startswith("import type {"))
    assert "OrderView" in used
    assert "Terms" not in used


def test_a_field_a_frame_may_leave_out_is_optional_and_its_tag_is_a_literal() -> None:
    delta = schema.files()[schema.OWN].split("export interface Delta ")[1]

    assert '  k: "d";' in delta
    assert "  q: number;" in delta
    assert "  kpi?: Kpi | null;" in delta
    assert "  slots?: SlotView[];" in delta


def test_what_a_page_asks_for_has_a_file_of_its_own_with_all_that_is_in_it() -> None:
    made = schema.files()

    plant, crew = made["plant/types.ts"], made["crew/types.ts"]
    for name in (
        "AssetDetail",
        "Evidence",
        "Drawn",
        "WorkDetail",
        "Version",
        "ExcursionView",
        "LineView",
        "BudgetLeft",
    ):
        assert f"export interface {name} {{" in plant
    for name in ("CrewsView", "PersonView", "TurnView", "NoticeView", "Noisy", "RulePrecision", "Judged"):
        assert f"export interface {name} {{" in crew
    assert "export interface WorkView " not in plant
    (used,) = (line for line in plant.splitlines() if line.startswith("import type {"))
    assert "WorkView" in used
    assert '  kind: "again" | "assigned" | ' in crew


def test_of_what_is_sent_to_the_service_a_field_with_a_default_may_be_left_out() -> None:
    step = schema.files()["plant/types.ts"].split("export interface NewWork ")[1]

    assert "  parts?: Wanted[];" in step
    assert "  sku: string;" in step


def test_two_types_of_one_name_in_a_file_are_refused() -> None:
    other = defstruct("LineView", [("units", int)])

    with pytest.raises(TypeError, match="two types called LineView"):
        schema._asked([ExcursionView, other], [])


def test_a_kind_it_can_not_spell_is_named() -> None:
    class Odd(Struct):
        blob: bytes

    with pytest.raises(TypeError, match="can not spell"):
        schema._interface(Odd)
