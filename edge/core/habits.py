"""How devices' messages come: at which quality of service, with numbers, with a time. What is sent at QoS 0 may be lost
on its way, and without numbers nobody would see it; a device that does so is told to its people.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from protocols.layout import Site
from protocols.readings import Reading, Said, TagReads

REMEMBERED = 1000
"""Messages of a device that are counted; beyond it all counts are halved, so that a device that mends is believed."""


class Habit(Struct, gc=False):
    """Counts of one device's messages, all and those that lack something."""

    messages: int = 0
    unsure: int = 0
    """Sent at QoS 0: we ask for 1, so none else comes so."""
    unnumbered: int = 0
    mistimed: int = 0
    """With a time that could not be believed."""


class Habits:
    """The habits of a site's devices since the gateway began; what others say is not counted."""

    def __init__(self, site: Site) -> None:
        self._known = site.device_by_id
        self.of: dict[str, Habit] = {}

    def hear(self, said: Iterable[tuple[Said, int]]) -> None:
        """Count what devices said, each with the QoS it came at."""
        for one, qos in said:
            if type(one) is not Reading and type(one) is not TagReads:
                continue
            habit = self.of.get(one.device)
            if habit is None:
                if one.device not in self._known:
                    continue
                habit = self.of[one.device] = Habit()
            habit.messages += 1
            if qos == 0:
                habit.unsure += 1
            if one.seq < 0:
                habit.unnumbered += 1
            if one.flags and "clock" in one.flags:
                habit.mistimed += 1
            if habit.messages >= REMEMBERED:
                habit.messages //= 2
                habit.unsure //= 2
                habit.unnumbered //= 2
                habit.mistimed //= 2
