"""docs/grafana.md is true: its metrics, addresses and limits are those of the code, its dashboard is answered."""

from __future__ import annotations

import json
import re

from cloud.core.graphing.metrics import NAMES, STOCK
from cloud.core.graphing.selectors import Selector, parse
from cloud.desks.graphing import POINTS_MAX, SAMPLES_MAX, SERIES_MAX
from cloud.web.grafana import AT, STEPS_MAX, Grafana
from tests.unit.pages import DOCS, tables

TEXT = (DOCS / "grafana.md").read_text()
DASHBOARD = (DOCS / "grafana" / "dashboard.json").read_text()


def test_the_metrics_and_limits_are_those_of_the_code() -> None:
    rows = [row[0] for row in tables(TEXT, "metric")[0]]

    assert rows == [STOCK, *(name for name, _ in NAMES.values())]
    for limit in (f"{SERIES_MAX} series", f"{STEPS_MAX}\nsteps", f"{POINTS_MAX} values", f"than {SAMPLES_MAX} values"):
        assert limit in TEXT


def test_the_addresses_are_those_of_the_code() -> None:
    nobody: object = None
    routes = {(one.path.removeprefix(f"{AT}/"), one.method) for one in Grafana(nobody, lambda: 0).routes()}  # type: ignore[arg-type]
    told = {
        (name.replace("NAME", "{name}"), method)
        for names, methods, _ in (row[:3] for row in tables(TEXT, "address")[0])
        for name in names.replace("`", "").split(", ")
        for method in methods.split(", ")
    }

    assert routes == told


def test_every_query_of_the_dashboard_is_answered() -> None:
    dashboard = json.loads(DASHBOARD)
    queries = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    known = {STOCK, *(name for name, _ in NAMES.values())}

    assert len(queries) == 6
    for query in queries:
        for value in (".*", "(hall|cold room)", "milk"):
            assert isinstance(parse(re.sub(r"\$\w+", value, query)), Selector)
        assert query.partition("{")[0] in known
    assert {panel["datasource"]["uid"] for panel in dashboard["panels"]} == {"warehouse"}
    assert "uid: warehouse\n" in (DOCS / "grafana" / "datasource.yaml").read_text()
