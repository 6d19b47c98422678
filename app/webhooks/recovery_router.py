"""Operations on recoveries: to see what one would do, to begin it, to follow it, to stop it."""

from datetime import datetime, timedelta

from fastapi import Response

from app.auth.edge import edge_router
from app.auth.permissions import needs, visible_by
from app.auth.principals import Scope
from app.auth.visit import CurrentVisit, Visit
from app.infra.ids import EndpointId, RecoveryId
from app.infra.problems import NotFound, ValidationFailed
from app.infra.wire import rfc3339
from app.webhooks import recovering, recovery_queries
from app.webhooks.models import WebhookEndpoint
from app.webhooks.recovery_queries import Span
from app.webhooks.recovery_schemas import RecoveryCount, RecoveryCreate, RecoveryRead
from app.webhooks.router import WRITE_ONE, seen

router = edge_router("Webhook endpoints")

recovery_visible = visible_by("rcv", "recovery_id", recovery_queries.find)


@router.post("/webhook-endpoints/{endpoint_id}/recover", status_code=202, dependencies=[WRITE_ONE])
async def recover(endpoint_id: EndpointId, body: RecoveryCreate, visit: CurrentVisit) -> RecoveryRead:
    """Make again what failed since an instant, and with `missing` what was never sent: in the background, once each.

    Events keep their `webhook-id`. What somebody asked for neither harms nor heals the endpoint's health.
    """
    span = _span(await seen(visit, endpoint_id), body, visit)
    counted = await recovering.count(visit.session, span)  # before the lock: nobody waits for it
    endpoint = await seen(visit, endpoint_id, lock=True)
    return RecoveryRead.model_validate(await recovering.begin(visit.session, endpoint, span, counted, visit.wall))


@router.post("/webhook-endpoints/{endpoint_id}/recover/preview", dependencies=[WRITE_ONE])
async def preview_recovery(endpoint_id: EndpointId, body: RecoveryCreate, visit: CurrentVisit) -> RecoveryCount:
    """Count what a recovery would make; nothing is done. Of a long span its first 100,000 events are looked at."""
    endpoint = await seen(visit, endpoint_id)
    counted = await recovering.count(visit.session, _span(endpoint, body, visit))
    return RecoveryCount(failed=counted.failed, missing=counted.missing, exact=counted.exact)


def _span(endpoint: WebhookEndpoint, body: RecoveryCreate, visit: Visit) -> Span:
    until = min(body.until or visit.wall, visit.wall)
    if body.since >= until:
        raise ValidationFailed.at("/since", _too_late(body, visit.wall))
    logged_since = visit.wall - timedelta(days=visit.desk.settings.webhook_log_days)
    if body.missing and body.since < logged_since:
        said = (
            f"the log of deliveries begins at {rfc3339(logged_since)}: what was sent before would be taken for missing"
        )
        raise ValidationFailed.at("/since", said)
    return Span(endpoint.id, body.since, until, missing=body.missing)


def _too_late(body: RecoveryCreate, wall: datetime) -> str:
    """Name both bounds: who lives on a test clock has another now than the one that counts here."""
    now = f"it must lie before now, which is {rfc3339(wall)} by the wall clock, whatever a test clock shows"
    return now if body.until is None else f"{now}, and before `until`, which is {rfc3339(body.until)}"


@router.get("/webhook-recoveries/{recovery_id}", dependencies=[needs(Scope.WEBHOOKS_READ, visible=recovery_visible)])
async def get_recovery(recovery_id: RecoveryId, visit: CurrentVisit, response: Response) -> RecoveryRead:
    """Read how far a recovery has come."""
    recovery = await recovery_queries.find(visit.session, recovery_id)
    if recovery is None:
        raise NotFound("there is no such recovery")
    response.headers["Cache-Control"] = "no-store"
    return RecoveryRead.model_validate(recovery)


@router.post(
    "/webhook-recoveries/{recovery_id}/cancel", dependencies=[needs(Scope.WEBHOOKS_WRITE, visible=recovery_visible)]
)
async def cancel_recovery(recovery_id: RecoveryId, visit: CurrentVisit) -> RecoveryRead:
    """Stop a recovery; what it has sent stays sent."""
    recovery = await recovery_queries.lock(visit.session, recovery_id)
    if recovery is None:
        raise NotFound("there is no such recovery")
    recovering.cancel(recovery, visit.wall)
    return RecoveryRead.model_validate(recovery)
