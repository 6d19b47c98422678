"""Operations on contacts. They stand here because who may be one is a matter of what the reseller holds."""

from typing import Annotated

from fastapi import Query, Response

from app.auth.edge import edge_router
from app.auth.permissions import needs
from app.auth.principals import Scope
from app.auth.visit import CurrentVisit
from app.entitlements.entitlement import Feature
from app.entitlements.refusals import entitlement_required
from app.entitlements.timelines import timeline_of
from app.infra.paging import PageQuery, page_of
from app.infra.wire import Page
from app.resellers import queries
from app.resellers.schemas import ContactCreate, ContactRead
from app.resellers.service import act_for, add_contact

router = edge_router("Contacts")


@router.post("/contacts", status_code=201, dependencies=[needs(Scope.CONTACTS_WRITE)])
async def create_contact(body: ContactCreate, visit: CurrentVisit) -> ContactRead:
    """Add a contact. End customers take Branded Intelligent Hands (403 with what would give it)."""
    session = visit.session
    reseller, now = await act_for(session, visit.principal, body.reseller_id, visit.wall)
    if body.kind == "end_customer":
        entitlement = (await timeline_of(session, reseller.id, now)).in_force(now)
        if not entitlement.includes(Feature.BRANDED):
            raise await entitlement_required(session, entitlement, Feature.BRANDED, "an end customer")
    contact = await add_contact(session, reseller, body.kind, body.name, body.email, body.phone, now)
    return ContactRead.model_validate(contact)


@router.get("/contacts", dependencies=[needs(Scope.CONTACTS_READ)])
async def list_contacts(
    query: Annotated[PageQuery, Query()], visit: CurrentVisit, response: Response
) -> Page[ContactRead]:
    """List contacts, newest first."""
    principal = visit.principal
    page = page_of(visit.desk.cursors, "contacts", query, principal.reseller_id)
    whose = None if principal.is_staff else principal.reseller_id
    rows = await queries.list_contacts(visit.session, whose, page.after_id, query.limit + 1)
    return page.answer_by_id(rows, ContactRead.model_validate, response)
