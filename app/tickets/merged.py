"""Where a ticket went that was merged into another, and what is said to those who write to one that has ended."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.infra.problems import InvalidTransition
from app.tickets import queries
from app.tickets.lifecycle import ENDED
from app.tickets.models import Ticket
from app.tickets.reading import named, number_of


async def final_target(session: AsyncSession, ticket: Ticket) -> Ticket:
    """Return the ticket that a merged one was merged into, and that one in turn; a ticket that was not is its own.

    An ended ticket takes no other in, so that there is no circle.
    """
    while ticket.merged_into_id is not None:
        found = await queries.find_ticket(session, ticket.merged_into_id)
        assert found is not None, "tickets are never deleted, and both are one reseller's"
        ticket = found
    return ticket


async def refuse_ended(session: AsyncSession, ticket: Ticket, what: str) -> None:
    """Refuse to add to a ticket that has ended; of one that was merged, say where to.

    Raises:
        InvalidTransition: it has ended.
    """
    if ticket.merged_into_id is not None:
        target = await final_target(session, ticket)
        raise InvalidTransition(
            f"the ticket was merged into {number_of(target.number)} and {what}: turn to that one",
            current=ticket.status,
            allowed=[],
            merged_into=named(target).model_dump(mode="json"),
        )
    if ticket.status in ENDED:
        raise InvalidTransition(
            f"the ticket is {ticket.status} and {what}: open a new one that follows it",
            current=ticket.status,
            allowed=[],
        )
