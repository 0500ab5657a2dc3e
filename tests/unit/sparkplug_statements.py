"""Which of the specification's normative statements which test holds; test_sparkplug_statements.py sums up."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

Test = TypeVar("Test", bound=Callable[..., object])
HELD: dict[str, list[str]] = {}
"""Statement -> the tests that hold it."""


def holds(*statements: str) -> Callable[[Test], Test]:
    """This test fails if one of these statements is broken."""

    def marked(test: Test) -> Test:
        for one in statements:
            HELD.setdefault(one, []).append(test.__name__)
        return test

    return marked


NOT_OURS = {
    "conformance-mqtt-": "of the broker",
    "payloads-dataset-": "we publish no tables; those of others are read as they come",
    "payloads-template-": "we publish no templates; those of others are read as they come",
    "topics-nbirth-templates": "we publish no templates",
    "payloads-dcmd-": "we write to no device",
    "topics-dcmd-": "we write to no device",
    "operational-behavior-data-commands-dcmd-": "we write to no device",
    "message-flow-device-dcmd-subscribe": "our devices have no outputs",
    "payloads-ndata-": "our node has no metrics of its own beside those of its session",
    "topics-ndata-": "our node has no metrics of its own beside those of its session",
    "operational-behavior-data-publish-nbirth-change": "our node publishes no NDATA",
    "message-flow-phid-sparkplug-clean-session-50": "we speak MQTT 3.1.1",
    "principles-persistence-clean-session-50": "we speak MQTT 3.1.1",
    "payloads-ndeath-will-message-publisher-disconnect-mqtt50": "we speak MQTT 3.1.1",
    "operational-behavior-primary-application-state-with-multiple-servers-": "we connect to one broker",
    "intro-edge-node-id-uniqueness": "of who configures the plant",
    "payloads-nbirth-edge-node-descriptor": "of who configures the plant",
    "topic-structure-namespace-unique-edge-node-descriptor": "of who configures the plant",
    "operational-behavior-host-application-host-id": "of who configures the plant",
    "case-sensitivity-": "of who names the site's shelves and slots; our own words differ in more than case",
    "topic-structure-namespace-unique-device-id": "of the site file, in which ids are unique",
    "topic-structure-namespace-valid-device-id": "of the site file, in which ids are A-Z a-z 0-9 _ -",
    "intro-device-id-chars": "of the site file, in which ids are A-Z a-z 0-9 _ -",
}
"""Beginning of a statement -> why no test of ours can break it."""

NOT_KEPT = {
    "message-flow-phid-sparkplug-clean-session-311": (
        "a gateway's one connection hears devices of all makes, and its session lasts, so that nothing they had "
        "acknowledged is lost; what it delivers late of Sparkplug is told apart by bdSeq and seq"
    ),
    "payloads-metric-datatype-not-req": (
        "only a SHOULD NOT: the widespread JavaScript reader takes a value without a datatype for null"
    ),
}
"""Statement -> why we do otherwise."""
