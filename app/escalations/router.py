"""Operations on escalations."""

from typing import Annotated

from fastapi import Query, Response

from app.auth.edge import edge_router
from app.auth.permissions import needs, visible_by
from app.auth.principals import Scope
from app.auth.visit import CurrentVisit, Visit
from app.escalations import queries
from app.escalations.models import Escalation
from app.escalations.schemas import (
    Acknowledgement,
    EscalationCreate,
    EscalationQuery,
    EscalationRead,
    read,
)
from app.escalations.service import acknowledge, escalate
from app.infra.etags import etag_of
from app.infra.ids import EscalationId, TicketId
from app.infra.paging import page_of
from app.infra.problems import MissingScope, NotFound
from app.infra.wire import Page
from app.tickets.act import take
from app.tickets.actors import actor_of
from app.tickets.router import WRITE_ONE

router = edge_router("Escalations")


escalation_visible = visible_by("esc", "escalation_id", queries.find_escalation)


async def _seen(visit: Visit, escalation_id: EscalationId) -> Escalation:
    escalation = await queries.find_escalation(visit.session, escalation_id)
    if escalation is None:
        raise NotFound("there is no such escalation")
    return escalation


@router.post("/tickets/{ticket_id}/escalations", status_code=201, dependencies=[WRITE_ONE])
async def create_escalation(
    ticket_id: TicketId, body: EscalationCreate, visit: CurrentVisit, response: Response
) -> EscalationRead:
    """Escalate a ticket by hand.

    The first unresolved escalation by hand calls the account manager, the next the technical director; a third is
    refused (409). It is resolved with the ticket. Level 1 has no escalation (403, with what would give it).
    """
    act = await take(visit.session, ticket_id, actor_of(visit.principal), visit.wall)
    escalation = await escalate(act, body.reason)
    await act.finish()
    response.headers["ETag"] = etag_of(escalation)
    return read(escalation)


@router.get("/escalations", dependencies=[needs(Scope.TICKETS_READ)])
async def list_escalations(
    query: Annotated[EscalationQuery, Query()], visit: CurrentVisit, response: Response
) -> Page[EscalationRead]:
    """List escalations, newest first."""
    page = page_of(visit.desk.cursors, "escalations", query, visit.principal.reseller_id)
    rows = await queries.list_escalations(
        visit.session,
        page.after_id,
        query.limit + 1,
        state=query.state,
        ticket_id=query.ticket_id,
        role=query.role,
    )
    return page.answer_by_id(rows, read, response)


@router.get("/escalations/{escalation_id}", dependencies=[needs(Scope.TICKETS_READ, visible=escalation_visible)])
async def get_escalation(escalation_id: EscalationId, visit: CurrentVisit, response: Response) -> EscalationRead:
    """Read an escalation."""
    escalation = await _seen(visit, escalation_id)
    response.headers["ETag"] = etag_of(escalation)
    return read(escalation)


@router.post(
    "/escalations/{escalation_id}/acknowledge",
    dependencies=[needs(Scope.ESCALATIONS_WRITE, visible=escalation_visible)],
)
async def acknowledge_escalation(
    escalation_id: EscalationId, body: Acknowledgement, visit: CurrentVisit, response: Response
) -> EscalationRead:
    """Acknowledge an escalation: a person has taken it in hand.

    The ladder of its clock calls nobody for `acknowledge_for` (30 minutes for `immediate`, otherwise one target,
    counted as the clock counts). If the clock is still unmet then, the escalation is open again and the steps that
    fell due meanwhile are raised, in order. It withholds calls, never the breach.
    """
    if not visit.principal.is_staff:
        raise MissingScope("escalations are acknowledged by the operator's people", scope=str(Scope.ESCALATIONS_WRITE))
    ticket_id = (await _seen(visit, escalation_id)).ticket_id
    act = await take(visit.session, ticket_id, actor_of(visit.principal), visit.wall)
    escalation = await _seen(visit, escalation_id)
    await acknowledge(act, escalation, body.by or act.actor.name, body.note)
    await act.finish()
    response.headers["ETag"] = etag_of(escalation)
    return read(escalation)
