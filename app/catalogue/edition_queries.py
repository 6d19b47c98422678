"""SQL of the versions of the policy as they follow one another."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.catalogue.models import SlaPolicy


async def find_version(session: AsyncSession, version: int) -> SlaPolicy | None:
    """Find a version of the policy by its number."""
    return (await session.scalars(select(SlaPolicy).where(col(SlaPolicy.version) == version))).first()


async def versions_known(session: AsyncSession, test_clock_id: UUID | None) -> Sequence[SlaPolicy]:
    """List the versions that hold on the wall's time or on a test clock's, in the order in which they take over.

    Ids are in order of the wall's time: so a test clock knows what was published before it was made.
    """
    clock = col(SlaPolicy.test_clock_id)
    known: ColumnElement[bool] = clock.is_(None)
    if test_clock_id is not None:
        known = or_(clock == test_clock_id, and_(clock.is_(None), col(SlaPolicy.id) < test_clock_id))
    query = select(SlaPolicy).where(known)
    order = (col(SlaPolicy.effective_at).asc().nulls_first(), col(SlaPolicy.version))
    return (await session.scalars(query.order_by(*order))).all()
