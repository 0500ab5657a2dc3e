"""Cold chain reports for people and programs: JSON, CSV, and PDF with its curve. reportlab lives here.

Chinese is set in STSong-Light, a font that every PDF reader brings along, so nothing is embedded; so is a name that
Helvetica has no letters for, whatever the report's language.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from reportlab.graphics.shapes import Drawing, Line, PolyLine, Rect, String
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import CondPageBreak, Flowable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from cloud.cold_sheet import as_csv, as_json
from cloud.core.cold_view import ExcursionView
from cloud.core.coldchain.report import Part, Report
from cloud.core.coldchain.report_words import WHY, WORDS

MEDIA = {"json": "application/json", "csv": "text/csv", "pdf": "application/pdf"}
LATIN, BOLD, HAN = "Helvetica", "Helvetica-Bold", "STSong-Light"
WIDTH, HEIGHT = 174 * mm, 58 * mm
MARGIN = 18 * mm
GREY, RED, BLUE, AMBER = colors.HexColor("#d9dde2"), colors.HexColor("#c0362c"), colors.HexColor("#1f5fa8"), "#f3d9a4"
LINES_MAX = 400
"""Rows of a table in a PDF; beyond, how many more there are."""
pdfmetrics.registerFont(UnicodeCIDFont(HAN))


def written(report: Report, form: str, lang: str) -> tuple[bytes, str, str]:
    """A report in a form: its bytes, their media type, and a name for the file."""
    made = as_pdf(report, lang) if form == "pdf" else as_csv(report) if form == "csv" else as_json(report)
    about = report.lot or report.sku if report.kind == "lot" else report.parts[0].zone if report.parts else "room"
    name = "".join(one if one.isascii() and (one.isalnum() or one in "-_") else "_" for one in about)[:60]
    day = datetime.fromtimestamp(report.to_ms / 1000, ZoneInfo(report.timezone)).strftime("%Y-%m-%d")
    return made, MEDIA[form], f"cold-{name}-{day}.{form}"


def as_pdf(report: Report, lang: str) -> bytes:
    """On A4, with the curve of each room."""
    page = _Page(report, lang)
    out = io.BytesIO()
    title = page.words[f"title_{report.kind}"]
    document = SimpleDocTemplate(
        out, pagesize=A4, leftMargin=MARGIN, rightMargin=MARGIN, topMargin=16 * mm, bottomMargin=18 * mm,
        title=title, author=report.site_name, lang=lang,
    )  # fmt: skip
    document.build(page.story(), canvasmaker=lambda *args, **given: _Numbered(page, *args, **given))
    return out.getvalue()


class _Numbered(Canvas):  # type: ignore[misc]
    """Writes the number of each page, and of how many, once it is known."""

    def __init__(self, page: _Page, *args: Any, **given: Any) -> None:
        super().__init__(*args, **given)
        self._page = page
        self._pages: list[dict[str, Any]] = []

    def showPage(self) -> None:
        self._pages.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        for number, state in enumerate(self._pages, 1):
            self.__dict__.update(state)
            text = self._page.words["page"].format(n=number, m=len(self._pages))
            self.setFont(_font(text), 8)
            self.setFillColor(colors.grey)
            self.drawRightString(A4[0] - MARGIN, 10 * mm, text)
            about = f"{self._page.report.site_name}  {self._page.time(self._page.report.made_ms)}"
            self.setFont(_font(about), 8)
            self.drawString(MARGIN, 10 * mm, about)
            super().showPage()
        super().save()


class _Page:
    """What a PDF is made of."""

    def __init__(self, report: Report, lang: str) -> None:
        self.report, self.words = report, WORDS[lang]
        self.zone = ZoneInfo(report.timezone)

    def time(self, at_ms: int) -> str:
        """A moment by the site's clock."""
        return datetime.fromtimestamp(at_ms / 1000, self.zone).strftime("%Y-%m-%d %H:%M")

    def story(self) -> list[Flowable]:
        """All of it, in order."""
        report, words = self.report, self.words
        story: list[Flowable] = [_text(words[f"title_{report.kind}"], 16, bold=True), Spacer(0, 3 * mm)]
        head = [(words["site"], report.site_name)]
        if report.kind == "lot":
            head += [
                (words["sku"], f"{report.sku_name} ({report.sku})"),
                (words["lot"], report.lot or words["unnamed"]),
            ]
            for one in report.exposures:
                if one.expiry:
                    head.append((words["expiry"], one.expiry))
                if one.effective_expiry != one.expiry:
                    head.append((words["effective"], one.effective_expiry))
                for budget in one.budgets:
                    side, celsius = (
                        ("above", budget.above_c) if budget.above_c is not None else ("below", budget.below_c)
                    )
                    name = f"{words['budget']} {words[side].format(c=_c(celsius))}"
                    left, minutes = f"{budget.left_minutes:.0f}", f"{budget.minutes:g}"
                    head.append((name, words["left"].format(left=left, minutes=minutes)))
        head += [
            (words["period"], f"{self.time(report.from_ms)} - {self.time(report.to_ms)}"),
            (words["made"], self.time(report.made_ms)),
        ]
        story += [_pairs(head), _text(words["times"].format(zone=report.timezone), 8)]
        for part in report.parts:
            story += self._part(part)
        if not report.parts:
            story.append(_text(words["no_data"], 10))
        story += [Spacer(0, 10 * mm), _text(words["signed_line"] + " " + "_" * 46, 9)]
        return story

    def _part(self, part: Part) -> list[Flowable]:
        words = self.words
        story: list[Flowable] = [
            Spacer(0, 5 * mm), CondPageBreak(110 * mm), _text(f"{part.zone_name} ({part.zone})", 12, bold=True),
        ]  # fmt: skip
        head = [(words["storage"], part.storage or "-"), (words["limits"], _limits(part))]
        if self.report.kind == "lot":
            head.append((words["period"], f"{self.time(part.from_ms)} - {self.time(part.to_ms)}"))
            head.append((words["units"], str(part.units)))
        total = max(1, part.to_ms - part.from_ms)
        head += [
            (words["samples"], str(part.samples)),
            (words["known"], f"{_span(part.known_ms)} ({part.known_ms / total:.1%})"),
        ]
        if part.min_c is None or part.max_c is None:
            return [*story, _pairs(head), _text(words["no_data"], 10)]
        kinetic = _degrees(part.kinetic_worst_c)
        if part.kinetic_limit_c is not None:
            kinetic += f" ({words['limit'].format(c=_c(part.kinetic_limit_c))})"
        head += [
            (words["min"], f"{_c(part.min_c)} °C   {self.time(part.min_ms)}"),
            (words["max"], f"{_c(part.max_c)} °C   {self.time(part.max_ms)}"),
            (words["mean"], _degrees(part.mean_c)),
            (words["kinetic"], _degrees(part.kinetic_c)),
            (words["kinetic_worst"].format(hours=f"{part.hours:g}"), kinetic),
            (words["outside"], _span(part.outside_ms)),
            (words["defrosts"], str(len(part.defrosts))),
        ]
        gaps = words["gap_none"] if not part.gap_count else f"{part.gap_count}: {words['gap_list']}"
        head.append((words["gaps"], gaps))
        story += [_pairs(head), Spacer(0, 2 * mm), self._curve(part), Spacer(0, 2 * mm)]
        story += [CondPageBreak(40 * mm), _text(words["excursions"], 10, bold=True)]
        if not part.excursions:
            return [*story, _text(words["none"], 9)]
        names = ("number", "from", "to", "peak", "minutes", "what")
        rows = [[words[name] for name in names]]
        rows += [self._excursion(one) for one in part.excursions[:LINES_MAX]]
        if (more := len(part.excursions) - LINES_MAX) > 0:
            rows.append([f"+ {more}", *[""] * 5])
        story.append(_table(rows, (12, 32, 32, 18, 24, 56)))
        if lines := [row for one in part.excursions for row in self._lines(one)]:
            story += [Spacer(0, 3 * mm), CondPageBreak(30 * mm), _text(words["signatures"], 10, bold=True)]
            names = ("number", "lot", "units", "decision", "by", "comment")
            story.append(_table([[words[name] for name in names], *lines[:LINES_MAX]], (12, 36, 22, 22, 36, 46)))
        return story

    def _excursion(self, one: ExcursionView) -> list[str]:
        why = f", {self.words[WHY[one.why]]}" if one.why in WHY else ""
        ended = self.time(one.ended_ms) if one.ended_ms else self.words["going"]
        what = f"{self.words[one.kind]}{why}" + (f": {one.sku} {one.lot}" if one.sku else "")
        peak = _c(one.peak_c if one.far else None)
        return [str(one.id), self.time(one.began_ms), ended, peak, f"{one.outside_ms / 60_000:.0f}", what]

    def _lines(self, one: ExcursionView) -> Iterator[list[str]]:
        words = self.words
        comments = {number: sign for sign in one.signatures for number in sign.lines}
        for line in one.lines:
            units = str(line.units) + (f"; {words['gone'].format(units=line.gone)}" if line.gone else "")
            sign = comments.get(line.number)
            signed = f"{sign.by} ({sign.role}) {self.time(sign.at_ms)}" if sign is not None else ""
            decision = words[line.decision or "undecided"]
            lot = f"{line.sku} {line.lot or words['unnamed']}"
            yield [f"{one.id}.{line.number}", lot, units, decision, signed, sign.comment if sign is not None else ""]

    def _curve(self, part: Part) -> Drawing:
        drawing, left, low_y = Drawing(WIDTH, HEIGHT), 11 * mm, 8 * mm
        width, height = WIDTH - left - 2 * mm, HEIGHT - low_y - 3 * mm
        assert part.min_c is not None
        assert part.max_c is not None
        levels = [part.min_c, part.max_c, *(one for one in (part.low_c, part.high_c) if one is not None)]
        bottom, top = min(levels), max(levels)
        room = max(0.5, (top - bottom) * 0.08)
        bottom, top = bottom - room, top + room
        total = part.to_ms - part.from_ms

        def x(at_ms: float) -> float:
            return float(left + width * min(1.0, max(0.0, (at_ms - part.from_ms) / total)))

        def y(celsius: float) -> float:
            return float(low_y + height * (celsius - bottom) / (top - bottom))

        drawing.add(Rect(left, low_y, width, height, fillColor=None, strokeColor=colors.grey, strokeWidth=0.4))
        for one in [*part.defrosts, *part.excursions]:
            end = one.ended_ms or part.to_ms
            color = colors.HexColor(AMBER if one.kind == "defrost" else "#f2c7c3")
            wide = max(0.5, x(end) - x(one.began_ms))
            drawing.add(Rect(x(one.began_ms), low_y, wide, height, fillColor=color, strokeColor=None))
        for gap in part.gaps:
            wide = max(0.5, x(gap.to_ms) - x(gap.from_ms))
            drawing.add(Rect(x(gap.from_ms), low_y, wide, height, fillColor=GREY, strokeColor=None))
        for limit in (part.low_c, part.high_c):
            if limit is not None:
                drawing.add(
                    Line(
                        left, y(limit), left + width, y(limit), strokeColor=RED, strokeWidth=0.7, strokeDashArray=[3, 2]
                    )
                )
                drawing.add(
                    String(
                        left - 1 * mm,
                        y(limit) - 2.5,
                        _c(limit),
                        fontName=LATIN,
                        fontSize=7,
                        fillColor=RED,
                        textAnchor="end",
                    )
                )
        for run in _runs(part):
            points = [each for at_ms, low, high in run for each in (x(at_ms), y(low), x(at_ms), y(high))]
            drawing.add(PolyLine(points, strokeColor=BLUE, strokeWidth=0.8, strokeLineJoin=1))
        for celsius, shift in ((part.min_c, -7), (part.max_c, 2)):
            if all(abs(y(celsius) - y(one)) > 7 for one in (part.low_c, part.high_c) if one is not None):
                drawing.add(
                    String(
                        left - 1 * mm, y(celsius) + shift / 3, _c(celsius), fontName=LATIN, fontSize=7, textAnchor="end"
                    )
                )
        for share, anchor in ((0.0, "start"), (0.5, "middle"), (1.0, "end")):
            said = self.time(round(part.from_ms + share * total))
            drawing.add(String(left + share * width, 2 * mm, said, fontName=LATIN, fontSize=7, textAnchor=anchor))
        return drawing


def _runs(part: Part) -> Iterator[list[tuple[int, float, float]]]:
    """The curve between its gaps."""
    run: list[tuple[int, float, float]] = []
    gaps = [one.from_ms for one in part.gaps]
    for point in part.curve:
        passed = run and any(run[-1][0] <= at_ms < point.at_ms for at_ms in gaps)
        if passed:
            yield run
            run = []
        run.append((point.at_ms, point.low_c, point.high_c))
    if run:
        yield run


def _degrees(celsius: float | None) -> str:
    return "-" if celsius is None else f"{_c(celsius)} °C"


def _c(celsius: float | None) -> str:
    return "-" if celsius is None else f"{celsius:.2f}".rstrip("0").rstrip(".")


def _limits(part: Part) -> str:
    low, high = part.low_c, part.high_c
    if low is not None and high is not None:
        return f"{_c(low)} - {_c(high)} °C"
    return f"{'≥' if low is not None else '≤'} {_c(low if low is not None else high)} °C"


def _span(ms: int) -> str:
    minutes = round(ms / 60_000)
    return f"{minutes // 60} h {minutes % 60:02} min"


def _font(text: str, bold: bool = False) -> str:
    try:
        text.encode("cp1252")
    except UnicodeEncodeError:
        return HAN
    return BOLD if bold else LATIN


def _text(text: str, size: float, bold: bool = False) -> Paragraph:
    style = ParagraphStyle(
        "",
        fontName=_font(text, bold),
        fontSize=size,
        leading=size * 1.35,
        wordWrap="CJK" if _font(text) == HAN else None,
    )
    return Paragraph(escape(text.replace("°C", "℃") if style.fontName == HAN else text), style)


def _pairs(rows: Sequence[tuple[str, str]]) -> Table:
    cells = [[_text(name, 9), _text(value, 9)] for name, value in rows]
    style = TableStyle(
        [
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("TOPPADDING", (0, 0), (-1, -1), 1),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 1),
        ]
    )
    return Table(cells, colWidths=(54 * mm, 120 * mm), style=style, hAlign="LEFT")


def _table(rows: Sequence[Sequence[str]], widths_mm: Sequence[float]) -> Table:
    cells = [[_text(cell, 8, bold=not number) for cell in row] for number, row in enumerate(rows)]
    style = TableStyle(
        [
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LINEBELOW", (0, 0), (-1, -1), 0.3, colors.lightgrey),
            ("TOPPADDING", (0, 0), (-1, -1), 1.5),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 1.5),
        ]
    )
    return Table(cells, colWidths=[width * mm for width in widths_mm], style=style, hAlign="LEFT", repeatRows=1)
