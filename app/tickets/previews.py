"""Whose terms a preview goes by: a reseller's, with all that is agreed for later, or those of a plan and an add-on."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.principals import Principal
from app.catalogue.editions import policy_at
from app.catalogue.queries import find_plan, find_product
from app.clocks.previewing import preview
from app.entitlements.entitlement import AddOnHeld, Held, PlanHeld, Timeline
from app.entitlements.timelines import timeline_of
from app.infra.problems import ValidationFailed
from app.resellers.service import get_reseller
from app.sla.errors import OutOfRange
from app.tickets.explanation_schemas import PreviewCreate, SlaPreview
from app.tickets.explanations import clock_preview


async def preview_sla(session: AsyncSession, principal: Principal, wanted: PreviewCreate) -> SlaPreview:
    """Foretell the promises of a ticket that might be opened; nothing is stored.

    Raises:
        ValidationFailed: it is not clear whose terms are meant, or there are none at that instant.
        NotFound: a reseller's key names another's.
    """
    reseller_id, timeline = await _terms_meant(session, principal, wanted)
    held = timeline.at(wanted.opened_at)
    if held is None:
        raise ValidationFailed.at("/opened_at", "the reseller was on no plan then")
    try:
        found = await preview(session, principal.reseller_id, timeline, wanted.priority, wanted.opened_at)
    except (OutOfRange, OverflowError):
        raise ValidationFailed.at("/opened_at", "a deadline would lie outside the years 1 to 9999") from None
    clocks = [clock_preview(one) for one in found if wanted.metric in {None, one.kept.clock.metric}]
    return SlaPreview(
        reseller_id=reseller_id,
        plan=held.plan.code,
        level=held.level,
        priority=wanted.priority,
        opened_at=wanted.opened_at,
        clocks=clocks,
    )


async def _terms_meant(
    session: AsyncSession, principal: Principal, wanted: PreviewCreate
) -> tuple[UUID | None, Timeline]:
    if wanted.plan is not None:
        if wanted.reseller_id is not None:
            raise ValidationFailed.at("/plan", "a reseller's plan is known: name the one or the other")
        return None, await _of_plan(session, principal.test_clock_id, wanted.plan, wanted.add_on, wanted.opened_at)
    if wanted.add_on is not None:
        raise ValidationFailed.at("/add_on", "an add-on is held on a plan: name the plan too")
    if wanted.reseller_id is None and principal.is_staff:
        raise ValidationFailed.at("/reseller_id", "name a reseller or a plan")
    reseller = await get_reseller(session, wanted.reseller_id or principal.reseller_id)
    if reseller.is_operator:
        raise ValidationFailed.at("/reseller_id", "there is no such reseller")
    return reseller.id, await timeline_of(session, reseller.id, wanted.opened_at)


async def _of_plan(
    session: AsyncSession, test_clock_id: UUID | None, plan_code: str, product_code: str | None, at: datetime
) -> Timeline:
    plan = await find_plan(session, plan_code)
    if plan is None:
        raise ValidationFailed.at("/plan", f"there is no plan {plan_code}: GET /v1/plans lists them")
    policy = await policy_at(session, test_clock_id, at)
    return Timeline(
        [Held(PlanHeld(plan.code, plan.level), None)], await _held(session, product_code), [Held(policy, None)]
    )


async def _held(session: AsyncSession, code: str | None) -> list[Held[AddOnHeld]]:
    if code is None:
        return []
    product = await find_product(session, code)
    if product is None:
        raise ValidationFailed.at("/add_on", f"there is no add-on {code}: GET /v1/add-ons lists them")
    return [Held(AddOnHeld(UUID(int=0), product.code, product.level, product.telephone), None)]
