"""What a reseller is owed, and the add-ons that it buys and cancels, from now on or from later."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.catalogue.models import AddOnProduct
from app.catalogue.queries import find_product
from app.entitlements import queries
from app.entitlements.announcements import announce_activated, announce_ended
from app.entitlements.facts import TermsChange
from app.entitlements.models import AddOnPurchase
from app.entitlements.months import period_end
from app.entitlements.purchasing import ends_of
from app.events.reactions import announce
from app.infra.ids import encode, new_id
from app.infra.problems import Conflict, InvalidTransition, ValidationFailed
from app.infra.wire import rfc3339
from app.resellers.models import Reseller

LIVE = frozenset({"scheduled", "active"})
_FARTHEST = timedelta(days=3660)


async def buy(
    session: AsyncSession,
    reseller: Reseller,
    product_code: str,
    starts_at: datetime,
    now: datetime,
    seen: Collection[UUID] | None = None,
) -> AddOnPurchase:
    """Buy an add-on for a reseller, which is locked, from an instant on.

    ``seen`` are the live purchases that were there when the buyer came: one made since, while it waited, won the race.

    Raises:
        ValidationFailed: there is no such product, or the instant has passed or lies too far ahead.
        Conflict: the product is in force or scheduled, another purchase starts at that instant, or one was made
            meanwhile; the problem names it.
    """
    product = await _known_product(session, product_code)
    if starts_at < now:
        raise ValidationFailed.at("/starts_at", f"a purchase starts now or later: it is {rfc3339(now)}")
    if starts_at - now > _FARTHEST:
        raise ValidationFailed.at("/starts_at", "a purchase starts within ten years")
    live = await _settled(session, reseller, now)
    for one in live:
        _refuse_beside(one, product.code, starts_at, seen)
    purchase = _purchase(reseller, product, starts_at, now)
    await _set_ends(session, sorted([*live, purchase], key=lambda one: one.starts_at))
    session.add(purchase)
    await session.flush()
    for one in (*live, purchase):
        turn(session, one, now)
    await announce(session, [TermsChange(reseller.id, reseller.test_clock_id, starts_at, "add_on.activated")])
    return purchase


def _refuse_beside(winner: AddOnPurchase, product: str, starts_at: datetime, seen: Collection[UUID] | None) -> None:
    since = rfc3339(winner.starts_at)
    if winner.product == product:
        why = f"{product} is {winner.state} already, from {since}"
    elif winner.starts_at == starts_at:
        why = f"another purchase starts at that instant: {winner.product}, {winner.state}, from {since}"
    elif seen is not None and winner.id not in seen:
        why = f"another purchase was made meanwhile: {winner.product}, {winner.state}, from {since}"
    else:
        return
    raise Conflict(f"{why} ({encode('adp', winner.id)})", add_on_purchase_id=encode("adp", winner.id))


async def cancel(
    session: AsyncSession, reseller: Reseller, purchase: AddOnPurchase, *, at_period_end: bool, now: datetime
) -> None:
    """Cancel a purchase of a reseller, which is locked: now, or at the end of the paid month.

    Raises:
        InvalidTransition: it has ended, or was cancelled before it began.
    """
    if purchase not in await _settled(session, reseller, now):
        await session.refresh(purchase)
        raise InvalidTransition(f"the purchase is {purchase.state}", current=purchase.state, allowed=[])
    purchase.cancelled_at = now
    purchase.version += 1
    trimmed = None
    if purchase.state == "scheduled":
        purchase.state = "cancelled"
    elif at_period_end:
        purchase.agreed_ends_at = period_end(purchase.starts_at, purchase.time_zone, now)
    elif purchase.starts_at >= now:
        trimmed = await _unmake(session, purchase, now)
    else:
        purchase.agreed_ends_at = purchase.ends_at = now
        turn(session, purchase, now)
    await session.flush()
    await _set_ends(session, list(await queries.live_purchases(session, reseller.id)))
    if trimmed is not None:
        announce_activated(session, trimmed, now)
    changed_at = purchase.ends_at if purchase.state == "active" and purchase.ends_at is not None else now
    await announce(session, [TermsChange(reseller.id, reseller.test_clock_id, changed_at, "add_on.ended")])


async def _unmake(session: AsyncSession, purchase: AddOnPurchase, now: datetime) -> AddOnPurchase | None:
    """Cancel a purchase at the instant at which it began: it never held. Returns what it had ended, in force again."""
    purchase.state = "cancelled"
    announce_ended(session, purchase, now)
    trimmed = await queries.lock_trimmed(session, purchase.reseller_id, purchase.starts_at)
    if trimmed is not None:
        trimmed.state = "active"
        trimmed.version += 1
    return trimmed


async def _settled(session: AsyncSession, reseller: Reseller, now: datetime) -> list[AddOnPurchase]:
    """Lock a reseller's live purchases, and let begin and end what has: a late sweep changes nothing but lateness."""
    purchases = await queries.live_purchases(session, reseller.id)
    for purchase in purchases:
        turn(session, purchase, now)
    await session.flush()
    return [purchase for purchase in purchases if purchase.state in LIVE]


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


async def _known_product(session: AsyncSession, code: str) -> AddOnProduct:
    product = await find_product(session, code)
    if product is None:
        raise ValidationFailed.at("/product", f"there is no add-on {code}: GET /v1/add-ons lists them")
    return product


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
        included_minutes=product.included_minutes,
        warn_share=product.warn_share,
        overrun_minutes=product.overrun_minutes,
        time_zone=reseller.time_zone,
        test_clock_id=reseller.test_clock_id,
        created_at=now,
    )
