"""The page's types are the service's structs."""

from __future__ import annotations

import pytest
from msgspec import Struct

from cloud.web import schema


def test_the_committed_types_are_what_the_structs_say() -> None:
    committed = schema.TYPES.read_text(encoding="utf-8")

    assert committed == schema.types(), "run `python -m cloud.web.schema`"


def test_a_field_a_frame_may_leave_out_is_optional_and_its_tag_is_a_literal() -> None:
    delta = schema.types().split("export interface Delta ")[1]

    assert '  k: "d";' in delta
    assert "  q: number;" in delta
    assert "  kpi?: Kpi | null;" in delta
    assert "  slots?: SlotView[];" in delta


def test_a_kind_it_can_not_spell_is_named() -> None:
    class Odd(Struct):
        blob: bytes

    with pytest.raises(TypeError, match="can not spell"):
        schema._interface(Odd)
