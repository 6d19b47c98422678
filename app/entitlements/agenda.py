"""What falls due here: purchases and plans that begin or end at an instant agreed earlier."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.entitlements import queries
from app.entitlements.plan_changes import turn_plan
from app.entitlements.service import turn
from app.infra.agenda import Timeline
from app.resellers.queries import find_reseller


class Agreements:
    """Begins and ends what was agreed, each at its own instant."""

    name = "agreements"

    async def next_due(self, session: AsyncSession, timeline: Timeline) -> datetime | None:
        """Return the first instant at which something begins or ends."""
        return await queries.next_due(session, timeline)

    async def run_due(self, session: AsyncSession, timeline: Timeline, now: datetime, limit: int) -> int:
        """Begin and end what is due."""
        purchases = await queries.lock_due_purchases(session, timeline, now, limit)
        for purchase in purchases:
            turn(session, purchase, now)
        periods = await queries.lock_due_periods(session, timeline, now, limit)
        for period in periods:
            reseller = await find_reseller(session, period.reseller_id)
            assert reseller is not None
            turn_plan(session, reseller, period, now)
        return max(len(purchases), len(periods))
