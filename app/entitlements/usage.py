"""The minutes of a reseller's paid months: reading them, taking from them, and refusing what they no longer cover."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.catalogue.models import AddOnProduct
from app.catalogue.queries import list_products
from app.entitlements import queries
from app.entitlements.entitlement import Timeline
from app.entitlements.minutes import Allowance
from app.entitlements.models import AddOnPurchase
from app.entitlements.months import Month, month_of
from app.entitlements.schemas import Usage, UsageData
from app.events.kinds import EventType
from app.events.record import record
from app.infra.problems import MinutesExhausted
from app.infra.wire import rfc3339


async def usage_at(session: AsyncSession, reseller_id: UUID, at: datetime) -> Usage | None:
    """Return how the paid month at an instant stands; None where no add-on is in force then."""
    purchase = await queries.purchase_covering(session, reseller_id, at)
    if purchase is None:
        return None
    month = month_of(purchase.starts_at, purchase.time_zone, at)
    row = await queries.find_month(session, reseller_id, purchase.id, month.starts_at)
    return _usage(purchase, month, row.used_minutes if row else 0)


async def take_minutes(
    session: AsyncSession, reseller_id: UUID, purchase_id: UUID, month_starts_at: datetime, minutes: int, at: datetime
) -> None:
    """Take minutes from a paid month, or, below zero, give them back; warn once a month where a mark is reached."""
    purchase = await queries.find_purchase(session, purchase_id)
    assert purchase is not None, "purchases are never deleted"
    month = month_of(purchase.starts_at, purchase.time_zone, month_starts_at)
    row = await queries.lock_month(session, reseller_id, purchase_id, month)
    row.used_minutes += minutes
    for mark in allowance_of(purchase).marks(row.used_minutes):
        if mark == "warning" and row.warned_at is None:
            row.warned_at = at
            _tell(session, EventType.USAGE_WARNING, purchase, month, row.used_minutes, at)
        elif mark == "exhausted" and row.exhausted_at is None:
            row.exhausted_at = at
            _tell(session, EventType.USAGE_EXHAUSTED, purchase, month, row.used_minutes, at)
    await session.flush()


async def refuse_if_exhausted(
    session: AsyncSession, timeline: Timeline, reseller_id: UUID, now: datetime, what: str
) -> None:
    """Refuse what waits for minutes where the present month has none.

    Raises:
        MinutesExhausted: it has none; the problem says when the next month begins, and what would give more.
    """
    usage = await usage_at(session, reseller_id, now)
    if usage is None or usage.state != "exhausted":
        return
    more = [product.code for product in await list_products(session) if _gives_more(product, usage)]
    begins = await _next_month(session, timeline, reseller_id, usage, now)
    waits = f"it can be asked for again from {rfc3339(begins)}" if begins else "no further month is agreed"
    raise MinutesExhausted(
        f"{usage.used_minutes} minutes are used, {usage.included_minutes} are included and {usage.overrun_minutes}"
        f" may be used beyond them: {what} is not taken, {waits}. An immediate ticket always is."
        f" What gives more: {', '.join(more) or 'nothing that is sold'}.",
        used_minutes=usage.used_minutes,
        included_minutes=usage.included_minutes,
        overrun_minutes=usage.overrun_minutes,
        next_month_starts_at=None if begins is None else rfc3339(begins),
        products=more,
    )


async def _next_month(
    session: AsyncSession, timeline: Timeline, reseller_id: UUID, usage: Usage, now: datetime
) -> datetime | None:
    """Return when the next paid month begins: this purchase's, or the first of the one that follows it."""
    purchase = await queries.purchase_covering(session, reseller_id, now)
    ends_at = purchase.ends_at if purchase else None
    begins = usage.month_ends_at if ends_at is None else min(usage.month_ends_at, ends_at)
    held = timeline.at(begins)
    return begins if held is not None and held.add_on is not None else None


def _gives_more(product: AddOnProduct, usage: Usage) -> bool:
    return product.code != usage.product and allowance_of(product).state(0) != "exhausted"


def allowance_of(sold: AddOnProduct | AddOnPurchase) -> Allowance:
    """Return what a month of a product, or of a purchase of it, includes."""
    return Allowance(sold.included_minutes, sold.warn_share, sold.overrun_minutes)


def _usage(purchase: AddOnPurchase, month: Month, used: int) -> Usage:
    allowance = allowance_of(purchase)
    return Usage(
        add_on_purchase_id=purchase.id,
        product=purchase.product,
        month_starts_at=month.starts_at,
        month_ends_at=month.ends_at,
        included_minutes=allowance.included,
        used_minutes=used,
        left_minutes=allowance.left(used),
        overrun_minutes=allowance.overrun,
        state=allowance.state(used),
    )


def _tell(
    session: AsyncSession, kind: EventType, purchase: AddOnPurchase, month: Month, used: int, at: datetime
) -> None:
    usage = UsageData(reseller_id=purchase.reseller_id, **_usage(purchase, month, used).model_dump())
    record(session, kind, at, {"usage": usage}, reseller_id=purchase.reseller_id)
