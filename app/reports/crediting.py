"""Gathering what is owed for missed promises: rows in, paid months out."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from app.reports import queries
from app.reports.credits import LONGEST_MONTH, Miss, credit, months_over
from app.reports.queries import Asked
from app.reports.schemas import CreditRead, CreditTotal
from app.sla.policy import Credits

Month = tuple[UUID, datetime]


async def credits_of(session: AsyncSession, asked: Asked) -> list[CreditRead]:
    """Return what is owed for each paid month in which a promise was missed in the span."""
    named = await queries.credits_named(session)
    rows = await queries.credited_misses(session, asked, named) if named else []
    return _owed(rows, named, asked.since, asked.until)


def _owed(
    rows: Iterable[Row[Any]], named: Mapping[UUID, Credits], since: datetime, until: datetime
) -> list[CreditRead]:
    misses: dict[Month, list[Miss]] = {}
    bought: dict[Month, Row[Any]] = {}
    months: dict[UUID, list[datetime]] = {}
    for row in rows:
        if row.purchase_id not in months:
            months[row.purchase_id] = list(months_over(row.starts_at, row.time_zone, since - LONGEST_MONTH, until))
        begun = months[row.purchase_id]
        month = (row.purchase_id, begun[bisect_right(begun, row.at) - 1])
        bought[month], credited = row, named[row.policy_id]
        misses.setdefault(month, []).append(Miss(row.at, credited.per_miss, credited.cap))
    found = [_read(bought[month], month, misses[month], since, until) for month in misses]
    told = [one for one in found if one.missed]
    return sorted(told, key=lambda one: (one.reseller.lower(), one.month_starts_at, one.purchase_id))


def _read(row: Row[Any], month: Month, misses: Sequence[Miss], since: datetime, until: datetime) -> CreditRead:
    owed = credit(row.price_minor, misses, since, until)
    return CreditRead(
        reseller_id=row.reseller_id,
        reseller=row.name,
        purchase_id=row.purchase_id,
        month_starts_at=month[1],
        currency=row.currency,
        missed=owed.missed,
        owed_minor=owed.owed_minor,
        capped=owed.capped,
    )


def totals_of(credits_: Iterable[CreditRead]) -> list[CreditTotal]:
    """Return what is owed in each currency."""
    totals: dict[str, CreditTotal] = {}
    for one in credits_:
        total = totals.setdefault(one.currency, CreditTotal(currency=one.currency, missed=0, owed_minor=0))
        total.missed += one.missed
        total.owed_minor += one.owed_minor
    return [totals[currency] for currency in sorted(totals)]
