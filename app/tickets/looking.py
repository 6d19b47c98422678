"""Looking at a ticket: its clocks as they stand now, with nothing written."""

from datetime import datetime

from app.auth.visit import Visit, time_of
from app.clocks.keeper import Keeper
from app.clocks.service import keeper_of
from app.entitlements.timelines import timeline_of
from app.tickets.attachment_queries import attachments_alone
from app.tickets.merged import final_target
from app.tickets.models import Ticket
from app.tickets.reading import detail_of, named
from app.tickets.schemas import TicketRead


async def looked_at(visit: Visit, ticket: Ticket) -> tuple[Keeper, datetime]:
    """Return a ticket's clocks, settled in memory up to its present instant, and that instant."""
    now = max(await time_of(visit.session, ticket.test_clock_id, visit.wall), ticket.settled_at)
    timeline = await timeline_of(visit.session, ticket.reseller_id, ticket.created_at)
    keeper = await keeper_of(visit.session, ticket, timeline)
    keeper.settle(now, inclusive=True)
    return keeper, now


async def ticket_read(visit: Visit, ticket: Ticket, keeper: Keeper, now: datetime) -> TicketRead:
    """Return a ticket as its caller may see it, with its attachments and where it went."""
    internal = visit.principal.is_staff
    attachments = await attachments_alone(visit.session, ticket, internal=internal)
    target = None if ticket.merged_into_id is None else named(await final_target(visit.session, ticket))
    return detail_of(ticket, keeper, now, attachments, target)
