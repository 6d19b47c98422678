"""Taking a ticket's clocks in hand."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.catalogue.versions import PolicyVersion, calendar, policy_version
from app.clocks import queries
from app.clocks.keeper import Keeper
from app.clocks.kept import Kept, Promised
from app.clocks.rows import ClockRow, Versions, to_value
from app.entitlements.entitlement import Entitlement, Timeline
from app.sla.calendar import Calendar
from app.sla.terms import Metric


async def keeper_of(session: AsyncSession, ticket: Promised, timeline: Timeline) -> Keeper:
    """Read the clocks of a ticket, which is locked or only looked at."""
    rows = await queries.latest_clocks(session, ticket.reseller_id, ticket.id)
    calendars = {row.calendar_id: await calendar(session, row.calendar_id) for row in rows if row.calendar_id}
    return assembled(ticket, timeline, rows, await policy_version(session, ticket.sla_policy_id), calendars)


def assembled(
    ticket: Promised,
    timeline: Timeline,
    rows: Iterable[ClockRow],
    policy: PolicyVersion,
    calendars: Mapping[UUID, Calendar],
) -> Keeper:
    """Return the keeper of a ticket whose rows, remembered policy and calendars are at hand."""
    kept: dict[Metric, Kept] = {}
    for row in rows:
        named = calendars[row.calendar_id] if row.calendar_id else None
        kept[Metric(row.metric)] = Kept(row.id, to_value(row, named), Versions(row.policy_id, row.calendar_id), row)
    return Keeper(ticket, timeline, kept, _as_last_seen(ticket, timeline, policy), ticket.settled_at)


def keeper_of_new(ticket: Promised, timeline: Timeline, now: datetime) -> Keeper:
    """Begin to keep the time of a ticket that is being opened."""
    entitlement = timeline.in_force(now)
    keeper = Keeper(ticket, timeline, {}, entitlement, now)
    keeper.opened(now)
    return keeper


def _as_last_seen(ticket: Promised, timeline: Timeline, policy: PolicyVersion) -> Entitlement:
    """Return what held when the clocks were last settled, as the ticket remembers it."""
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
