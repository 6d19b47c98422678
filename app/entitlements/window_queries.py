"""All SQL of maintenance windows."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.entitlements.models import CoveredReseller, MaintenanceWindow
from app.resellers.models import Reseller


async def find_window(session: AsyncSession, window_id: UUID) -> MaintenanceWindow | None:
    """Find a window; under a tenant only those that cover it are there."""
    return await session.get(MaintenanceWindow, window_id)


async def lock_window(session: AsyncSession, window_id: UUID) -> MaintenanceWindow | None:
    """Lock a window and read it anew."""
    query = select(MaintenanceWindow).where(col(MaintenanceWindow.id) == window_id).with_for_update()
    return (await session.scalars(query.execution_options(populate_existing=True))).first()


async def list_windows(session: AsyncSession, after: UUID | None, limit: int) -> Sequence[MaintenanceWindow]:
    """List windows, the last declared first."""
    query = select(MaintenanceWindow).order_by(col(MaintenanceWindow.id).desc()).limit(limit)
    if after is not None:
        query = query.where(col(MaintenanceWindow.id) < after)
    return (await session.scalars(query)).all()


async def covered(session: AsyncSession, window_ids: Sequence[UUID]) -> dict[UUID, list[UUID]]:
    """Return the resellers that each window names; under a tenant at most itself."""
    query = select(CoveredReseller).where(col(CoveredReseller.window_id).in_(window_ids))
    found: dict[UUID, list[UUID]] = {window_id: [] for window_id in window_ids}
    for row in await session.scalars(query.order_by(col(CoveredReseller.reseller_id))):
        found[row.window_id].append(row.reseller_id)
    return found


async def find_resellers(session: AsyncSession, reseller_ids: Sequence[UUID]) -> Sequence[Reseller]:
    """Find resellers, the operator's own aside."""
    query = select(Reseller).where(col(Reseller.id).in_(reseller_ids), col(Reseller.is_operator).is_(False))
    return (await session.scalars(query)).all()


async def lock_resellers(session: AsyncSession, reseller_ids: Sequence[UUID]) -> None:
    """Lock resellers, in order of their ids, against every other change of what they are owed."""
    query = select(col(Reseller.id)).where(col(Reseller.id).in_(reseller_ids))
    await session.execute(query.order_by(col(Reseller.id)).with_for_update())


async def live_reseller_ids(session: AsyncSession) -> Sequence[UUID]:
    """List everyone who lives on the wall's time."""
    query = select(col(Reseller.id)).where(col(Reseller.test_clock_id).is_(None), col(Reseller.is_operator).is_(False))
    return (await session.scalars(query.order_by(col(Reseller.id)))).all()
