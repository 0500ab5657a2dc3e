"""The simulated people at work: signed in at the service as anybody is, through its web, by the wall clock."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

import numpy as np

from firmware_sim import people
from firmware_sim.feed import Remembered
from firmware_sim.people import Act
from firmware_sim.scenario import People

STEP_S = 5.0
ANSWER_S = 10.0


class RefusedError(Exception):
    """The service said no, or nothing."""


class Session:
    """Somebody who is signed in at the service, and does so again where it forgot."""

    def __init__(self, url: str, name: str, password: str) -> None:
        self._url, self._who = url, {"user": name, "password": password}
        self._open = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar())).open

    def get(self, path: str) -> Any:
        """What the service tells. Raises `RefusedError`."""
        return self._ask(path, None)

    def post(self, act: Act) -> Any:
        """What came of an act. Raises `RefusedError`."""
        return self._ask(act.path, act.body)

    def _ask(self, path: str, body: object, again: bool = True) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {"X-Requested-With": "warehouse", "Origin": self._url, "Content-Type": "application/json"}
        request = urllib.request.Request(self._url + path, data, headers, method="GET" if body is None else "POST")
        try:
            with self._open(request, timeout=ANSWER_S) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            if error.code == 401 and again and path != "/api/v1/session":
                self._ask("/api/v1/session", self._who)
                return self._ask(path, body, again=False)
            raise RefusedError(f"{path}: {error.code} {error.read(300).decode(errors='replace')}") from None
        except (OSError, ValueError) as error:
            raise RefusedError(f"{path}: {error}") from None


class Office:
    """The people of one scenario, `truth` is the world as it was kept last."""

    def __init__(self, what: People, session: Session, truth: Callable[[], Remembered], seed: int) -> None:
        self._what, self._session, self._truth = what, session, truth
        self._rng = np.random.default_rng([seed, 11])
        self._counted_ms = 0

    def step(self, now_ms: int) -> list[str]:
        """Do what is due; what was done. Raises `RefusedError`."""
        done = []
        known = self._truth()
        if not known.lived:
            return []
        for errand in self._what.errands:
            act = people.next_act(errand, self._session.get("/api/v1/orders"), now_ms)
            if act is not None:
                self._session.post(act)
                done.append(act.path)
        if self._what.count_every_s and now_ms - self._counted_ms >= self._what.count_every_s * 1000:
            self._counted_ms = now_ms
            wanted = [one for one in self._session.get("/api/v1/counts")["today"] if one["place"] in known.units]
            for one in wanted[:1]:
                units = people.seen(len(known.units[one["place"]]), self._what.miscounts, self._rng)
                self._session.post(people.count(one["place"], one["sku"], units, known.at_ms))
                done.append(f"counted {one['place']}: {units}")
        return done

    def work(self, now_ms: Callable[[], int], say: Callable[[str], None]) -> None:
        """Work until the process ends. Who is refused, or finds nobody, goes on a little later."""
        while True:
            try:
                for line in self.step(now_ms()):
                    say(line)
            except RefusedError as error:
                say(str(error))
            time.sleep(STEP_S)


def signed_in(url: str, noted: Path) -> Session:
    """Who is noted in a file as `NAME PASSWORD`. Raises `OSError` and `ValueError`."""
    name, password = noted.read_text("utf-8").split()
    return Session(url, name, password)
