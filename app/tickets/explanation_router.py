"""Operations that say why a deadline is where it is, or would be."""

from typing import Annotated

from fastapi import Query

from app.auth.edge import edge_router
from app.auth.permissions import needs
from app.auth.visit import CurrentVisit
from app.clocks.explaining import explain_clocks
from app.infra.ids import TicketId
from app.tickets.explanation_schemas import PreviewCreate, SlaPreview, TicketExplanation
from app.tickets.explanations import clock_explanation
from app.tickets.looking import looked_at
from app.tickets.previews import preview_sla
from app.tickets.router import READ_ONE, seen_ticket
from app.tickets.sla_router import SlaQuery

router = edge_router("SLA status")


@router.get("/tickets/{ticket_id}/sla/explanation", dependencies=[READ_ONE])
async def explain_ticket_sla(
    ticket_id: TicketId, query: Annotated[SlaQuery, Query()], visit: CurrentVisit
) -> TicketExplanation:
    """Read how the deadlines of a ticket come about: the latest clock of each metric, or, with ``all=true``, every one.

    The segments have no gap, and their counted seconds add up: nothing remains at the deadline. Instants are UTC;
    the paragraph speaks the local time of the desk's calendar.
    """
    ticket = await seen_ticket(visit, ticket_id)
    keeper, now = await looked_at(visit, ticket)
    told = await explain_clocks(visit.session, ticket, keeper, now, every=query.all)
    return TicketExplanation(ticket_id=ticket.id, at=now, clocks=[clock_explanation(one) for one in told])


@router.post("/sla/preview", dependencies=[needs()])
async def preview_ticket_sla(body: PreviewCreate, visit: CurrentVisit) -> SlaPreview:
    """Foretell the deadlines of a ticket that might be opened, with their explanation; nothing is stored.

    A reseller's own terms are those in force at ``opened_at``, with what is agreed for later; a plan's are those of
    the policy in force then.
    """
    return await preview_sla(visit.session, visit.principal, body)
