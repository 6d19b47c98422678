"""Gathering what is owed for missed promises: rows in, paid months out."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from app.reports.credits import Miss, credit, month_of
from app.reports.schemas import CreditRead, CreditTotal

Month = tuple[UUID, datetime]


def credits_of(rows: Iterable[Row[Any]], since: datetime, until: datetime) -> list[CreditRead]:
    """Return what is owed for each paid month in which a promise was missed in [since, until)."""
    misses: dict[Month, list[Miss]] = {}
    bought: dict[Month, Row[Any]] = {}
    for row in rows:
        month = (row.purchase_id, month_of(row.starts_at, row.time_zone, row.at))
        bought[month] = row
        misses.setdefault(month, []).append(Miss(row.at, row.per_miss, row.cap))
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
