"""Pure: a report as a sheet of comma-separated values (RFC 4180), safe to open in a spreadsheet."""

import csv
import io
from collections.abc import Iterator
from datetime import timedelta

from app.reports.schemas import Group, Report

_COUNTS = ("met", "missed", "met_late", "open", "voided")
_SHARES = ("p50", "p90", "p95", "p99")
# What makes a spreadsheet take a cell for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def sheet(report: Report) -> str:
    """Return a report's groups, one row each, under a head; spans are in seconds of counted time."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    metrics = [times.metric.value for times in report.total.times]
    measured = [
        f"{metric}_{name}" for metric in metrics for name in ("count", *(f"{share}_seconds" for share in _SHARES))
    ]
    writer.writerow([report.group_by.value, "name", *_COUNTS, "attainment", *measured])
    for group in report.groups:
        writer.writerow([harmless(group.group), harmless(group.name), *_cells(group)])
    return text.getvalue()


def _cells(group: Group) -> Iterator[str]:
    yield from (str(getattr(group, name)) for name in _COUNTS)
    yield "" if group.attainment is None else f"{group.attainment:.6f}"
    for times in group.times:
        yield str(times.count)
        yield from (_seconds(getattr(times, share)) for share in _SHARES)


def _seconds(span: timedelta | None) -> str:
    return "" if span is None else f"{span.total_seconds():.6f}".rstrip("0").rstrip(".")


def harmless(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula: one that could be is led by an apostrophe."""
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text
