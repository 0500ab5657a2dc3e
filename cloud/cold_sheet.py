"""Cold chain reports for programs and spreadsheets: JSON and CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from cloud.core.coldchain.report import Part, Report
from cloud.table_csv import safe

COLUMNS = (
    "kind", "zone", "storage", "sku", "lot", "from", "to", "minutes", "min_c", "max_c", "mean_c", "kinetic_c", "why",
    "units", "by", "role", "comment",
)  # fmt: skip


def as_json(report: Report) -> bytes:
    """All of it; times are ms since 1970, UTC."""
    return msgspec.json.encode(report)


def as_csv(report: Report) -> bytes:
    """A row a room (`summary`), gap, defrost, excursion, lot that was set aside, and decision; times of the site."""
    out = io.StringIO()
    table = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\r\n")
    table.writeheader()
    for part in report.parts:
        for row in _rows(report, part):
            table.writerow({name: _cell(value) for name, value in row.items()})
    return out.getvalue().encode("utf-8-sig")


def _rows(report: Report, part: Part) -> Iterator[dict[str, object]]:
    def iso(at_ms: int) -> str:
        local = datetime.fromtimestamp(at_ms // 1000, ZoneInfo(report.timezone))
        return local.isoformat() if at_ms else ""

    about = {"zone": part.zone, "storage": part.storage, "sku": report.sku, "lot": report.lot}
    worst_c = part.kinetic_worst_c if part.kinetic_worst_c is not None else part.kinetic_c
    yield {
        **about, "kind": "summary", "from": iso(part.from_ms), "to": iso(part.to_ms),
        "minutes": round(part.outside_ms / 60_000, 1), "min_c": part.min_c, "max_c": part.max_c,
        "mean_c": _rounded(part.mean_c), "kinetic_c": _rounded(worst_c), "units": part.units or "",
    }  # fmt: skip
    for gap in part.gaps:
        minutes = round((gap.to_ms - gap.from_ms) / 60_000, 1)
        yield {**about, "kind": "gap", "from": iso(gap.from_ms), "to": iso(gap.to_ms), "minutes": minutes}
    for one in [*part.defrosts, *part.excursions]:
        peak: dict[str, object] = {"max_c" if one.side > 0 else "min_c": one.peak_c} if one.far else {}
        of_lot = {"sku": one.sku, "lot": one.lot} if one.sku else {}
        minutes = round(one.outside_ms / 60_000, 1)
        yield {
            **about,
            **of_lot,
            "kind": one.kind,
            "from": iso(one.began_ms),
            "to": iso(one.ended_ms),
            "minutes": minutes,
            "why": one.why,
            **peak,
        }
        for line in one.lines:
            of = {**about, "sku": line.sku, "lot": line.lot, "units": line.units}
            yield {**of, "kind": "quarantine", "from": iso(line.at_ms), "to": iso(line.decided_ms)}
            for sign in one.signatures:
                if line.number in sign.lines:
                    signed = {"by": sign.by, "role": sign.role, "comment": sign.comment}
                    yield {**of, "kind": sign.decision, "from": iso(sign.at_ms), **signed}


def _cell(value: object) -> object:
    return safe(value) if isinstance(value, str) else "" if value is None else value


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
