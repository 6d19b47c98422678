"""All SQL of plan periods and add-on purchases."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnClause, ColumnElement, and_, func, literal_column, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.auth.models import TestClock
from app.entitlements.models import AddOnPurchase, PlanPeriod, UsageMonth
from app.entitlements.months import Month
from app.infra.agenda import Timeline as Whose
from app.infra.agenda import lived_on

# Written out and not bound, so that every plan sees which partial index they are about.
_SCHEDULED: ColumnClause[str] = literal_column("'scheduled'")
_ACTIVE: ColumnClause[str] = literal_column("'active'")


async def period_covering(session: AsyncSession, reseller_id: UUID, at: datetime) -> PlanPeriod | None:
    """Find the plan period in force at an instant."""
    query = select(PlanPeriod).where(
        col(PlanPeriod.reseller_id) == reseller_id,
        col(PlanPeriod.starts_at) <= at,
        or_(col(PlanPeriod.ends_at).is_(None), col(PlanPeriod.ends_at) > at),
    )
    return (await session.scalars(query)).first()


async def lock_periods_since(session: AsyncSession, reseller_id: UUID, at: datetime) -> Sequence[PlanPeriod]:
    """Lock the plan period in force at an instant and those that follow, in order of their start."""
    query = select(PlanPeriod).where(
        col(PlanPeriod.reseller_id) == reseller_id, or_(col(PlanPeriod.ends_at).is_(None), col(PlanPeriod.ends_at) > at)
    )
    query = query.order_by(col(PlanPeriod.starts_at)).with_for_update()
    return (await session.scalars(query.execution_options(populate_existing=True))).all()


async def list_periods(
    session: AsyncSession, reseller_id: UUID, before: datetime | None, limit: int
) -> Sequence[PlanPeriod]:
    """List a reseller's plan periods, the latest start first."""
    query = select(PlanPeriod).where(col(PlanPeriod.reseller_id) == reseller_id)
    if before is not None:
        query = query.where(col(PlanPeriod.starts_at) < before)
    return (await session.scalars(query.order_by(col(PlanPeriod.starts_at).desc()).limit(limit))).all()


async def find_purchase(session: AsyncSession, purchase_id: UUID) -> AddOnPurchase | None:
    """Find a purchase by its id alone; under a tenant only its own are there."""
    return (await session.scalars(select(AddOnPurchase).where(col(AddOnPurchase.id) == purchase_id))).first()


async def live_purchases(session: AsyncSession, reseller_id: UUID) -> Sequence[AddOnPurchase]:
    """Lock the purchases that are in force or will be, in order of their start.

    The reseller's lock does not keep a worker from beginning or ending one meanwhile; that of the row does.
    """
    query = select(AddOnPurchase).where(
        col(AddOnPurchase.reseller_id) == reseller_id, col(AddOnPurchase.state).in_(("scheduled", "active"))
    )
    query = query.order_by(col(AddOnPurchase.starts_at)).with_for_update()
    return (await session.scalars(query.execution_options(populate_existing=True))).all()


async def lock_trimmed(session: AsyncSession, reseller_id: UUID, at: datetime) -> AddOnPurchase | None:
    """Lock the purchase that ended at an instant because another began, and not because its reseller asked for it."""
    query = select(AddOnPurchase).where(
        col(AddOnPurchase.reseller_id) == reseller_id,
        col(AddOnPurchase.state) == "ended",
        col(AddOnPurchase.ends_at) == at,
        col(AddOnPurchase.agreed_ends_at).is_distinct_from(at),
    )
    return (await session.scalars(query.with_for_update().execution_options(populate_existing=True))).first()


async def live_ids(session: AsyncSession, reseller_id: UUID) -> Sequence[UUID]:
    """Name the purchases that are in force or will be, as they are seen without a lock."""
    query = select(col(AddOnPurchase.id)).where(
        col(AddOnPurchase.reseller_id) == reseller_id, col(AddOnPurchase.state).in_(("scheduled", "active"))
    )
    return (await session.scalars(query)).all()


async def purchase_covering(session: AsyncSession, reseller_id: UUID, at: datetime) -> AddOnPurchase | None:
    """Find the purchase in force at an instant."""
    query = select(AddOnPurchase).where(
        col(AddOnPurchase.reseller_id) == reseller_id,
        col(AddOnPurchase.state) != "cancelled",
        col(AddOnPurchase.starts_at) <= at,
        or_(col(AddOnPurchase.ends_at).is_(None), col(AddOnPurchase.ends_at) > at),
    )
    return (await session.scalars(query)).first()


async def list_purchases(
    session: AsyncSession, reseller_id: UUID | None, after: UUID | None, limit: int
) -> Sequence[AddOnPurchase]:
    """List purchases, newest first."""
    query = select(AddOnPurchase).order_by(col(AddOnPurchase.id).desc()).limit(limit)
    if reseller_id is not None:
        query = query.where(col(AddOnPurchase.reseller_id) == reseller_id)
    if after is not None:
        query = query.where(col(AddOnPurchase.id) < after)
    return (await session.scalars(query)).all()


async def find_month(
    session: AsyncSession, reseller_id: UUID, purchase_id: UUID, starts_at: datetime
) -> UsageMonth | None:
    """Find what was used of a paid month; None where nothing was."""
    return await session.get(UsageMonth, (reseller_id, purchase_id, starts_at))


async def lock_month(session: AsyncSession, reseller_id: UUID, purchase_id: UUID, month: Month) -> UsageMonth:
    """Lock what was used of a paid month, against whoever else logs work in it."""
    values = {
        "reseller_id": reseller_id,
        "purchase_id": purchase_id,
        "starts_at": month.starts_at,
        "ends_at": month.ends_at,
        "used_minutes": 0,
    }
    await session.execute(insert(UsageMonth).values(**values).on_conflict_do_nothing())
    query = select(UsageMonth).where(
        col(UsageMonth.reseller_id) == reseller_id,
        col(UsageMonth.purchase_id) == purchase_id,
        col(UsageMonth.starts_at) == month.starts_at,
    )
    return (await session.scalars(query.with_for_update().execution_options(populate_existing=True))).one()


async def next_due(session: AsyncSession, whose: Whose) -> datetime | None:
    """Return the first instant at which a purchase or a plan starts or a purchase ends."""
    starting, ending, period = _starting(whose), _ending(whose), _unannounced(whose)
    firsts = (
        select(func.min(col(AddOnPurchase.starts_at))).where(starting),
        select(func.min(col(AddOnPurchase.ends_at))).where(ending),
        select(func.min(col(PlanPeriod.starts_at))).where(period),
    )
    at: datetime | None = await session.scalar(select(func.least(*(first.scalar_subquery() for first in firsts))))
    return at


def _starting(whose: Whose) -> ColumnElement[bool]:
    return and_(col(AddOnPurchase.state) == _SCHEDULED, lived_on(col(AddOnPurchase.test_clock_id), whose))


def _ending(whose: Whose) -> ColumnElement[bool]:
    return and_(col(AddOnPurchase.state) == _ACTIVE, lived_on(col(AddOnPurchase.test_clock_id), whose))


def _unannounced(whose: Whose) -> ColumnElement[bool]:
    return and_(~col(PlanPeriod.announced), lived_on(col(PlanPeriod.test_clock_id), whose))


async def lock_due_purchases(session: AsyncSession, whose: Whose, now: datetime, limit: int) -> Sequence[AddOnPurchase]:
    """Lock purchases that start or end at or before ``now``, ends first: a successor starts when one ends."""
    query = (
        select(AddOnPurchase)
        .where(
            or_(
                and_(_starting(whose), col(AddOnPurchase.starts_at) <= now),
                and_(_ending(whose), col(AddOnPurchase.ends_at) <= now),
            )
        )
        .order_by(col(AddOnPurchase.state), func.coalesce(col(AddOnPurchase.ends_at), now), col(AddOnPurchase.id))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return (await session.scalars(query)).all()


async def lock_due_periods(session: AsyncSession, whose: Whose, now: datetime, limit: int) -> Sequence[PlanPeriod]:
    """Lock plan periods that have begun and were not announced yet."""
    query = (
        select(PlanPeriod)
        .where(_unannounced(whose), col(PlanPeriod.starts_at) <= now)
        .order_by(col(PlanPeriod.starts_at))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return (await session.scalars(query)).all()


async def plans_now(session: AsyncSession, reseller_ids: Sequence[UUID], wall: datetime) -> dict[UUID, str]:
    """Return the plan that each reseller is on, each at the present instant of its own clock."""
    now = func.coalesce(
        select(col(TestClock.now_at)).where(col(TestClock.id) == col(PlanPeriod.test_clock_id)).scalar_subquery(), wall
    )
    query = select(col(PlanPeriod.reseller_id), col(PlanPeriod.plan)).where(
        col(PlanPeriod.reseller_id).in_(reseller_ids),
        col(PlanPeriod.starts_at) <= now,
        or_(col(PlanPeriod.ends_at).is_(None), col(PlanPeriod.ends_at) > now),
    )
    return {row[0]: row[1] for row in await session.execute(query)}
