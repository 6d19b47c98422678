"""Looking at a ticket: its clocks as they stand now, with nothing written."""

from datetime import datetime

from app.auth.visit import Visit, time_of
from app.clocks.keeper import Keeper
from app.clocks.service import keeper_of
from app.entitlements.timelines import timeline_of
from app.tickets.models import Ticket


async def looked_at(visit: Visit, ticket: Ticket) -> tuple[Keeper, datetime]:
    """Return a ticket's clocks, settled in memory up to its present instant, and that instant."""
    now = max(await time_of(visit.session, ticket.test_clock_id, visit.wall), ticket.settled_at)
    timeline = await timeline_of(visit.session, ticket.reseller_id, ticket.created_at)
    keeper = await keeper_of(visit.session, ticket, timeline)
    keeper.settle(now, inclusive=True)
    return keeper, now
