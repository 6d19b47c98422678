"""The operation that merges tickets."""

from fastapi import Response
from pydantic import Field

from app.auth.edge import edge_router
from app.auth.visit import CurrentVisit
from app.infra.etags import etag_of
from app.infra.ids import TicketId
from app.infra.wire import Request
from app.tickets.actors import actor_of
from app.tickets.looking import ticket_read
from app.tickets.merging import merge
from app.tickets.router import WRITE_ONE
from app.tickets.schemas import TicketRead

router = edge_router("Tickets")


class MergeCreate(Request):
    """Where a ticket is to go on."""

    into: TicketId = Field(description="Another ticket of the same reseller's that has not ended.")


@router.post("/tickets/{ticket_id}/merge", dependencies=[WRITE_ONE])
async def merge_ticket(ticket_id: TicketId, body: MergeCreate, visit: CurrentVisit, response: Response) -> TicketRead:
    """Merge a ticket into another: it is closed, and what is to be done is done on the other.

    Its clocks are cancelled, but for one that is breached, which stays so; its escalations and its alarm are resolved.
    Its messages stay where they are; a new one is refused, and the refusal names the other ticket. An end customer's
    ticket is merged with another of its own only.
    """
    act = await merge(visit.session, ticket_id, body.into, actor_of(visit.principal), visit.wall)
    response.headers["ETag"] = etag_of(act.ticket)
    return await ticket_read(visit, act.ticket, act.keeper, act.now)
