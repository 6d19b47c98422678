"""Operations on contacts. They stand here because who may be one is a matter of what the reseller holds."""

from typing import Annotated

from fastapi import Header, Query, Response

from app.auth.edge import edge_router
from app.auth.permissions import needs, visible_by
from app.auth.principals import Scope
from app.auth.visit import CurrentVisit
from app.entitlements.entitlement import Feature
from app.entitlements.refusals import entitlement_required
from app.entitlements.timelines import timeline_of
from app.infra.etags import check_match, check_none_match, etag_of
from app.infra.ids import ContactId
from app.infra.paging import PageQuery, page_of
from app.infra.problems import NotFound
from app.infra.wire import Page
from app.resellers import queries
from app.resellers.schemas import ContactChange, ContactCreate, ContactRead, contact_of
from app.resellers.service import act_for, add_contact, change_contact

router = edge_router("Contacts")
contact_visible = visible_by("ctc", "contact_id", queries.find_contact_alone)


@router.post("/contacts", status_code=201, dependencies=[needs(Scope.CONTACTS_WRITE)])
async def create_contact(body: ContactCreate, visit: CurrentVisit, response: Response) -> ContactRead:
    """Add a contact. End customers take Branded Intelligent Hands (403 with what would give it)."""
    session = visit.session
    reseller, now = await act_for(session, visit.principal, body.reseller_id, visit.wall)
    if body.kind == "end_customer":
        entitlement = (await timeline_of(session, reseller.id, now)).in_force(now)
        if not entitlement.includes(Feature.BRANDED):
            raise await entitlement_required(session, entitlement, Feature.BRANDED, "an end customer")
    contact = await add_contact(session, reseller, body.kind, body.name, body.email, body.phone, now)
    response.headers["ETag"] = etag_of(contact)
    return contact_of(contact)


@router.get("/contacts", dependencies=[needs(Scope.CONTACTS_READ)])
async def list_contacts(
    query: Annotated[PageQuery, Query()], visit: CurrentVisit, response: Response
) -> Page[ContactRead]:
    """List contacts, newest first."""
    principal = visit.principal
    page = page_of(visit.desk.cursors, "contacts", query, principal.reseller_id)
    whose = None if principal.is_staff else principal.reseller_id
    rows = await queries.list_contacts(visit.session, whose, page.after_id, query.limit + 1)
    return page.answer_by_id(rows, contact_of, response)


@router.get("/contacts/{contact_id}", dependencies=[needs(Scope.CONTACTS_READ, visible=contact_visible)])
async def get_contact(
    contact_id: ContactId,
    visit: CurrentVisit,
    response: Response,
    if_none_match: Annotated[str | None, Header()] = None,
) -> ContactRead:
    """Read a contact."""
    contact = await queries.find_contact_alone(visit.session, contact_id)
    if contact is None:
        raise NotFound("there is no such contact")
    check_none_match(contact, if_none_match)
    response.headers["ETag"] = etag_of(contact)
    return contact_of(contact)


@router.patch("/contacts/{contact_id}", dependencies=[needs(Scope.CONTACTS_WRITE, visible=contact_visible)])
async def patch_contact(
    contact_id: ContactId,
    body: ContactChange,
    visit: CurrentVisit,
    response: Response,
    if_match: Annotated[str | None, Header()] = None,
) -> ContactRead:
    """Change a contact: its name, how it is reached, what it is sent.

    Mail to an address that fails for good is suspended; `mail_suspended` false lifts that, and so does another
    address. With `If-Match`, a contact that has changed since is left alone (412).
    """
    contact = await queries.lock_contact(visit.session, contact_id)
    if contact is None:
        raise NotFound("there is no such contact")
    check_match(contact, if_match)
    await change_contact(visit.session, contact, body)
    response.headers["ETag"] = etag_of(contact)
    return contact_of(contact)
