"""What the last writes were answered, over a restart: who hears no answer asks again under the same key."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from sqlalchemy import delete, func, insert, select

from cloud.stores.people import Reading
from cloud.stores.tables_people import answer


class Answer(NamedTuple):
    """What `who` was answered at `path` under their `key`. `asked` tells what was sent from anything else, `body` is
    what was answered with `status` and `tag`; both are empty of what is told once."""

    who: str
    path: str
    key: str
    asked: str
    status: int
    body: bytes
    tag: str


class Answers:
    """The newest answers. Any thread may ask; raises `LedgerUnavailable`."""

    def __init__(self, reading: Reading, writing: Reading) -> None:
        self._reading, self._writing = reading, writing

    def keep(self, new: Answer, most: int) -> None:
        """Keep one, of at most so many: the oldest of who has most leave. What is there under its key stays."""
        columns = answer.c
        same = (columns.who == new.who) & (columns.path == new.path) & (columns.key == new.key)
        with self._writing() as connection:
            if connection.scalar(select(columns.id).where(same)) is not None:
                return
            connection.execute(insert(answer), [new._asdict()])
            held = Counter[str]()
            for who, count in connection.execute(select(columns.who, func.count()).group_by(columns.who)):
                held[who] = count
            while held.total() > most:
                [(greedy, _)] = held.most_common(1)
                oldest = select(func.min(columns.id)).where(columns.who == greedy).scalar_subquery()
                connection.execute(delete(answer).where(columns.id == oldest))
                held[greedy] -= 1

    def newest(self, most: int) -> list[Answer]:
        """So many of them, the oldest first."""
        columns = [answer.c[name] for name in Answer._fields]
        with self._reading() as connection:
            found = connection.execute(select(*columns).order_by(answer.c.id.desc()).limit(most))
            return [Answer(*row) for row in found][::-1]
