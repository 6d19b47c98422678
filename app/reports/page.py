"""A report as a page to print."""

from datetime import timedelta

from app.catalogue.wording import capital, share_in_words
from app.infra.pages import Pages
from app.reports.chart import Chart
from app.reports.money import money
from app.reports.schemas import GroupBy, Report
from app.sla.words import METRICS

_UNITS = ((timedelta(hours=1), "h"), (timedelta(minutes=1), "min"), (timedelta(seconds=1), "s"))
_LONG = timedelta(hours=100)


def span(value: timedelta | None) -> str:
    """Return a span in its two largest units, ``1 h 5 min``; a long one in hours alone, since a day may be ten."""
    if value is None:
        return "-"
    if value < timedelta(seconds=1):
        return "0 s" if not value else f"{value / timedelta(milliseconds=1):.0f} ms"
    if value >= _LONG:
        return f"{value / timedelta(hours=1):.0f} h"
    parts: list[str] = []
    for unit, name in _UNITS:
        count, value = divmod(value, unit)
        if count or parts:
            parts.append(f"{count} {name}")
    return " ".join(part for part in parts[:2] if not part.startswith("0 "))


def percent(attainment: float | None) -> str:
    """Return a share of one: ``98.75 %``."""
    return "-" if attainment is None else share_in_words(round(attainment * 10_000))


_PAGES = Pages("app.reports", span=span, percent=percent, metric=lambda metric: capital(METRICS[metric]), money=money)
_BY = {GroupBy.level: "support level", GroupBy.metric: "promise"}


def page(report: Report, chart: Chart) -> str:
    """Return the page."""
    return _PAGES.render("report.html", report=report, chart=chart, by=_BY.get(report.group_by, report.group_by.value))
