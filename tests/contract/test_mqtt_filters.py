"""A filter that can not be subscribed to is a reason with its name, never a gateway that hears nothing and says it is
ready."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from edge.mqtt import BrokerUrl, Mqtt
from tests.contract.brokers import DEADLINE_S, Broker, make_broker


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    folder: Path = tmp_path_factory.mktemp("box")
    one = make_broker("box", folder)
    yield one
    one.stop()


@pytest.mark.parametrize(
    ("user", "filters", "reason"),
    [
        ("gateway", ["wh/v1/demo/#", "a/#/b", "c"], "'a/#/b' is no topic to subscribe to"),
        ("gateway", ["wh/v1/demo/#", ""], "'' is no topic to subscribe to"),
        ("shelf", ["wh/v1/+/+/cmd", "zigbee2mqtt/#"], "shelf may not read zigbee2mqtt/#; check the broker's rights"),
    ],
)
async def test_a_refused_filter_is_named_and_the_gateway_is_not_ready(
    box: Broker, user: str, filters: list[str], reason: str
) -> None:
    ready: list[bool] = []
    faults: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: faults.append(context))
    url = BrokerUrl("127.0.0.1", box.port, False, user, box.users[user])
    one = Mqtt(url, f"refused-{user}-{len(filters)}", filters, on_ready=lambda: ready.append(True))
    running = asyncio.create_task(one.run())
    try:
        async with asyncio.timeout(DEADLINE_S):
            while reason not in one.why:
                await asyncio.sleep(0.01)
            assert not one.connected
            while one.connection < 2:  # it tries again, and says the same
                await asyncio.sleep(0.01)
            while reason not in one.why:
                await asyncio.sleep(0.01)
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running

    assert ready == []
    assert faults == []
