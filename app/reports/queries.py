"""All SQL of reports. Row-level security lies under it; whose promises are meant is said all the same."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Float,
    Integer,
    Row,
    SQLColumnExpression,
    Subquery,
    Text,
    and_,
    cast,
    func,
    literal,
    or_,
    select,
    tuple_,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.catalogue.models import SlaPolicy
from app.clocks.models import SlaClock
from app.entitlements.models import AddOnPurchase
from app.infra.columns import Instant
from app.reports.credits import LONGEST_MONTH
from app.reports.schemas import GroupBy
from app.resellers.models import Reseller
from app.sla.policy import Credits
from app.sla.terms import Metric
from app.tickets.lifecycle import ENDED
from app.tickets.models import Ticket

PERCENTILES = (0.5, 0.9, 0.95, 0.99)
TIMED = (Metric.first_response, Metric.resolution)

# The instant at which a promise was decided; ix_sla_clocks_decided goes by it.
_DECIDED_AT = func.coalesce(col(SlaClock.breached_at), col(SlaClock.met_at), type_=Instant)
_MISSED = and_(col(SlaClock.breached_at).is_not(None), col(SlaClock.voided_at).is_(None))
_MET = col(SlaClock.met_at).is_not(None)

OverdueRow = Row[SlaClock, int | None, str, int]


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose promises are asked for, decided in [since, until).

    Attributes:
        reseller_id: One reseller's alone; None for everybody's.
        test_clocks: Whether those of resellers on test clocks are meant, too.
        months: The beginnings of the months in the span, the first at or before it.
    """

    since: datetime
    until: datetime
    reseller_id: UUID | None
    test_clocks: bool
    months: Sequence[datetime]

    def whose(self) -> list[ColumnElement[bool]]:
        """Return the conditions on whose promises these are."""
        conditions: list[ColumnElement[bool]] = []
        if self.reseller_id is not None:
            conditions.append(col(SlaClock.reseller_id) == self.reseller_id)
        if not self.test_clocks:
            conditions.append(col(SlaClock.test_clock_id).is_(None))
        return conditions


async def decided(session: AsyncSession, asked: Asked, group_by: GroupBy) -> Sequence[Row[Any]]:
    """Count the promises of each group, and measure them; the row of all of them has the key None."""
    clocks = _decided(asked, group_by)
    query = select(clocks.c.key, *_counts(clocks), *_times(clocks))
    return (await session.execute(query.group_by(func.grouping_sets(clocks.c.key, tuple_())))).all()


async def by_month(session: AsyncSession, asked: Asked, group_by: GroupBy) -> Sequence[Row[Any]]:
    """Count the promises of each group in each month, which is told by its place."""
    clocks = _decided(asked, group_by)
    query = select(clocks.c.key, clocks.c.month, *_counts(clocks)[:2])
    return (await session.execute(query.group_by(clocks.c.key, clocks.c.month))).all()


def _decided(asked: Asked, group_by: GroupBy) -> Subquery:
    month = func.width_bucket(_DECIDED_AT, literal(list(asked.months), ARRAY(Instant)), type_=Integer)
    keys: dict[GroupBy, SQLColumnExpression[Any]] = {
        GroupBy.priority: col(SlaClock.priority),
        GroupBy.plan: col(SlaClock.plan),
        GroupBy.level: cast(col(SlaClock.level), Text),
        GroupBy.reseller: cast(col(SlaClock.reseller_id), Text),
        GroupBy.metric: col(SlaClock.metric),
        GroupBy.month: cast(month, Text),
    }
    facts = (SlaClock.metric, SlaClock.counted, SlaClock.breached_at, SlaClock.met_at, SlaClock.voided_at)
    columns: list[SQLColumnExpression[Any]] = [keys[group_by].label("key"), month.label("month"), *map(col, facts)]
    query = select(*columns)
    return query.where(*asked.whose(), _span(asked.since, asked.until)).subquery("decided")


def _span(since: datetime, until: datetime) -> ColumnElement[bool]:
    return and_(since <= _DECIDED_AT, until > _DECIDED_AT)


def _counts(clocks: Subquery) -> list[ColumnElement[int]]:
    missed = and_(clocks.c.breached_at.is_not(None), clocks.c.voided_at.is_(None))
    late = clocks.c.met_at.is_not(None)
    return [
        func.count().filter(clocks.c.breached_at.is_(None)).label("met"),
        func.count().filter(missed).label("missed"),
        func.count().filter(and_(missed, late)).label("met_late"),
        func.count().filter(and_(missed, ~late)).label("open"),
        func.count().filter(clocks.c.voided_at.is_not(None)).label("voided"),
    ]


def _times(clocks: Subquery) -> list[ColumnElement[Any]]:
    found: list[ColumnElement[Any]] = []
    shares = array([literal(share, Float) for share in PERCENTILES])
    for metric in TIMED:
        kept = and_(clocks.c.metric == metric, clocks.c.met_at.is_not(None), clocks.c.voided_at.is_(None))
        spans = func.percentile_cont(shares).within_group(type_coerce(clocks.c.counted, Float))
        found += [
            func.count().filter(kept).label(f"{metric}_count"),
            type_coerce(spans.filter(kept), ARRAY(Float)).label(f"{metric}_times"),
        ]
    return found


async def open_breaches(session: AsyncSession, asked: Asked, limit: int) -> tuple[Sequence[OverdueRow], int]:
    """List the missed promises that still wait on tickets, longest overdue first; and count them all."""
    waiting = (*asked.whose(), _MISSED, ~_MET, col(SlaClock.cancelled_at).is_(None))
    query = (
        select(SlaClock, col(Ticket.number), col(Reseller.name), func.count().over())
        .join(Ticket, and_(col(Ticket.reseller_id) == SlaClock.reseller_id, col(Ticket.id) == SlaClock.ticket_id))
        .join(Reseller, col(Reseller.id) == SlaClock.reseller_id)
        .where(*waiting, col(SlaClock.breached_at) < asked.until, col(Ticket.status).not_in(ENDED))
        .order_by(col(SlaClock.breached_at), col(SlaClock.id))
        .limit(limit)
    )
    rows = (await session.execute(query)).all()
    return rows, rows[0][3] if rows else 0


async def credits_named(session: AsyncSession) -> dict[UUID, Credits]:
    """Return what each policy credits, of those that name credits."""
    named = col(SlaPolicy.definition)["credits"]
    rows = await session.execute(select(col(SlaPolicy.id), named).where(named.is_not(None)))
    return {row[0]: Credits(**row[1]) for row in rows}


async def credited_misses(session: AsyncSession, asked: Asked, policies: Collection[UUID]) -> Sequence[Row[Any]]:
    """List the misses under some policies, with the priced purchase that was in force at each.

    Those of the month before the span come along: a month's cap looks at the whole of it.
    """
    priced = and_(
        col(AddOnPurchase.reseller_id) == SlaClock.reseller_id,
        col(AddOnPurchase.state) != "cancelled",
        col(AddOnPurchase.price_minor) > 0,
        col(AddOnPurchase.starts_at) <= SlaClock.breached_at,
        or_(col(AddOnPurchase.ends_at).is_(None), col(AddOnPurchase.ends_at) > SlaClock.breached_at),
    )
    columns: list[SQLColumnExpression[Any]] = [
        col(SlaClock.reseller_id),
        col(SlaClock.breached_at).label("at"),
        col(SlaClock.policy_id),
        col(AddOnPurchase.id).label("purchase_id"),
        col(AddOnPurchase.starts_at),
        col(AddOnPurchase.price_minor),
        col(AddOnPurchase.currency),
        col(Reseller.name),
        col(AddOnPurchase.time_zone),
    ]
    query = (
        select(*columns)
        .join_from(SlaClock, AddOnPurchase, priced)
        .join(Reseller, col(Reseller.id) == SlaClock.reseller_id)
        .where(*asked.whose(), _MISSED, _span(asked.since - LONGEST_MONTH, asked.until))
        .where(col(SlaClock.policy_id).in_(policies))
    )
    return (await session.execute(query)).all()


async def reseller_names(session: AsyncSession, reseller_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return the names of resellers."""
    query = select(col(Reseller.id), col(Reseller.name)).where(col(Reseller.id).in_(reseller_ids))
    return {row[0]: row[1] for row in await session.execute(query)}
