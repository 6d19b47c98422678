"""All SQL of the catalogue."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.catalogue.models import AddOnProduct, Plan, SlaPolicy, SupportCalendar, SupportLevel


async def list_plans(session: AsyncSession) -> Sequence[Plan]:
    """List the plans in the order in which they are shown."""
    return (await session.scalars(select(Plan).order_by(col(Plan.position)))).all()


async def find_plan(session: AsyncSession, code: str) -> Plan | None:
    """Find a plan by its code."""
    return await session.get(Plan, code)


async def list_levels(session: AsyncSession) -> Sequence[SupportLevel]:
    """List the support levels, lowest first."""
    return (await session.scalars(select(SupportLevel).order_by(col(SupportLevel.level)))).all()


async def list_products(session: AsyncSession) -> Sequence[AddOnProduct]:
    """List the add-on products in the order in which they are shown."""
    return (await session.scalars(select(AddOnProduct).order_by(col(AddOnProduct.position)))).all()


async def find_product(session: AsyncSession, code: str) -> AddOnProduct | None:
    """Find a product by its code."""
    return await session.get(AddOnProduct, code)


async def lock_product(session: AsyncSession, code: str) -> AddOnProduct | None:
    """Lock a product, to change what is sold from now on."""
    query = select(AddOnProduct).where(col(AddOnProduct.code) == code).with_for_update()
    return (await session.scalars(query.execution_options(populate_existing=True))).first()


async def get_policy(session: AsyncSession, policy_id: UUID) -> SlaPolicy:
    """Read a policy that is known to be there."""
    return await session.get_one(SlaPolicy, policy_id)


async def lock_versions(session: AsyncSession) -> None:
    """Let versions be numbered by one transaction at a time; reading goes on meanwhile."""
    await session.execute(text("lock table sla_policies, calendars in share row exclusive mode"))


async def next_version(session: AsyncSession) -> int:
    """Return the number that the next version of the policy gets."""
    highest: int | None = await session.scalar(select(func.max(col(SlaPolicy.version))))
    return (highest or 0) + 1


async def list_policies(session: AsyncSession, after: UUID | None, limit: int) -> Sequence[SlaPolicy]:
    """List versions of the policy, newest first."""
    query = select(SlaPolicy).order_by(col(SlaPolicy.id).desc()).limit(limit)
    if after is not None:
        query = query.where(col(SlaPolicy.id) < after)
    return (await session.scalars(query)).all()


async def list_calendars(session: AsyncSession, after: UUID | None, limit: int) -> Sequence[SupportCalendar]:
    """List versions of calendars, newest first."""
    query = select(SupportCalendar).order_by(col(SupportCalendar.id).desc()).limit(limit)
    if after is not None:
        query = query.where(col(SupportCalendar.id) < after)
    return (await session.scalars(query)).all()


async def latest_calendar(session: AsyncSession, code: str) -> SupportCalendar | None:
    """Find the latest version of a calendar."""
    query = select(SupportCalendar).where(col(SupportCalendar.code) == code)
    return (await session.scalars(query.order_by(col(SupportCalendar.version).desc()).limit(1))).first()


async def get_calendar(session: AsyncSession, calendar_id: UUID) -> SupportCalendar:
    """Read a calendar that is known to be there."""
    return await session.get_one(SupportCalendar, calendar_id)
