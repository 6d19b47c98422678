"""Operations for portals of resellers with Branded: what an end customer sees, to be shown as it is."""

from typing import Annotated

from fastapi import Query, Response

from app.auth.edge import edge_router
from app.auth.permissions import needs
from app.auth.principals import Scope
from app.auth.visit import CurrentVisit, time_of
from app.entitlements.contacts_router import contact_visible
from app.infra.ids import ContactId, TicketId
from app.infra.paging import PageQuery, page_of
from app.infra.problems import NotFound
from app.infra.wire import Page
from app.resellers.queries import find_contact_alone
from app.resellers.service import get_reseller
from app.tickets import queries
from app.tickets.attachment_queries import attachments_alone, attachments_of
from app.tickets.customer_schemas import FOR_END_CUSTOMERS, CustomerTicket, CustomerView
from app.tickets.customers import (
    admit_customer,
    attachment_shown,
    brand_of,
    customer_of,
    message_shown,
    ticket_shown,
    ticket_values,
)
from app.tickets.router import READ_ONE, seen_ticket

router = edge_router("End customers")


@router.get(
    "/contacts/{contact_id}/tickets",
    dependencies=[needs(Scope.TICKETS_READ, visible=contact_visible)],
    openapi_extra=FOR_END_CUSTOMERS,
)
async def list_customer_tickets(
    contact_id: ContactId, query: Annotated[PageQuery, Query()], visit: CurrentVisit, response: Response
) -> Page[CustomerTicket]:
    """List an end customer's tickets as it sees them, newest first.

    The number carries the brand's prefix, the status is in words. It takes Branded Intelligent Hands at this instant.
    """
    contact = await find_contact_alone(visit.session, contact_id)
    if contact is None:
        raise NotFound("there is no such contact")
    reseller = await get_reseller(visit.session, contact.reseller_id)
    now = await time_of(visit.session, reseller.test_clock_id, visit.wall)
    await admit_customer(visit.session, contact, now)
    page = page_of(visit.desk.cursors, f"customer:{contact_id}", query, visit.principal.reseller_id)
    rows = await queries.list_of_contact(visit.session, contact, page.after_id, query.limit + 1)
    return page.answer_by_id(rows, lambda row: ticket_shown(row, reseller), response)


@router.get("/tickets/{ticket_id}/customer-view", dependencies=[READ_ONE], openapi_extra=FOR_END_CUSTOMERS)
async def get_customer_view(
    ticket_id: TicketId, query: Annotated[PageQuery, Query()], visit: CurrentVisit, response: Response
) -> CustomerView:
    """Read an end customer's ticket as it sees it, with the public messages, oldest first, page by page.

    Whoever wrote for the desk or the reseller is shown as the brand; nothing of the operator's is shown. It takes
    Branded Intelligent Hands at this instant: when that ends, the tickets are for the reseller's own staff.
    """
    ticket = await seen_ticket(visit, ticket_id)
    now = await time_of(visit.session, ticket.test_clock_id, visit.wall)
    customer = await customer_of(visit.session, ticket, now)
    reseller = await get_reseller(visit.session, ticket.reseller_id)
    brand = brand_of(reseller)
    page = page_of(visit.desk.cursors, f"customer-view:{ticket_id}", query, visit.principal.reseller_id)
    rows = await queries.list_messages(visit.session, ticket, page.after_id, query.limit + 1, internal=False)
    files, name = await attachments_of(visit.session, rows), str(brand["name"])
    messages = page.answer_by_id(rows, lambda row: message_shown(row, files[row.id], customer, name), response)
    alone = await attachments_alone(visit.session, ticket, internal=False)
    more = {"brand": brand, "messages": messages, "attachments": [attachment_shown(one) for one in alone]}
    return CustomerView.model_validate(ticket_values(ticket, reseller) | more)
