"""Operations on those who watch tickets."""

from typing import Annotated

from fastapi import Query, Response

from app.auth.edge import edge_router
from app.auth.visit import CurrentVisit
from app.infra.ids import TicketId, WatcherId
from app.infra.paging import PageQuery, page_of
from app.infra.wire import Page
from app.tickets.act import take
from app.tickets.actors import actor_of
from app.tickets.router import READ_ONE, WRITE_ONE, seen_ticket
from app.tickets.watcher_queries import watchers_of
from app.tickets.watcher_schemas import WatcherCreate, WatcherRead
from app.tickets.watchers import add_watcher, stop_watching

router = edge_router("Tickets")


@router.post("/tickets/{ticket_id}/watchers", status_code=201, dependencies=[WRITE_ONE])
async def create_watcher(ticket_id: TicketId, body: WatcherCreate, visit: CurrentVisit) -> WatcherRead:
    """Let a person watch a ticket: it is written to as the ticket's contact is.

    Twenty may at most. Who watches already is answered as it is. An end customer takes Branded Intelligent Hands; the
    operator's people are named by staff.
    """
    act = await take(visit.session, ticket_id, actor_of(visit.principal), visit.wall)
    watcher = await add_watcher(act, visit.principal, body)
    await act.finish()
    return WatcherRead.model_validate(watcher)


@router.get("/tickets/{ticket_id}/watchers", dependencies=[READ_ONE])
async def list_watchers(
    ticket_id: TicketId, query: Annotated[PageQuery, Query()], visit: CurrentVisit, response: Response
) -> Page[WatcherRead]:
    """List those who watch a ticket, the longest first."""
    ticket = await seen_ticket(visit, ticket_id)
    page = page_of(visit.desk.cursors, f"watchers:{ticket_id}", query, visit.principal.reseller_id)
    rows = await watchers_of(visit.session, ticket, page.after_id, query.limit + 1)
    return page.answer_by_id(rows, WatcherRead.model_validate, response)


@router.delete("/tickets/{ticket_id}/watchers/{watcher_id}", status_code=204, dependencies=[WRITE_ONE])
async def delete_watcher(ticket_id: TicketId, watcher_id: WatcherId, visit: CurrentVisit) -> None:
    """Let a person no longer watch a ticket."""
    ticket = await seen_ticket(visit, ticket_id)
    await stop_watching(visit.session, ticket, watcher_id, visit.principal)
