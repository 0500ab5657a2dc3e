"""A group of messages as they came, decoded: between the broker's bytes and what the cores fold."""

from __future__ import annotations

from edge.core.decoding import Decoder
from edge.packets import Message
from edge.store import Quarantined
from protocols.readings import Problem, Publish, Said


def decode_group(
    decoder: Decoder, group: list[Message], ahead_ms: int = 0
) -> tuple[list[Said], list[Message], list[Quarantined], list[Publish]]:
    """Decode a group: what it says, the message each of these came in, the problems with their bytes, and what is to be
    published in answer. Our time is `ahead_ms` ahead of the machine's clock, by which messages are received."""
    decoded: list[Said] = []
    sources: list[Message] = []
    bad: list[Quarantined] = []
    wanted: list[Publish] = []
    for message in group:
        for one in decoder.decode(message.topic, message.payload, message.received_ms + ahead_ms, message.retained):
            if isinstance(one, Problem):
                bad.append(Quarantined(one, message.topic, message.payload))
            elif isinstance(one, Publish):
                wanted.append(one)
            else:
                decoded.append(one)
                sources.append(message)
    return decoded, sources, bad, wanted
