"""Operations on what a reseller is owed, and on add-on purchases."""

from typing import Annotated

from fastapi import Query, Response

from app.auth.edge import edge_router
from app.auth.permissions import needs, visible_by
from app.auth.principals import Principal, Scope
from app.auth.visit import CurrentVisit, Visit, time_of
from app.catalogue.hours import hours_of
from app.catalogue.queries import list_levels
from app.entitlements import queries
from app.entitlements.entitlement import Entitlement
from app.entitlements.models import AddOnPurchase
from app.entitlements.schemas import (
    EntitlementQuery,
    EntitlementRead,
    KeyRead,
    PurchaseCancel,
    PurchaseCreate,
    PurchaseRead,
    TargetRead,
    WhoAmI,
)
from app.entitlements.service import buy, cancel
from app.entitlements.timelines import timeline_of
from app.entitlements.usage import usage_at
from app.infra.etags import etag_of
from app.infra.ids import PurchaseId, ResellerId
from app.infra.paging import PageQuery, page_of
from app.infra.problems import NotFound, ValidationFailed
from app.infra.wire import Instant, Page
from app.resellers.models import Reseller
from app.resellers.service import act_for, get_reseller

router = edge_router("Entitlements")


purchase_visible = visible_by("adp", "purchase_id", queries.find_purchase)


@router.get("/me", dependencies=[needs()])
async def who_am_i(visit: CurrentVisit) -> WhoAmI:
    """Read whose key this is: the reseller, its plan and level, the scopes."""
    principal = visit.principal
    reseller = await get_reseller(visit.session, principal.reseller_id)
    now = await time_of(visit.session, reseller.test_clock_id, visit.wall)
    held = (await timeline_of(visit.session, reseller.id, now)).at(now)
    return WhoAmI(
        role=principal.role.value,
        reseller_id=reseller.id,
        reseller=reseller.name,
        plan=held.plan.code if held else None,
        level=held.level if held else None,
        key=_key(principal),
        scopes=sorted(Scope(scope) for scope in principal.scopes),
        now=now,
    )


def _key(principal: Principal) -> KeyRead:
    shown = principal.key
    return KeyRead(
        id=principal.key_id,
        reseller_id=principal.reseller_id,
        name=principal.key_name,
        role=principal.role.value,
        scopes=sorted(Scope(scope) for scope in principal.scopes),
        hint=shown.hint,
        expires_at=shown.expires_at,
        last_used_at=shown.last_used_at,
        created_at=shown.created_at,
    )


@router.get("/resellers/{reseller_id}/entitlement", dependencies=[needs()])
async def get_entitlement(
    reseller_id: ResellerId, query: Annotated[EntitlementQuery, Query()], visit: CurrentVisit
) -> EntitlementRead:
    """Read what a reseller is owed at an instant, past, present or agreed for later, and where it comes from.

    A reseller may read its own with any key, the operator others' with the scope `staff`.
    """
    reseller = await get_reseller(visit.session, reseller_id)
    visit.principal.require_staff_for(reseller.id)
    at = query.at or await time_of(visit.session, reseller.test_clock_id, visit.wall)
    held = (await timeline_of(visit.session, reseller.id, at)).at(at)
    if held is None:
        raise ValidationFailed.at("/at", "the reseller was on no plan then")
    return await _read(visit, reseller, held, at)


async def _read(visit: Visit, reseller: Reseller, held: Entitlement, at: Instant) -> EntitlementRead:
    level = next(row for row in await list_levels(visit.session) if row.level == held.level)
    calendar_id, calendar = held.policy.calendar(held.level)
    return EntitlementRead(
        reseller_id=reseller.id,
        at=at,
        plan=held.plan.code,
        level=held.level,
        level_code=level.code,
        source=held.source,
        hours=hours_of(calendar),
        calendar_id=calendar_id,
        channels=[*level.channels, *(["telephone"] if held.telephone else [])],
        telephone=held.telephone,
        branded=level.branded,
        may_escalate=level.may_escalate,
        task_tickets=level.task_tickets,
        sla_policy_id=held.policy.id,
        targets=[
            TargetRead.model_validate(
                {"metric": metric, "priority": priority, "target": target.span, "counting": target.counting}
            )
            for (of_level, priority, metric), target in held.policy.policy.targets.items()
            if of_level == held.level
        ],
        add_on_purchase_id=held.add_on.purchase_id if held.add_on else None,
        usage=await usage_at(visit.session, reseller.id, at),
    )


@router.post("/add-on-purchases", status_code=201, dependencies=[needs(Scope.ADDONS_WRITE)])
async def create_purchase(body: PurchaseCreate, visit: CurrentVisit, response: Response) -> PurchaseRead:
    """Buy an add-on, from now on or from an instant on, at the price that holds now.

    Another product replaces the one in force from the instant it starts. Live deadlines follow the level. Of two
    purchases at once one is made; the other is a conflict that names it.
    """
    seen = await queries.live_ids(visit.session, body.reseller_id or visit.principal.reseller_id)
    reseller, now = await act_for(visit.session, visit.principal, body.reseller_id, visit.wall, exclusive=True)
    purchase = await buy(visit.session, reseller, body.product, body.starts_at or now, now, seen)
    response.headers["ETag"] = etag_of(purchase)
    return PurchaseRead.model_validate(purchase)


@router.get("/add-on-purchases", dependencies=[needs(Scope.ADDONS_READ)])
async def list_purchases(
    query: Annotated[PageQuery, Query()], visit: CurrentVisit, response: Response
) -> Page[PurchaseRead]:
    """List add-on purchases, newest first."""
    principal = visit.principal
    page = page_of(visit.desk.cursors, "purchases", query, principal.reseller_id)
    whose = None if principal.is_staff else principal.reseller_id
    rows = await queries.list_purchases(visit.session, whose, page.after_id, query.limit + 1)
    return page.answer_by_id(rows, PurchaseRead.model_validate, response)


async def _seen(visit: Visit, purchase_id: PurchaseId) -> AddOnPurchase:
    purchase = await queries.find_purchase(visit.session, purchase_id)
    if purchase is None:
        raise NotFound("there is no such purchase")
    return purchase


@router.get("/add-on-purchases/{purchase_id}", dependencies=[needs(Scope.ADDONS_READ, visible=purchase_visible)])
async def get_purchase(purchase_id: PurchaseId, visit: CurrentVisit, response: Response) -> PurchaseRead:
    """Read an add-on purchase."""
    purchase = await _seen(visit, purchase_id)
    response.headers["ETag"] = etag_of(purchase)
    return PurchaseRead.model_validate(purchase)


@router.post(
    "/add-on-purchases/{purchase_id}/cancel", dependencies=[needs(Scope.ADDONS_WRITE, visible=purchase_visible)]
)
async def cancel_purchase(
    purchase_id: PurchaseId, body: PurchaseCancel, visit: CurrentVisit, response: Response
) -> PurchaseRead:
    """Cancel a purchase: now, or at the end of the paid month. One that has not begun is cancelled whole."""
    reseller_id = (await _seen(visit, purchase_id)).reseller_id
    named = reseller_id if visit.principal.is_staff else None
    reseller, now = await act_for(visit.session, visit.principal, named, visit.wall, exclusive=True)
    purchase = await _seen(visit, purchase_id)
    await cancel(visit.session, reseller, purchase, at_period_end=body.at == "period_end", now=now)
    response.headers["ETag"] = etag_of(purchase)
    return PurchaseRead.model_validate(purchase)
