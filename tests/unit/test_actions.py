"""What may be told about a slot is plain text where it is words."""

from __future__ import annotations

import msgspec
import pytest

from edge.core.slots import actions
from edge.core.slots.actions import Action, ActionError, Book, Count


@pytest.mark.parametrize("code", [*range(0x20), 0x7F])
def test_a_control_character_in_who_or_id_is_refused_by_field(code: int) -> None:
    wrong: dict[str, Action] = {"who": Count(3, f"Ann{chr(code)}"), "id": Book(1, 0, f"{chr(code)}77")}
    for field, action in wrong.items():
        with pytest.raises(ActionError, match=rf"^{field}: the control character .* can not stand there"):
            actions.parse(msgspec.json.encode(actions.spell(action)))


@pytest.mark.parametrize("word", ["", "Ann Müller", "柏林 #7", "~", "order/77"])
def test_any_other_words_are_taken(word: str) -> None:
    for action in (Count(3, word), Book(1, 0, word)):
        assert actions.parse(msgspec.json.encode(actions.spell(action))) == action
