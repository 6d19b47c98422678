"""Operations on tickets."""

from typing import Annotated
from uuid import UUID

from fastapi import Header, Query, Response

from app.auth.edge import edge_router
from app.auth.permissions import needs, visible_by
from app.auth.principals import Scope
from app.auth.visit import CurrentVisit, Visit
from app.infra.etags import check_match, etag_of
from app.infra.ids import TicketId
from app.infra.paging import PageQuery, page_of
from app.infra.problems import NotFound
from app.infra.wire import Page
from app.tickets import queries, search
from app.tickets.act import take
from app.tickets.actors import actor_of
from app.tickets.attachment_queries import attachments_of
from app.tickets.changes import change_ticket
from app.tickets.looking import looked_at, ticket_read
from app.tickets.messages import add_message
from app.tickets.models import Ticket
from app.tickets.opening import open_ticket
from app.tickets.reading import detail_of, listed, message_of
from app.tickets.schemas import (
    HistoryRead,
    MessageCreate,
    MessageRead,
    TicketChange,
    TicketCreate,
    TicketListed,
    TicketQuery,
    TicketRead,
)

router = edge_router("Tickets")


ticket_visible = visible_by("tkt", "ticket_id", queries.find_ticket)
READ = needs(Scope.TICKETS_READ)
WRITE = needs(Scope.TICKETS_WRITE)
READ_ONE = needs(Scope.TICKETS_READ, visible=ticket_visible)
WRITE_ONE = needs(Scope.TICKETS_WRITE, visible=ticket_visible)


async def seen_ticket(visit: Visit, ticket_id: UUID) -> Ticket:
    """Return a ticket to look at.

    Raises:
        NotFound: there is no such ticket for this caller.
    """
    ticket = await queries.find_ticket(visit.session, ticket_id)
    if ticket is None:
        raise NotFound("there is no such ticket")
    return ticket


@router.post("/tickets", status_code=201, dependencies=[WRITE])
async def create_ticket(body: TicketCreate, visit: CurrentVisit, response: Response) -> TicketRead:
    """Open a ticket.

    Its clocks start at once, under what its reseller holds at this instant. A reseller's key opens tickets over
    the website; staff name the reseller, and open tickets by telephone too.
    """
    act = await open_ticket(visit.session, visit.principal, body, visit.wall)
    answer = detail_of(act.ticket, act.keeper, act.now)
    response.headers["Location"] = f"/v1/tickets/{answer.model_dump(include={'id'}, mode='json')['id']}"
    response.headers["ETag"] = etag_of(act.ticket)
    return answer


@router.get("/tickets", dependencies=[READ])
async def list_tickets(
    query: Annotated[TicketQuery, Query()], visit: CurrentVisit, response: Response
) -> Page[TicketListed]:
    """List tickets.

    Newest first, unless ``sort`` says otherwise; with ``q``, best match first. ``status``, ``priority`` and
    ``sla_status`` take several values, separated by commas.
    """
    page = page_of(visit.desk.cursors, "tickets", query, visit.principal.reseller_id)
    rows, keys = await search.list_tickets(visit.session, query, page.after, internal=visit.principal.is_staff)
    return page.answer(rows, keys, listed, response)


@router.get("/tickets/{ticket_id}", dependencies=[READ_ONE])
async def get_ticket(ticket_id: TicketId, visit: CurrentVisit, response: Response) -> TicketRead:
    """Read a ticket, with its clocks as they stand now.

    The ETag is for ``If-Match``: it names the version of what is stored. ``If-None-Match`` is not heard here, since
    the clocks go on, and may be broken, while the version stays.
    """
    ticket = await seen_ticket(visit, ticket_id)
    response.headers["ETag"] = etag_of(ticket)
    keeper, now = await looked_at(visit, ticket)
    return await ticket_read(visit, ticket, keeper, now)


@router.patch("/tickets/{ticket_id}", dependencies=[WRITE_ONE])
async def patch_ticket(
    ticket_id: TicketId,
    body: TicketChange,
    visit: CurrentVisit,
    response: Response,
    if_match: Annotated[str | None, Header()] = None,
) -> TicketRead:
    """Change a ticket: its fields, its priority, its status.

    A reseller's change of priority is kept as the priority it asked for, too. Staff give a reason to lower one.
    With ``If-Match``, a ticket that has changed since is left alone (412).
    """
    act = await take(visit.session, ticket_id, actor_of(visit.principal), visit.wall)
    check_match(act.ticket, if_match)
    await change_ticket(act, visit.principal, body)
    await act.finish()
    response.headers["ETag"] = etag_of(act.ticket)
    return await ticket_read(visit, act.ticket, act.keeper, act.now)


@router.post("/tickets/{ticket_id}/messages", status_code=201, dependencies=[WRITE_ONE])
async def create_message(ticket_id: TicketId, body: MessageCreate, visit: CurrentVisit) -> MessageRead:
    """Add a message to a ticket.

    A person's public message from the desk meets the response clocks. A customer's takes a pending ticket back to
    open and reopens a resolved one. Internal messages are the desk's own: no reseller sees them anywhere.
    """
    act = await take(visit.session, ticket_id, actor_of(visit.principal), visit.wall)
    message = await add_message(act, visit.principal, body)
    await act.finish()
    return message_of(message, (await attachments_of(visit.session, [message]))[message.id])


@router.get("/tickets/{ticket_id}/messages", dependencies=[READ_ONE])
async def list_messages(
    ticket_id: TicketId, query: Annotated[PageQuery, Query()], visit: CurrentVisit, response: Response
) -> Page[MessageRead]:
    """List a ticket's messages, oldest first."""
    ticket = await seen_ticket(visit, ticket_id)
    page = page_of(visit.desk.cursors, f"messages:{ticket_id}", query, visit.principal.reseller_id)
    rows = await queries.list_messages(
        visit.session, ticket, page.after_id, query.limit + 1, internal=visit.principal.is_staff
    )
    files = await attachments_of(visit.session, rows)
    return page.answer_by_id(rows, lambda row: message_of(row, files[row.id]), response)


@router.get("/tickets/{ticket_id}/history", dependencies=[READ_ONE])
async def list_history(
    ticket_id: TicketId, query: Annotated[PageQuery, Query()], visit: CurrentVisit, response: Response
) -> Page[HistoryRead]:
    """List what was changed of a ticket, oldest first: who, when, from what, to what."""
    ticket = await seen_ticket(visit, ticket_id)
    page = page_of(visit.desk.cursors, f"history:{ticket_id}", query, visit.principal.reseller_id)
    rows = await queries.list_history(visit.session, ticket, page.after_id, query.limit + 1)
    return page.answer_by_id(rows, HistoryRead.model_validate, response)
