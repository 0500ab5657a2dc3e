"""The log of what webhooks were told, over a restart.

One suite for SQLite and, where `WAREHOUSE_TEST_POSTGRES` names an empty database, PostgreSQL too.
"""

from __future__ import annotations

import pytest

from cloud.desks.telling import log_of
from tests.contract.test_trade_webhooks import bought, hooks, posting
from tests.contract.trade_partners import begin, subscribed
from tests.contract.trade_site import TradeSite
from tests.contract.web_service import until


async def test_what_came_of_each_try_is_known_after_a_restart(
    trading: TradeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kept while it runs, for who is killed, and what is new when it stops."""
    async with subscribed() as subscriber:
        await begin(trading, hooks(subscriber, "erp"))
        books = trading.service.ledger.books
        monkeypatch.setattr("cloud.desks.telling.LOG_S", 0.01)
        async with posting(trading, subscriber):
            await bought(trading, range(2))
            await until(lambda: [*trading.service.trade.telling.posting.log] == log_of(books) != [])
            monkeypatch.setattr("cloud.desks.telling.LOG_S", 3600.0)
            await bought(trading, range(2, 6))
        [before] = await trading.get("/api/v1/webhooks")

        await trading.restart()

        [after] = await trading.get("/api/v1/webhooks")
        assert after["log"] == before["log"]
        assert [one["event"] for one in after["log"]] == [one["id"] for one in subscriber.taken]
        assert {one["outcome"] for one in after["log"]} == {"delivered"}
