"""What a reseller is owed: reading it, and changing it from now on or from later."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.catalogue.models import AddOnProduct
from app.catalogue.queries import find_plan, find_product
from app.entitlements import queries
from app.entitlements.announcements import announce_activated, announce_ended, announce_plan
from app.entitlements.facts import TermsChange
from app.entitlements.models import AddOnPurchase, PlanPeriod
from app.entitlements.months import period_end
from app.entitlements.purchasing import ends_of
from app.entitlements.timelines import timeline_of
from app.events.reactions import announce
from app.infra.ids import new_id
from app.infra.problems import Conflict, InvalidTransition, ValidationFailed
from app.resellers.models import Reseller


async def begin_plan(session: AsyncSession, reseller: Reseller, plan: str, now: datetime) -> None:
    """Put a new reseller on its first plan."""
    await _known_plan(session, plan)
    session.add(_period(reseller, plan, now, None, now, announced=True))
    await session.flush()
    if reseller.test_clock_id is not None:  # what is already published for later takes effect by this clock's time
        for held in (await timeline_of(session, reseller.id, now)).policies:
            if held.starts_at is not None and held.starts_at > now:
                cause = (held.starts_at, "sla_policy.published", held.value.id)
                await announce(session, [TermsChange(reseller.id, reseller.test_clock_id, *cause)])


async def change_plan(
    session: AsyncSession, reseller: Reseller, plan: str, effective_at: datetime, now: datetime
) -> None:
    """Put a reseller, which is locked, on another plan from an instant on.

    Raises:
        ValidationFailed: there is no such plan, or the instant has passed.
        Conflict: the reseller is, or will be, on that plan then, or another change is set for that instant.
    """
    await _known_plan(session, plan)
    if effective_at < now:
        raise ValidationFailed.at(
            "/effective_at", f"the past does not change: it is {now.isoformat()} for this reseller"
        )
    covering = await queries.period_covering(session, reseller.id, effective_at)
    later = await queries.periods_from(session, reseller.id, effective_at)
    if covering is not None and covering.plan == plan:
        raise Conflict(f"the plan at that instant is {plan} already")
    if any(period.starts_at == effective_at and not period.announced for period in later):
        raise Conflict("another change of plan is set for that instant")
    if covering is not None and covering.starts_at == effective_at:
        covering.plan = plan  # nothing of the old plan lasted
    else:
        following = next((period.starts_at for period in later), None)
        if covering is not None:
            covering.ends_at = effective_at
            await session.flush()
        session.add(_period(reseller, plan, effective_at, following, now, announced=effective_at <= now))
    await session.flush()
    if effective_at <= now:
        announce_plan(session, reseller, plan, effective_at)
    await announce(session, [TermsChange(reseller.id, reseller.test_clock_id, effective_at, "plan.changed")])


async def buy(
    session: AsyncSession, reseller: Reseller, product_code: str, starts_at: datetime, now: datetime
) -> AddOnPurchase:
    """Buy an add-on for a reseller, which is locked, from an instant on.

    Raises:
        ValidationFailed: there is no such product, or the instant has passed.
        Conflict: the product is in force or scheduled, or another purchase starts at that instant.
    """
    product = await _known_product(session, product_code)
    if starts_at < now:
        raise ValidationFailed.at("/starts_at", f"a purchase starts now or later: it is {now.isoformat()}")
    live = list(await queries.live_purchases(session, reseller.id))
    if (winner := next((one for one in live if one.product == product.code), None)) is not None:
        raise Conflict(f"{product.code} is {winner.state} already, from {winner.starts_at.isoformat()}")
    if any(one.starts_at == starts_at for one in live):
        raise Conflict("another purchase starts at that instant")
    purchase = _purchase(reseller, product, starts_at, now)
    await _set_ends(session, sorted([*live, purchase], key=lambda one: one.starts_at))
    session.add(purchase)
    await session.flush()
    for one in (*live, purchase):
        turn(session, one, now)
    await announce(session, [TermsChange(reseller.id, reseller.test_clock_id, starts_at, "add_on.activated")])
    return purchase


async def cancel(
    session: AsyncSession, reseller: Reseller, purchase: AddOnPurchase, *, at_period_end: bool, now: datetime
) -> None:
    """Cancel a purchase of a reseller, which is locked: now, or at the end of the paid month.

    Raises:
        InvalidTransition: it has ended, or was cancelled before it began.
    """
    if purchase.state not in {"scheduled", "active"}:
        raise InvalidTransition(f"the purchase is {purchase.state}", current=purchase.state, allowed=[])
    purchase.cancelled_at = now
    purchase.version += 1
    trimmed = None
    if purchase.state == "scheduled":
        purchase.state = "cancelled"
    elif not at_period_end and purchase.starts_at == now:
        trimmed = await _unmake(session, purchase, now)
    else:
        purchase.agreed_ends_at = period_end(purchase.starts_at, reseller.time_zone, now) if at_period_end else now
    await session.flush()
    await _set_ends(session, list(await queries.live_purchases(session, reseller.id)))
    turn(session, purchase, now)
    if trimmed is not None:
        announce_activated(session, trimmed, now)
    changed_at = purchase.ends_at if purchase.state == "active" and purchase.ends_at is not None else now
    await announce(session, [TermsChange(reseller.id, reseller.test_clock_id, changed_at, "add_on.ended")])


async def _unmake(session: AsyncSession, purchase: AddOnPurchase, now: datetime) -> AddOnPurchase | None:
    """Cancel a purchase at the instant at which it began: it never held. Returns what it had ended, in force again."""
    purchase.state = "cancelled"
    announce_ended(session, purchase, now)
    trimmed = await queries.lock_trimmed(session, purchase.reseller_id, now)
    if trimmed is not None:
        trimmed.state = "active"
        trimmed.version += 1
    return trimmed


def turn(session: AsyncSession, purchase: AddOnPurchase, now: datetime) -> None:
    """Let a purchase begin or end where its instant has come, and record each at that instant."""
    if purchase.state == "scheduled" and purchase.starts_at <= now:
        purchase.state = "active"
        purchase.version += 1
        announce_activated(session, purchase, purchase.starts_at)
    if purchase.state == "active" and purchase.ends_at is not None and purchase.ends_at <= now:
        purchase.state = "ended"
        purchase.version += 1
        announce_ended(session, purchase, purchase.ends_at)


async def _set_ends(session: AsyncSession, ordered: list[AddOnPurchase]) -> None:
    for purchase, ends_at in zip(ordered, ends_of(ordered), strict=True):
        if purchase.ends_at != ends_at:
            purchase.ends_at = ends_at
            purchase.version += 1
    # Trims before extensions: the constraint that forbids an overlap looks at each row as it is written.
    await session.flush()


async def _known_plan(session: AsyncSession, code: str) -> None:
    if await find_plan(session, code) is None:
        raise ValidationFailed.at("/plan", f"there is no plan {code}: GET /v1/plans lists them")


async def _known_product(session: AsyncSession, code: str) -> AddOnProduct:
    product = await find_product(session, code)
    if product is None:
        raise ValidationFailed.at("/product", f"there is no add-on {code}: GET /v1/add-ons lists them")
    return product


def _period(
    reseller: Reseller, plan: str, starts_at: datetime, ends_at: datetime | None, now: datetime, *, announced: bool
) -> PlanPeriod:
    assert reseller.number is not None
    return PlanPeriod(
        reseller_id=reseller.id,
        id=new_id(),
        reseller_number=reseller.number,
        plan=plan,
        starts_at=starts_at,
        ends_at=ends_at,
        announced=announced,
        test_clock_id=reseller.test_clock_id,
        created_at=now,
    )


def _purchase(reseller: Reseller, product: AddOnProduct, starts_at: datetime, now: datetime) -> AddOnPurchase:
    assert reseller.number is not None
    return AddOnPurchase(
        reseller_id=reseller.id,
        id=new_id(),
        reseller_number=reseller.number,
        product=product.code,
        state="scheduled",
        starts_at=starts_at,
        price_minor=product.price_minor,
        currency=product.currency,
        test_clock_id=reseller.test_clock_id,
        created_at=now,
    )
