"""Operations on webhook deliveries: what became of each, and to send one again."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from app.auth.edge import edge_router
from app.auth.permissions import needs, visible_by
from app.auth.principals import Scope
from app.auth.visit import CurrentVisit, Visit
from app.events.kinds import EventType
from app.events.queries import get_event
from app.infra.ids import DeliveryId
from app.infra.paging import page_of
from app.infra.problems import Conflict, NotFound
from app.infra.wire import Page
from app.webhooks import queries
from app.webhooks.fan_out import ask
from app.webhooks.lane_queries import lock_both
from app.webhooks.lanes import wake
from app.webhooks.models import WebhookAttempt, WebhookDelivery
from app.webhooks.schemas import AttemptRead, DeliveryDetail, DeliveryQuery, DeliveryRead

router = edge_router("Webhook endpoints")

delivery_visible = visible_by("dlv", "delivery_id", queries.find_delivery)
READ = needs(Scope.WEBHOOKS_READ)


def read_delivery(delivery: WebhookDelivery) -> DeliveryRead:
    """Return a delivery as callers see it."""
    return DeliveryRead.model_validate(delivery.model_dump() | {"attempts_made": delivery.attempts})


@router.get("/webhook-deliveries", dependencies=[READ])
async def list_deliveries(
    query: Annotated[DeliveryQuery, Query()], visit: CurrentVisit, response: Response
) -> Page[DeliveryRead]:
    """List deliveries, newest first."""
    page = page_of(visit.desk.cursors, "deliveries", query, visit.principal.reseller_id)
    rows = await queries.list_deliveries(
        visit.session,
        page.after_id,
        query.limit + 1,
        endpoint_id=query.endpoint_id,
        state=query.state,
        event_id=query.event_id,
        event_type=query.event_type,
        created_after=query.created_after,
        created_before=query.created_before,
    )
    return page.answer_by_id(rows, read_delivery, response)


@router.get("/webhook-deliveries/{delivery_id}", dependencies=[needs(Scope.WEBHOOKS_READ, visible=delivery_visible)])
async def get_delivery(delivery_id: DeliveryId, visit: CurrentVisit) -> DeliveryDetail:
    """Read a delivery with its attempts."""
    delivery = await _found(visit, delivery_id)
    rows = await queries.list_attempts(visit.session, delivery)
    attempts = [_attempt(row, for_staff=visit.principal.is_staff) for row in rows]
    return DeliveryDetail.model_validate(read_delivery(delivery).model_dump() | {"attempts": attempts})


def _attempt(row: WebhookAttempt, *, for_staff: bool) -> AttemptRead:
    return AttemptRead(
        number=row.number,
        at=row.at,
        duration_ms=row.duration_ms,
        status=row.status,
        reason=row.reason,
        location=row.location,
        answer=row.answer.decode("utf-8", "replace"),
        answer_truncated=row.truncated,
        first_byte_ms=row.first_byte_ms,
        address=row.address if for_staff else None,
    )


@router.delete(
    "/webhook-deliveries/{delivery_id}/answers",
    status_code=204,
    dependencies=[needs(Scope.WEBHOOKS_WRITE, visible=delivery_visible)],
)
async def forget_answers(delivery_id: DeliveryId, visit: CurrentVisit) -> None:
    """Wipe what the receiver answered to the attempts so far, redirects included: it may hold what it should not."""
    await queries.forget_answers(visit.session, await _found(visit, delivery_id))


async def _found(visit: Visit, delivery_id: UUID) -> WebhookDelivery:
    delivery = await queries.find_delivery(visit.session, delivery_id)
    if delivery is None:
        raise NotFound("there is no such delivery")
    return delivery


@router.post(
    "/webhook-deliveries/{delivery_id}/redeliver",
    status_code=202,
    dependencies=[needs(Scope.WEBHOOKS_WRITE, visible=delivery_visible)],
)
async def redeliver(delivery_id: DeliveryId, visit: CurrentVisit) -> DeliveryRead:
    """Send a delivery again at once, whatever became of it: same bytes, same `webhook-id`, a new timestamp.

    One whose endpoint was removed, or whose event is kept no longer, cannot be (409).
    """
    delivery = await _found(visit, delivery_id)
    both = await lock_both(visit.session, delivery.endpoint_id)  # before the delivery, as a lane locks them
    if both is None:
        raise Conflict("its endpoint was removed: make another, and read the event from GET /v1/events")
    if not both[0].verified and delivery.event_type != EventType.PING:
        raise Conflict(
            "its endpoint has not answered a ping yet: POST .../ping sends another, and what is held follows"
        )
    delivery = await queries.lock_delivery(visit.session, delivery_id) or delivery
    if await get_event(visit.session, delivery.event_id) is None:
        raise Conflict("its event is kept no longer, so there is nothing left to send")
    ask(delivery, visit.wall)
    await visit.session.flush()
    await wake(visit.session, [delivery.endpoint_id])
    return read_delivery(delivery)
