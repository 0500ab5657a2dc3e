"""`History` on InfluxDB 1.8, 2 or 3: written with `influxdb-client`, read with InfluxQL, which all of them answer.

A sample is a point of the measurement `reading` with the tags device, channel and quantity and the float field
`value`. Writes are synchronous and tried once: whoever calls keeps the samples until `append` has returned
(`history_spool` does so). InfluxDB 2 finds the bucket for InfluxQL by its name, unless a DBRP mapping says otherwise.
What is known about the library:
1. Its points cost 8 us each; lines joined here cost 0.6 us.
2. Its batching mode gives up after some retries and tells only a callback: it must not carry durability.
3. With the server away it raises urllib3's errors, not its own.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS
from influxdb_client.domain.write_precision import WritePrecision
from influxdb_client.rest import ApiException
from urllib3.exceptions import HTTPError

from cloud.stores import chunks
from cloud.stores.chunks import Run
from cloud.stores.history import SAMPLES_MAX, HistoryUnavailable, Samples, check, check_read

LINES_PER_WRITE = 5_000
ROWS_PER_READ = 50_000
TIMEOUT_MS = 10_000
REFUSALS = (400, 422)
"""The answers that blame the points: malformed, another type than the field's, or older than the bucket keeps."""
_ESCAPES = str.maketrans({",": r"\,", " ": r"\ ", "=": r"\="})
_LATEST = "SELECT last(value) FROM reading GROUP BY device, channel, quantity"


class InfluxHistory:
    """A `History` in one bucket. Keeps no state but connections."""

    def __init__(self, url: str, org: str, bucket: str, token: str = "") -> None:
        """Connects lazily: a server that is away is met by the first call."""
        self._where = f"InfluxDB at {url}, bucket {bucket}"
        self._org, self._bucket = org, bucket
        self._client: Any = InfluxDBClient(url, token=token, org=org, timeout=TIMEOUT_MS)
        self._write: Any = self._client.write_api(write_options=SYNCHRONOUS)

    def append(self, samples: Sequence[Samples]) -> None:
        """See `History`. Raises `ValueError` too when the server refuses points; it may have kept the others."""
        check(samples)
        lines = _lines(samples)
        while batch := list(islice(lines, LINES_PER_WRITE)):
            with self._explained("write to"):
                self._write.write(self._bucket, self._org, "\n".join(batch), write_precision=WritePrecision.MS)

    def read(self, series: str, from_ms: int, to_ms: int, points: int | None = None) -> tuple[list[int], list[float]]:
        """See `History`. Thinned here, from pages of raw samples, so that peaks keep their own times: about a second
        for a year at one a minute."""
        check_read(series, from_ms, to_ms, points)
        pages = self._pages(series, from_ms, to_ms)
        times, values = chunks.gathered(pages, from_ms, to_ms, points, SAMPLES_MAX)
        return times.tolist(), values.tolist()

    def latest(self, series: Sequence[str] | None = None) -> dict[str, tuple[int, float]]:
        """See `History`."""
        found = {}
        for one in self._query(_LATEST):
            tags, (at_ms, value) = one["tags"], one["values"][0]
            found[f"{tags['device']}/{tags['channel']}/{tags['quantity']}"] = int(at_ms), float(value)
        return found if series is None else {name: found[name] for name in series if name in found}

    def series(self) -> list[str]:
        """See `History`."""
        return sorted(self.latest())

    def close(self) -> None:
        """See `History`."""
        self._client.close()

    def _pages(self, series: str, from_ms: int, to_ms: int) -> Iterator[Run]:
        device, channel, quantity = series.split("/")
        while from_ms < to_ms:
            found = self._query(
                f"SELECT value FROM reading WHERE device = '{device}' AND channel = '{channel}'"
                f" AND quantity = '{quantity}' AND time >= {from_ms}ms AND time < {to_ms}ms"
                f" ORDER BY time LIMIT {ROWS_PER_READ}"
            )
            rows = found[0]["values"] if found else []
            if rows:
                times, values = zip(*rows, strict=True)
                yield np.array(times, np.int64), np.array(values, np.float64)
            if len(rows) < ROWS_PER_READ:
                return
            from_ms = int(rows[-1][0]) + 1

    def _query(self, query: str) -> list[dict[str, Any]]:
        """The series of an InfluxQL answer; times in ms."""
        with self._explained("read"):
            answer = self._client.api_client.call_api(
                "/query",
                "GET",
                query_params=[("db", self._bucket), ("epoch", "ms"), ("q", query)],
                header_params={"Accept": "application/json"},
                response_type="object",
                _return_http_data_only=True,
            )
            result = answer["results"][0]
            if "error" in result:
                raise HistoryUnavailable(f"can not read {self._where}: {result['error']}; check that the bucket exists")
            return list(result.get("series", ()))

    @contextmanager
    def _explained(self, what: str) -> Iterator[None]:
        """An exception never carries the token: the library's own name the request's answer only."""
        try:
            yield
        except ApiException as error:
            why = f"can not {what} {self._where}: {error.status} {_brief(error.body)}"
            if what == "write to" and error.status in REFUSALS:
                raise ValueError(why) from error
            hint = "check the token and its rights" if error.status in (401, 403) else "check the server and the bucket"
            raise HistoryUnavailable(f"{why}; {hint}") from error
        except (HTTPError, OSError) as error:
            hint = "check that it runs and can be reached"
            raise HistoryUnavailable(f"can not {what} {self._where}: {type(error).__name__}; {hint}") from error
        except (LookupError, TypeError) as error:
            hint = "check that the URL is InfluxDB's"
            raise HistoryUnavailable(f"can not {what} {self._where}: its answer is not InfluxQL's; {hint}") from error


def open_url(url: str) -> InfluxHistory:
    """`influxdb+http://host:8086/org/bucket`, or `influxdb+https`. The token is in the file that `?token_file=` names,
    else in the environment's INFLUXDB_TOKEN ("user:password" for 1.8); none at all is allowed."""
    parts = urlsplit(url)
    path = parts.path.strip("/").split("/")
    if parts.username or parts.password:
        raise ValueError("the history's URL holds a password: put the token into INFLUXDB_TOKEN or a ?token_file=")
    if parts.scheme not in ("influxdb+http", "influxdb+https") or not parts.hostname or len(path) != 2 or "" in path:
        raise ValueError(f"{url!r} is not influxdb+http://host:8086/org/bucket (or influxdb+https)")
    options = parse_qs(parts.query)
    if options.keys() - {"token_file"}:
        raise ValueError(f"{url!r} has an option that is not known: only token_file is")
    if "token_file" in options:
        try:
            token = Path(options["token_file"][0]).read_text().strip()
        except OSError as error:
            raise ValueError(f"can not read the history's token file: {error}") from error
    else:
        token = os.environ.get("INFLUXDB_TOKEN", "")
    org, bucket = path
    return InfluxHistory(f"{parts.scheme.removeprefix('influxdb+')}://{parts.netloc}", org, bucket, token)


def _lines(samples: Sequence[Samples]) -> Iterator[str]:
    """Line protocol."""
    for one in samples:
        device, channel, quantity = one.series.translate(_ESCAPES).split("/")
        start = f"reading,channel={channel},device={device},quantity={quantity} value="
        for at_ms, value in zip(one.times_ms, one.values, strict=True):
            yield f"{start}{float(value)!r} {at_ms}"


def _brief(body: object) -> str:
    text = body.decode(errors="replace") if isinstance(body, bytes) else str(body or "")
    return text.strip()[:300]
