"""The page's types are the service's structs."""

from __future__ import annotations

import pytest
from msgspec import Struct, defstruct

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
    assert "  slots?: SlotChange[];" in delta
    assert "  count?: number | null;" in schema.files()[schema.OWN].split("export interface SlotChange ")[1]


def test_each_room_has_a_file_of_all_that_its_routes_read_and_answer() -> None:
    made = schema.files()

    care, crew = made["types_care.ts"], made["types_crew.ts"]
    for name in ("AssetDetail", "Evidence", "Drawn", "WorkDetail", "WorkVersion", "ExcursionView", "BudgetLeft"):
        assert f"export interface {name} {{" in care
    for name in ("CrewsView", "PersonView", "TurnView", "NoticeView", "Noisy", "AlertsPage", "Assignment"):
        assert f"export interface {name} {{" in crew
    assert "export interface WorkView " not in care
    assert "WorkView" in next(line for line in care.splitlines() if line.startswith("import type {"))
    assert '  kind: "again" | "assigned" | ' in crew


def test_of_what_is_sent_to_the_service_a_field_with_a_default_may_be_left_out() -> None:
    new = schema.files()["types_care.ts"].split("export interface NewWork ")[1]

    assert "  parts?: WorkWanted[];" in new
    assert "  sku: string;" in new.split("export interface WorkWanted ")[1]


def test_two_types_of_one_name_get_that_of_their_module_before_it() -> None:
    here, there = (defstruct("Line", [("units", int)], module=f"cloud.core.{one}") for one in ("order", "cold_view"))

    assert [*schema._names([], [here, there]).values()] == ["OrderLine", "ColdViewLine"]


def test_a_kind_it_can_not_spell_is_named() -> None:
    class Odd(Struct):
        blob: bytes

    with pytest.raises(TypeError, match="can not spell"):
        schema._interface(Odd)
