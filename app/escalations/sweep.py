"""The sweep: what falls due on the clocks and ladders of tickets, and tickets that close by themselves.

Any number of workers may run it. A ticket that one holds is left to it; what was raised stays raised once, by the
clock's own record of the steps it has passed and by a unique index under that.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from app.clocks.queries import next_wake, tickets_to_wake
from app.infra.agenda import Timeline
from app.tickets.act import settle_if_free
from app.tickets.queries import next_closing, tickets_to_close

_SET_ASIDE = timedelta(seconds=30)
_log = structlog.get_logger(__name__)

NextDue = Callable[[AsyncSession, Timeline], Awaitable[datetime | None]]
ListDue = Callable[[AsyncSession, Timeline, datetime, Sequence[UUID], int], Awaitable[Sequence[UUID]]]


class TicketSource:
    """Settles tickets at their instants. One that fails is set aside for a while and holds up no other."""

    def __init__(self, name: str, next_due: NextDue, list_due: ListDue) -> None:
        self.name = name
        self._next_due = next_due
        self._list_due = list_due
        self._aside: dict[UUID, datetime] = {}

    async def next_due(self, session: AsyncSession, timeline: Timeline) -> datetime | None:
        """Return the first instant at which a ticket is to be looked at."""
        return await self._next_due(session, timeline)

    async def run_due(self, session: AsyncSession, timeline: Timeline, now: datetime, limit: int) -> int:
        """Settle what is due; returns how many tickets were."""
        self._aside = {ticket_id: until for ticket_id, until in self._aside.items() if until > now}
        due = await self._list_due(session, timeline, now, list(self._aside), limit)
        return sum([await self._settle(session, timeline, ticket_id, now) for ticket_id in due])

    async def _settle(self, session: AsyncSession, timeline: Timeline, ticket_id: UUID, now: datetime) -> bool:
        if timeline.test_clock_id is not None:  # an advance is told of a failure, and repeats from there
            return await settle_if_free(session, ticket_id, now) is not None
        try:
            async with session.begin_nested():
                return await settle_if_free(session, ticket_id, now) is not None
        except Exception:  # noqa: BLE001 - whatever it is, it may hold up no other ticket
            _log.exception("ticket set aside", source=self.name, ticket_id=str(ticket_id))
            self._aside[ticket_id] = now + _SET_ASIDE
            return False


def ladders() -> TicketSource:
    """Return the source of warnings, breaches, steps and expiring acknowledgements."""
    return TicketSource("ladders", next_wake, tickets_to_wake)


def closings() -> TicketSource:
    """Return the source of tickets whose seven days are over."""
    return TicketSource("closings", next_closing, tickets_to_close)
