"""Which tags were told to be there is forgotten with the numbers under which they were told."""

from __future__ import annotations

from pathlib import Path

from edge.store import Group, Store
from protocols.reports import TagMove

T0 = 1_763_762_400_000


def test_a_store_whose_numbers_begin_anew_has_told_of_no_tag(tmp_path: Path) -> None:
    store = Store(tmp_path / "edge.db")
    came = TagMove("3034257BF7194E4000001A00", "hall", "arrived", T0, "dock")
    store.commit(Group(T0, reports=[came]))
    assert [row["epc"] for row in store.present_tags()] == [came.epc]

    store.jump(T0 + 60_000, "restored")

    assert store.present_tags() == []
    assert store.restore().tags == {}
    store.close()
