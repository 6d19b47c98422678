"""All SQL of the catalogue."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select
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


async def get_policy(session: AsyncSession, policy_id: UUID) -> SlaPolicy:
    """Read a policy that is known to be there."""
    return await session.get_one(SlaPolicy, policy_id)


async def policy_in_force(session: AsyncSession, at: datetime) -> SlaPolicy:
    """Read the policy in force at an instant."""
    effective = col(SlaPolicy.effective_at)
    query = select(SlaPolicy).where(or_(effective.is_(None), effective <= at))
    return (await session.scalars(query.order_by(effective.desc().nulls_last()).limit(1))).one()


async def get_calendar(session: AsyncSession, calendar_id: UUID) -> SupportCalendar:
    """Read a calendar that is known to be there."""
    return await session.get_one(SupportCalendar, calendar_id)
