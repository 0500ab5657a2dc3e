"""What the last writes over the web were answered, as the web keeps it in the ledger."""

from __future__ import annotations

import asyncio

from cloud.ledger_accounts import unavailable
from cloud.stores.answers import Answer
from cloud.stores.ledger import Ledger
from cloud.web.writes import Key, Reply


class LedgerAnswers:
    """`Answers` over a ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self._answers = ledger.answers

    async def newest(self, most: int) -> list[tuple[Key, Reply]]:
        """So many of them, the oldest first."""
        with unavailable():
            found = await asyncio.to_thread(self._answers.newest, most)
        return [((one.who, one.path, one.key), Reply(one.asked, one.status, one.body, one.tag)) for one in found]

    async def keep(self, key: Key, reply: Reply, most: int) -> None:
        """Keep one, of at most so many: the oldest of who has most leave."""
        new = Answer(*key, reply.asked, reply.status, reply.body, reply.tag)
        with unavailable():
            await asyncio.to_thread(self._answers.keep, new, most)
