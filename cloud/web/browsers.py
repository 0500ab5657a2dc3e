"""Which browser somebody came with, for people: `Firefox on Linux`. What it says of itself is not to be relied on."""

from __future__ import annotations

LENGTH_MAX = 40
_BROWSERS = (
    ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("Firefox/", "Firefox"),
    ("FxiOS", "Firefox"), ("CriOS", "Chrome"), ("Chrome/", "Chrome"), ("Safari/", "Safari"),
)  # fmt: skip
_SYSTEMS = (
    ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"), ("Linux", "Linux"),
)  # fmt: skip


def browser(agent: str) -> str:
    """What a User-Agent header tells in a few words; its own first word where nothing is known of it."""
    name = next((known for mark, known in _BROWSERS if mark in agent), "")
    system = next((known for mark, known in _SYSTEMS if mark in agent), "")
    if name:
        return f"{name} on {system}" if system else name
    word = agent.partition(" ")[0].partition("/")[0]
    return "".join(one for one in word if one.isprintable())[:LENGTH_MAX]
