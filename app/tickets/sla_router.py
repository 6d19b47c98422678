"""Operations on where tickets stand."""

from typing import Annotated

from fastapi import Query, Response

from app.auth.edge import edge_router
from app.auth.permissions import needs
from app.auth.principals import Scope
from app.auth.visit import CurrentVisit, Visit
from app.clocks.service import every_clock
from app.infra.ids import TicketId
from app.infra.paging import page_of
from app.infra.wire import Page, Request
from app.tickets import search
from app.tickets.act import take
from app.tickets.actors import actor_of
from app.tickets.looking import looked_at
from app.tickets.models import Ticket
from app.tickets.reading import clock_of, listed, sla_of, ticket_sla
from app.tickets.router import READ, READ_ONE, seen_ticket, ticket_visible
from app.tickets.schemas import TicketListed
from app.tickets.sla_schemas import BreachVoid, SlaCount, SlaCounts, SlaStatusQuery, TicketSla
from app.tickets.voiding import void_breach

router = edge_router("SLA status")
STAFF_ONE = needs(Scope.STAFF, visible=ticket_visible)


class SlaQuery(Request):
    """How much of a ticket's SLA to show."""

    all: bool = False


@router.get("/tickets/{ticket_id}/sla", dependencies=[READ_ONE])
async def get_ticket_sla(ticket_id: TicketId, query: Annotated[SlaQuery, Query()], visit: CurrentVisit) -> TicketSla:
    """Read where a ticket stands: the latest clock of each metric, or, with ``all=true``, every one it ever had.

    It is reckoned at this instant, so it is right even where the sweep is late.
    """
    return await _standing(visit, await seen_ticket(visit, ticket_id), every=query.all)


@router.post("/tickets/{ticket_id}/sla/void", dependencies=[STAFF_ONE])
async def void_ticket_breach(ticket_id: TicketId, body: BreachVoid, visit: CurrentVisit) -> TicketSla:
    """Void the breach of a clock.

    It stays a fact: state and times are as they were. That it was voided, by whom and why stands beside it and in
    the ticket's history.
    """
    act = await take(visit.session, ticket_id, actor_of(visit.principal), visit.wall)
    await void_breach(act, body.clock_id, body.reason)
    await act.finish()
    return ticket_sla(act.ticket, sla_of(act.keeper, act.now))


async def _standing(visit: Visit, ticket: Ticket, *, every: bool) -> TicketSla:
    keeper, now = await looked_at(visit, ticket)
    sla = sla_of(keeper, now)
    if not every:
        return ticket_sla(ticket, sla)
    ladder = keeper.entitlement.policy.ladder(keeper.entitlement.level)
    earlier = await every_clock(visit.session, ticket)
    clocks = [clock_of(keeper.find(kept.id) or kept, ladder, now) for kept in earlier]
    return ticket_sla(ticket, sla, clocks)


@router.get("/sla-status", dependencies=[READ])
async def list_sla_status(
    query: Annotated[SlaStatusQuery, Query()], visit: CurrentVisit, response: Response
) -> Page[TicketListed]:
    """List the tickets at work by urgency, the next to fall due first."""
    page = page_of(visit.desk.cursors, "sla-status", query, visit.principal.reseller_id)
    rows, keys = await search.list_urgent(visit.session, query, page.after)
    return page.answer(rows, keys, listed, response)


@router.get("/sla-status/summary", dependencies=[READ])
async def get_sla_summary(visit: CurrentVisit) -> SlaCounts:
    """Count the tickets at work by SLA status and priority."""
    counts = [
        SlaCount.model_validate({"sla_status": row[0], "priority": row[1], "count": row[2]})
        for row in await search.count_open(visit.session)
    ]
    return SlaCounts(total=sum(count.count for count in counts), counts=counts)
