"""Operations on the work that the desk does on tickets."""

from typing import Annotated

from fastapi import Query, Response

from app.auth.edge import edge_router
from app.auth.permissions import needs
from app.auth.principals import Scope
from app.auth.visit import CurrentVisit, time_of
from app.entitlements.resellers_router import reseller_visible
from app.entitlements.usage import usage_at
from app.infra.ids import ResellerId, TicketId
from app.infra.paging import PageQuery, page_of
from app.infra.wire import Page
from app.resellers.service import get_reseller
from app.tickets import work_queries
from app.tickets.act import take
from app.tickets.actors import actor_of
from app.tickets.models import WorkLog
from app.tickets.router import READ_ONE, seen_ticket, ticket_visible
from app.tickets.work import log_work
from app.tickets.work_schemas import UsageEntriesQuery, WorkLogCreate, WorkLogRead

router = edge_router("Tickets")


@router.post(
    "/tickets/{ticket_id}/work-logs", status_code=201, dependencies=[needs(Scope.STAFF, visible=ticket_visible)]
)
async def create_work_log(ticket_id: TicketId, body: WorkLogCreate, visit: CurrentVisit) -> WorkLogRead:
    """Log work on a ticket: on tasks, and on any ticket of a reseller that holds Intelligent Hands at this instant.

    The minutes are taken from the paid month of the add-on in force now. Minutes below zero correct earlier entries:
    they are given back to the months that they were taken from, the latest first, an entry for each, of which the
    first is answered. Work can be logged whether or not any minutes are left, and on a ticket that has ended.
    """
    act = await take(visit.session, ticket_id, actor_of(visit.principal), visit.wall)
    entries = await log_work(act, body)
    await act.finish()
    return WorkLogRead.model_validate(entries[0])


@router.get("/tickets/{ticket_id}/work-logs", dependencies=[READ_ONE])
async def list_work_logs(
    ticket_id: TicketId, query: Annotated[PageQuery, Query()], visit: CurrentVisit, response: Response
) -> Page[WorkLogRead]:
    """List the work that was done on a ticket, oldest first, corrections included."""
    ticket = await seen_ticket(visit, ticket_id)
    page = page_of(visit.desk.cursors, f"work-logs:{ticket_id}", query, visit.principal.reseller_id)
    rows = await work_queries.list_work(visit.session, ticket, page.after_id, query.limit + 1)
    return page.answer_by_id(rows, WorkLogRead.model_validate, response)


@router.get(
    "/resellers/{reseller_id}/usage/entries", dependencies=[needs(Scope.TICKETS_READ, visible=reseller_visible)]
)
async def list_usage_entries(
    reseller_id: ResellerId, query: Annotated[UsageEntriesQuery, Query()], visit: CurrentVisit, response: Response
) -> Page[WorkLogRead]:
    """List the work whose minutes were taken from the paid month at an instant, oldest first."""
    reseller = await get_reseller(visit.session, reseller_id)
    at = query.at or await time_of(visit.session, reseller.test_clock_id, visit.wall)
    usage = await usage_at(visit.session, reseller.id, at)
    page = page_of(visit.desk.cursors, f"usage:{reseller_id}", query, visit.principal.reseller_id)
    rows: list[WorkLog] = []
    if usage is not None:
        month = (usage.add_on_purchase_id, usage.month_starts_at)
        rows += await work_queries.list_work_of_month(visit.session, reseller.id, month, page.after_id, query.limit + 1)
    return page.answer_by_id(rows, WorkLogRead.model_validate, response)
