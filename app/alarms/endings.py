"""What the end of the work on a ticket does to its alarms."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.alarms import queries
from app.tickets.facts import WorkEnded


async def end_alarms(session: AsyncSession, ended: WorkEnded) -> None:
    """Resolve the alarm of a ticket on which there is no more work, so that the next trigger opens another."""
    ticket = ended.ticket
    if ticket.channel != "alarm":
        return
    for alarm in await queries.lock_live_of_ticket(session, ticket.reseller_id, ticket.id):
        alarm.state, alarm.resolved_at = "resolved", ended.at
