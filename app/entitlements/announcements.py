"""The events of plans and add-ons."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.entitlements.models import AddOnPurchase
from app.entitlements.schemas import PlanChangeData, PurchaseRead
from app.events.kinds import EventType
from app.events.record import record
from app.resellers.models import Reseller


def announce_plan(session: AsyncSession, reseller: Reseller, plan: str, at: datetime) -> None:
    """Record that a reseller is on another plan."""
    data = PlanChangeData(reseller_id=reseller.id, plan=plan, effective_at=at)
    record(session, EventType.PLAN_CHANGED, at, {"plan_change": data}, reseller_id=reseller.id)


def announce_activated(session: AsyncSession, purchase: AddOnPurchase, at: datetime) -> None:
    """Record that an add-on came into force."""
    _record(session, EventType.ADD_ON_ACTIVATED, purchase, at)


def announce_ended(session: AsyncSession, purchase: AddOnPurchase, at: datetime) -> None:
    """Record that an add-on ended."""
    _record(session, EventType.ADD_ON_ENDED, purchase, at)


def _record(session: AsyncSession, kind: EventType, purchase: AddOnPurchase, at: datetime) -> None:
    data: dict[str, object] = {"add_on_purchase": PurchaseRead.model_validate(purchase)}
    record(session, kind, at, data, reseller_id=purchase.reseller_id)
