"""Making a report: three statements, and their rows as values."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.visit import Visit, time_of
from app.infra.problems import NotFound, ValidationFailed
from app.reports import queries
from app.reports.chart import Bar, Chart, chart
from app.reports.crediting import credits_of, totals_of
from app.reports.naming import code_of, month_beginnings, month_name, names_of
from app.reports.queries import Asked, OverdueRow
from app.reports.schemas import Decided, Group, GroupBy, OpenBreach, Report, ReportQuery, Times
from app.resellers.queries import find_reseller
from app.sla.terms import Metric
from app.tickets.reading import number_of

_LISTED = 100
_SHARES = tuple(f"p{share * 100:.0f}" for share in queries.PERCENTILES)


async def report(visit: Visit, query: ReportQuery) -> Report:
    """Return what became of the promises that a caller may ask for.

    Raises:
        NotFound: a reseller's key names another.
        ValidationFailed: a key of the operator's names a reseller that is not there.
    """
    asked, as_of = await _asked(visit, query)
    rows = await queries.decided(visit.session, asked, query.group_by)
    overdue, count = await queries.open_breaches(visit.session, asked, _LISTED)
    owed = await credits_of(visit.session, asked)
    return Report(
        since=query.since,
        until=query.until,
        group_by=query.group_by,
        time_zone=query.time_zone,
        reseller_id=asked.reseller_id,
        as_of=as_of,
        groups=await _groups(visit.session, query, rows),
        total=next(_decided(row) for row in rows if row.key is None),
        open_breaches=[_breach(row) for row in overdue],
        open_breaches_count=count,
        credits=owed,
        credit_totals=totals_of(owed),
    )


async def chart_of(visit: Visit, query: ReportQuery, made: Report) -> Chart:
    """Return the picture of a report: the attainment of each group in each month."""
    asked, _ = await _asked(visit, query)
    codes = _months(query)
    bars = [
        Bar(code_of(query.group_by, _key(query, row.key)), codes[row.month - 1], _attained(row.met, row.missed))
        for row in await queries.by_month(visit.session, asked, query.group_by)
    ]
    busiest = sorted(made.groups, key=lambda group: group.met + group.missed, reverse=True)
    names = {group.group: group.name for group in made.groups}
    return chart(bars, {code: month_name(code) for code in codes}, names, [group.group for group in busiest])


async def _asked(visit: Visit, query: ReportQuery) -> tuple[Asked, datetime]:
    principal = visit.principal
    reseller_id, clock = query.reseller_id, principal.test_clock_id
    if not principal.is_staff:
        if reseller_id not in {None, principal.reseller_id}:
            raise NotFound("there is no such reseller")
        reseller_id = principal.reseller_id
    elif reseller_id is not None:
        reseller = await find_reseller(visit.session, reseller_id)
        if reseller is None:
            raise ValidationFailed.at("/reseller_id", "there is no such reseller")
        clock = reseller.test_clock_id
    months = list(month_beginnings(query.since, query.until, query.time_zone).values())
    everyones = query.include_test_clocks or reseller_id is not None
    asked = Asked(query.since, query.until, reseller_id, everyones, months)
    return asked, await time_of(visit.session, clock, visit.wall)


async def _groups(session: AsyncSession, query: ReportQuery, rows: Sequence[Row[Any]]) -> list[Group]:
    found = {_key(query, row.key): row for row in rows if row.key is not None}
    names = await names_of(session, query.group_by, found, {code: month_name(code) for code in _months(query)})
    ordered = [key for key in names if key in found] + sorted(key for key in found if key not in names)
    return [
        Group(group=code_of(query.group_by, key), name=names.get(key, key), **_decided(found[key]).model_dump())
        for key in ordered
    ]


def _key(query: ReportQuery, key: str) -> str:
    return _months(query)[int(key) - 1] if query.group_by is GroupBy.month else key


def _months(query: ReportQuery) -> list[str]:
    return list(month_beginnings(query.since, query.until, query.time_zone))


def _decided(row: Row[Any]) -> Decided:
    counts = {name: getattr(row, name) for name in ("met", "missed", "met_late", "open", "voided")}
    times = [_times(row, metric.value) for metric in queries.TIMED]
    return Decided(**counts, attainment=_attained(row.met, row.missed), times=times)


def _times(row: Row[Any], metric: str) -> Times:
    spans: Sequence[float] | None = getattr(row, f"{metric}_times")
    told = (
        dict.fromkeys(_SHARES)
        if spans is None
        else {name: _span(one) for name, one in zip(_SHARES, spans, strict=True)}
    )
    return Times.model_validate({"metric": metric, "count": getattr(row, f"{metric}_count"), **dict(told)})


def _span(microseconds: float) -> timedelta:
    return timedelta(microseconds=round(microseconds))


def _attained(met: int, missed: int) -> float | None:
    return round(met / (met + missed), 6) if met + missed else None


def _breach(row: OverdueRow) -> OpenBreach:
    clock, number, name, _ = row
    assert clock.breached_at is not None, "it was missed"
    return OpenBreach(
        reseller_id=clock.reseller_id,
        reseller=name,
        ticket_id=clock.ticket_id,
        number=number_of(number),
        clock_id=clock.id,
        metric=Metric(clock.metric),
        priority=clock.priority,
        due_at=clock.breached_at,
    )
