"""Cold chain reports: what is figured is what was measured, and a PDF says it in English and in Chinese."""

from __future__ import annotations

import base64
import csv
import io
import re
import zlib
from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from cloud import cold_cli, cold_report, cold_sheet
from cloud.core.cold_view import BudgetLeft, ExcursionView, ExposureView, LineView, Signature
from cloud.core.coldchain import report_words
from cloud.core.coldchain.kinetic import HOUR_MS, MINUTE_MS
from cloud.core.coldchain.report import Asked, Part, Report, happened, measured, period
from protocols.cold import PRESETS

BEGIN_MS = round(datetime(2026, 3, 28, 12, tzinfo=UTC).timestamp() * 1000)
"""The night before clocks go forward in Berlin."""
SERIES = "t/1/temperature_c"


def part(hours: int = 24) -> Part:
    return Part("cold", "Cold room", "2-8", 2, 8, BEGIN_MS, BEGIN_MS + hours * HOUR_MS, 24, 8, units=30)


def measures(hours: int = 24) -> Part:
    samples = []
    for minute in range(-10, hours * 60 + 10):
        if not 600 <= minute < 700:
            celsius = 12.0 if 300 <= minute < 345 else 4.0 if minute % 2 else 5.0
            samples.append((BEGIN_MS + minute * MINUTE_MS, SERIES, celsius))
    return measured(part(hours), PRESETS["2-8"], samples)


def case(comment: str = "maker's word: fit", by: str = "mo") -> ExcursionView:
    lines = [
        LineView(1, "flu", "F1", 30, 4, BEGIN_MS + 330 * MINUTE_MS, 7, "release", by, BEGIN_MS + 400 * MINUTE_MS),
        LineView(2, "flu", "", 12, 0, BEGIN_MS + 330 * MINUTE_MS, 8, "", "", 0),
    ]
    signed = [Signature(by, "admin", BEGIN_MS + 400 * MINUTE_MS, "release", comment, [1])]
    return ExcursionView(
        3, "cold", "2-8", "breach", "too_long", 1, BEGIN_MS + 300 * MINUTE_MS, BEGIN_MS + 345 * MINUTE_MS,
        BEGIN_MS + 331 * MINUTE_MS, 12.0, 45 * MINUTE_MS, "open", lines, signed,
    )  # fmt: skip


def report(comment: str = "maker's word: fit", name: str = "Flu vaccine", cases: int = 1) -> Report:
    """Of a lot in one room."""
    done = happened(measures(), [case(comment)] * cases, "flu", "F1")
    exposed = ExposureView(
        "flu/F1/cold", "flu", "F1", 30, "cold", "2-8", BEGIN_MS, 0.9, 45 * MINUTE_MS,
        [BudgetLeft(8.0, None, 90.0, 45.0)], 1.2, "2026-06-30", "2026-06-29", 90.0, False,
    )  # fmt: skip
    span = (done.from_ms, done.to_ms)
    return Report("lot", "depot", "Depot", "Europe/Berlin", done.to_ms, *span, "flu", name, "F1", [exposed], [done])


def said(paper: bytes) -> str:
    """The text of a PDF, page by page: what is set in Helvetica, and in the Chinese font."""
    found = []
    han = {one.decode() for one in re.findall(rb"/Encoding /UniGB-UCS2-H /Name /(F\d+)", paper)}
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", paper, re.DOTALL):
        try:
            text = zlib.decompress(base64.a85decode(stream.strip().removesuffix(b"~>")))
        except (ValueError, zlib.error):
            continue
        font = ""
        for name, shown in re.findall(rb"/(F[\d+]+) [\d.]+ Tf|\(((?:\\.|[^\\)])*)\) Tj", text, re.DOTALL):
            if name:
                font = name.decode().partition("+")[0]
                continue
            plain = re.sub(rb"\\([0-7]{3}|.)", lambda m: bytes([int(m[1], 8)]) if len(m[1]) == 3 else m[1], shown)
            found.append(plain.decode("utf-16-be" if font in han else "cp1252", "replace"))
    return " ".join(found)


def test_the_figures_of_a_report_are_those_of_what_was_measured() -> None:
    found = measures()

    assert (found.min_c, found.max_c, found.samples) == (4, 12, 24 * 60 - 100)
    assert found.outside_ms == 45 * MINUTE_MS
    assert found.known_ms == (24 * 60 - 101) * MINUTE_MS
    assert [(one.from_ms, one.to_ms) for one in found.gaps] == [
        (BEGIN_MS + 599 * MINUTE_MS, BEGIN_MS + 700 * MINUTE_MS)
    ]
    assert found.mean_c == pytest.approx(4.5 + 45 * 7.5 / (24 * 60 - 101), abs=0.01)
    assert (found.mean_c or 9) < (found.kinetic_c or 0) < 6
    assert (found.kinetic_worst_c or 0) >= (found.kinetic_c or 0) - 0.01
    assert len(found.curve) <= 480
    assert {one.high_c for one in found.curve} >= {5.0, 12.0}


def test_a_room_of_which_nothing_is_known_is_one_gap() -> None:
    found = measured(part(), PRESETS["2-8"], [])
    assert (found.gap_count, found.known_ms, found.mean_c, found.curve) == (1, 0, None, [])
    told = Report("zone", "depot", "Depot", "UTC", BEGIN_MS, part().from_ms, part().to_ms, parts=[found])
    assert "Nothing was measured in this period." in said(cold_report.as_pdf(told, "en"))


def test_a_pdf_says_limits_figures_budgets_excursions_and_who_signed() -> None:
    text = said(cold_report.as_pdf(report(), "en"))

    for words in (
        "Temperature report of a lot", "Flu vaccine (flu)", "F1", "2026-06-30", "2026-06-29", "2 - 8 °C", "0 h 45 min",
        "12 °C", "too_long", "Page 1 of 1", "2026-03-28 18:00", "released", "not decided", "mo (admin)",
        "maker's word", "4 had left", "left 45 of 90 min", "Times are those of Europe/Berlin.", "1: Grey in the curve",
    ):  # fmt: skip
        assert words.replace("too_long", "longer than is borne") in text, words
    assert "2026-03-29 14:00" in text, "a day that has 23 hours ends an hour later by the clock"


def test_a_kinetic_mean_of_which_too_little_is_known_is_left_open() -> None:
    short = measures(2)
    assert short.kinetic_worst_c is None
    told = Report("zone", "depot", "Depot", "UTC", BEGIN_MS, short.from_ms, short.to_ms, parts=[short])
    text = said(cold_report.as_pdf(told, "en"))
    assert "- (limit 8 °C)" in text
    assert "- °C" not in text


def test_a_pdf_in_chinese_and_names_in_chinese_in_any() -> None:
    text = said(cold_report.as_pdf(report(), "zh"))
    for words in ("批次温度报告", "平均动力学温度", "放行", "第 1 页", "超出可承受时间", "数据缺口"):
        assert words in text, words
    assert "流感疫苗" in said(cold_report.as_pdf(report(name="流感疫苗"), "en"))
    assert "STSong-Light" in cold_report.as_pdf(report(), "zh").decode("latin-1")


def test_text_of_people_is_no_markup_and_no_formula() -> None:
    hostile = '=HYPERLINK("http://x") <b>& </para>'
    assert "HYPERLINK" in said(cold_report.as_pdf(report(hostile), "en"))
    rows = [*csv.DictReader(io.StringIO(cold_sheet.as_csv(report(hostile)).decode("utf-8-sig")))]
    [signed] = [row for row in rows if row["kind"] == "release"]
    assert signed["comment"] == f"'{hostile}"
    assert (signed["by"], signed["role"], signed["lot"], signed["from"]) == (
        "mo", "admin", "F1", "2026-03-28T19:40:00+01:00",
    )  # fmt: skip
    [whole] = [row for row in rows if row["kind"] == "summary"]
    assert (whole["minutes"], whole["min_c"], whole["max_c"]) == ("45.0", "4.0", "12.0")


def test_a_long_report_has_numbered_pages() -> None:
    text = said(cold_report.as_pdf(report(cases=120), "en"))
    pages = [int(one) for one in re.findall(r"Page \d+ of (\d+)", text)]
    assert len(pages) == pages[0] > 3


def test_both_languages_have_the_same_words_and_every_cause() -> None:
    assert report_words.EN.keys() == report_words.ZH.keys()
    for name, text in report_words.EN.items():
        assert set(re.findall(r"{\w+}", text)) == set(re.findall(r"{\w+}", report_words.ZH[name])), name
    assert {*report_words.WHY.values()} <= report_words.EN.keys()


@pytest.mark.parametrize(("from_ms", "to_ms"), [(10, 10), (20, 10), (1, 500 * 24 * HOUR_MS)])
def test_a_period_that_is_none_is_refused(from_ms: int, to_ms: int) -> None:
    with pytest.raises(ValueError, match="report"):
        period(Asked("cold", from_ms=from_ms, to_ms=to_ms), 0, to_ms)


def test_a_file_is_named_by_what_it_is_about() -> None:
    made = report()
    made.lot = "A/1 ü"
    assert cold_report.written(made, "pdf", "en")[1:] == ("application/pdf", "cold-A_1__-2026-03-29.pdf")


def test_a_lot_that_grew_too_old_is_told_without_a_temperature_and_by_its_name() -> None:
    aged = replace(case(), why="aged", sku="flu", lot="F1", peak_c=0.0, outside_ms=0, lines=[], signatures=[])
    spent = replace(aged, why="budget", peak_c=9.5, outside_ms=96 * MINUTE_MS)
    made = report()
    made.parts[0].excursions = [aged, spent]
    rows = [*csv.DictReader(io.StringIO(cold_sheet.as_csv(made).decode("utf-8-sig")))]
    told = [(one["sku"], one["lot"], one["max_c"], one["minutes"]) for one in rows if one["kind"] == "breach"]
    assert told == [("flu", "F1", "", "0.0"), ("flu", "F1", "9.5", "96.0")]
    words = [line for line in cold_cli.lines(made) if "breach" in line]
    assert "flu F1: 0 min outside, aged" in words[0]
    assert "flu F1: 9.5 degC, 96 min outside, budget" in words[1]
    assert "degC" not in words[0]
    assert "flu F1" in said(cold_report.as_pdf(made, "en"))


def test_a_lots_paper_holds_its_own_lines_and_those_of_units_without_a_name() -> None:
    other = LineView(3, "flu", "F9", 5, 0, BEGIN_MS, 9, "release", "mo", BEGIN_MS)
    whole = case()
    signed = [replace(whole.signatures[0], lines=[1, 3]), replace(whole.signatures[0], lines=[3], comment="F9 alone")]
    [told] = happened(
        measures(), [replace(whole, lines=[*whole.lines, other], signatures=signed)], "flu", "F1"
    ).excursions
    assert [one.lot for one in told.lines] == ["F1", ""]
    assert [one.lines for one in told.signatures] == [[1]]


def test_the_kinetic_mean_of_a_short_period_is_in_the_sheet_too() -> None:
    made = report()
    made.parts[0].kinetic_worst_c, made.parts[0].kinetic_c = None, 5.3456
    [summary] = [
        one
        for one in csv.DictReader(io.StringIO(cold_sheet.as_csv(made).decode("utf-8-sig")))
        if one["kind"] == "summary"
    ]
    assert summary["kinetic_c"] == "5.346"
