"""All SQL of webhook endpoints and deliveries."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.resellers.models import Reseller
from app.webhooks.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint


async def find_endpoint(session: AsyncSession, endpoint_id: UUID) -> WebhookEndpoint | None:
    """Find an endpoint by its id alone; under a tenant only its own are there."""
    query = select(WebhookEndpoint).where(col(WebhookEndpoint.id) == endpoint_id)
    return (await session.scalars(query)).first()


async def lock_endpoint(session: AsyncSession, endpoint_id: UUID) -> WebhookEndpoint | None:
    """Lock an endpoint and read it anew; one that was removed meanwhile is not found."""
    query = select(WebhookEndpoint).where(col(WebhookEndpoint.id) == endpoint_id).with_for_update()
    return (await session.scalars(query.execution_options(populate_existing=True))).first()


async def list_endpoints(
    session: AsyncSession, reseller_id: UUID | None, after: UUID | None, limit: int
) -> Sequence[WebhookEndpoint]:
    """List endpoints, newest first."""
    query = select(WebhookEndpoint).order_by(col(WebhookEndpoint.id).desc()).limit(limit)
    if reseller_id is not None:
        query = query.where(col(WebhookEndpoint.reseller_id) == reseller_id)
    if after is not None:
        query = query.where(col(WebhookEndpoint.id) < after)
    return (await session.scalars(query)).all()


async def endpoints_hearing(
    session: AsyncSession, reseller_ids: Sequence[UUID]
) -> Sequence[tuple[WebhookEndpoint, bool]]:
    """List the endpoints of these resellers and of the operator; True for the operator's."""
    query = (
        select(WebhookEndpoint, col(Reseller.is_operator))
        .join(Reseller, col(Reseller.id) == col(WebhookEndpoint.reseller_id))
        .where(or_(col(WebhookEndpoint.reseller_id).in_(reseller_ids), col(Reseller.is_operator)))
        .order_by(col(WebhookEndpoint.id))
    )
    return [(row[0], row[1]) for row in (await session.execute(query)).all()]


async def published_keys(
    session: AsyncSession, endpoint_id: UUID, wall: datetime
) -> list[tuple[str, datetime | None]] | None:
    """Return an endpoint's live public keys, newest first, whoever asks; None where there is no such endpoint."""
    query = text("select public_key, expires_at from published_webhook_keys(:endpoint, :wall)")
    rows = (await session.execute(query, {"endpoint": endpoint_id, "wall": wall})).all()
    return [(row[0], row[1]) for row in rows if row[0] is not None] if rows else None


async def find_delivery(session: AsyncSession, delivery_id: UUID) -> WebhookDelivery | None:
    """Find a delivery by its id alone."""
    query = select(WebhookDelivery).where(col(WebhookDelivery.id) == delivery_id)
    return (await session.scalars(query)).first()


async def lock_delivery(session: AsyncSession, delivery_id: UUID) -> WebhookDelivery | None:
    """Lock a delivery and read it anew."""
    query = select(WebhookDelivery).where(col(WebhookDelivery.id) == delivery_id).with_for_update()
    return (await session.scalars(query.execution_options(populate_existing=True))).first()


async def list_deliveries(
    session: AsyncSession,
    after: UUID | None,
    limit: int,
    *,
    endpoint_id: UUID | None,
    state: str | None,
    event_id: UUID | None,
) -> Sequence[WebhookDelivery]:
    """List deliveries, newest first."""
    query = select(WebhookDelivery).order_by(col(WebhookDelivery.id).desc()).limit(limit)
    for column, value in (
        (WebhookDelivery.endpoint_id, endpoint_id),
        (WebhookDelivery.state, state),
        (WebhookDelivery.event_id, event_id),
    ):
        if value is not None:
            query = query.where(col(column) == value)
    if after is not None:
        query = query.where(col(WebhookDelivery.id) < after)
    return (await session.scalars(query)).all()


async def lock_overdue(session: AsyncSession, before: datetime, limit: int) -> Sequence[WebhookDelivery]:
    """Lock the deliveries whose next attempt should have been made, the oldest first; those in other hands are left."""
    query = (
        select(WebhookDelivery)
        .where(col(WebhookDelivery.state) == "pending", col(WebhookDelivery.next_attempt_at) < before)
        .order_by(col(WebhookDelivery.next_attempt_at))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return (await session.scalars(query)).all()


async def find_attempt(session: AsyncSession, delivery: WebhookDelivery, number: int) -> WebhookAttempt | None:
    """Find an attempt of a delivery by its number."""
    return await session.get(WebhookAttempt, (delivery.reseller_id, delivery.id, number))


async def list_attempts(session: AsyncSession, delivery: WebhookDelivery) -> Sequence[WebhookAttempt]:
    """List the attempts of a delivery, in order."""
    query = select(WebhookAttempt).where(
        col(WebhookAttempt.reseller_id) == delivery.reseller_id, col(WebhookAttempt.delivery_id) == delivery.id
    )
    return (await session.scalars(query.order_by(col(WebhookAttempt.number)))).all()
