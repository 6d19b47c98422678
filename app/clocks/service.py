"""Taking a ticket's clocks in hand."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.catalogue.versions import calendar, policy_version
from app.clocks import queries
from app.clocks.keeper import Keeper, Kept, Promised
from app.clocks.rows import Versions, to_value
from app.entitlements.entitlement import Entitlement, Timeline
from app.sla.terms import Metric


async def keeper_of(session: AsyncSession, ticket: Promised, timeline: Timeline) -> Keeper:
    """Read the clocks of a ticket, which is locked or only looked at."""
    kept: dict[Metric, Kept] = {}
    for row in await queries.latest_clocks(session, ticket.reseller_id, ticket.id):
        named = None if row.calendar_id is None else await calendar(session, row.calendar_id)
        kept[Metric(row.metric)] = Kept(row.id, to_value(row, named), Versions(row.policy_id, row.calendar_id), row)
    entitlement = await _as_last_seen(session, ticket, timeline)
    return Keeper(ticket, timeline, kept, entitlement, ticket.settled_at)


def keeper_of_new(ticket: Promised, timeline: Timeline, now: datetime) -> Keeper:
    """Begin to keep the time of a ticket that is being opened."""
    entitlement = timeline.in_force(now)
    keeper = Keeper(ticket, timeline, {}, entitlement, now)
    keeper.opened(now)
    return keeper


async def _as_last_seen(session: AsyncSession, ticket: Promised, timeline: Timeline) -> Entitlement:
    """Return what held when the clocks were last settled, as the ticket remembers it."""
    policy = await policy_version(session, ticket.sla_policy_id)
    seen = timeline.in_force(ticket.settled_at)
    if seen.level == ticket.sla_level and seen.policy.id == policy.id:
        return seen
    return Entitlement.remembered(seen.plan, ticket.sla_level, policy)


async def every_clock(session: AsyncSession, ticket: Promised) -> list[Kept]:
    """Read every clock that a ticket ever had, oldest first."""
    found = []
    for row in await queries.list_clocks(session, ticket.reseller_id, ticket.id):
        named = None if row.calendar_id is None else await calendar(session, row.calendar_id)
        found.append(Kept(row.id, to_value(row, named), Versions(row.policy_id, row.calendar_id), row))
    return found
