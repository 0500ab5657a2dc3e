"""Which devices are out of reach: their gateway is away, so that nothing is known of them now. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping


def cut_off(
    devices: Iterable[str], links: Mapping[str, bool], senders: Callable[[], Mapping[str, str]]
) -> dict[str, str]:
    """The devices whose gateway is away, and that gateway. `links`: every gateway and whether it is connected;
    `senders`: the gateway of each device, where that is known, asked for only when one is away. Where it is not known,
    all must be away, and "" stands for it unless there is one only."""
    if all(links.values()):
        return {}
    through = senders()
    alone = not any(links.values())
    unnamed = next(iter(links)) if len(links) == 1 else ""
    found = {}
    for device in devices:
        gateway = through.get(device, "")
        if gateway not in links:
            if alone:
                found[device] = unnamed
        elif not links[gateway]:
            found[device] = gateway
    return found
