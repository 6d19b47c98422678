"""Heeding an endpoint's answers: verified by its ping, resting, failing, disabled; its owner is told by an event."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.events.kinds import EventType
from app.events.record import record
from app.infra.problems import InvalidTransition
from app.webhooks import lane_queries, lanes
from app.webhooks.fates import result_of
from app.webhooks.health import DISABLED_AFTER, Health, Turn, judge
from app.webhooks.models import WebhookEndpoint, WebhookLane
from app.webhooks.schemas import EndpointRead, FailingData
from app.webhooks.sending import Sent

_HEALTH = [one.name for one in fields(Health)]


def health_of(lane: WebhookLane) -> Health:
    """Return an endpoint's health, as its lane has it."""
    return Health(**{name: getattr(lane, name) for name in _HEALTH})


def set_health(lane: WebhookLane, health: Health) -> None:
    """Write an endpoint's health to its lane."""
    for name in _HEALTH:
        setattr(lane, name, getattr(health, name))


def heed(
    session: AsyncSession,
    endpoint: WebhookEndpoint,
    lane: WebhookLane,
    sent: Sequence[Sent],
    now: datetime,
    *,
    scale: float,
) -> None:
    """Let an endpoint's answers have their effect.

    What somebody asked for one by one neither harms nor heals its health. A recovery lets it rest and be spared, as it
    sends many; it disables nothing, and nobody is told.
    """
    if any(one.parcel.trigger == "ping" and one.outcome.ok for one in sent):
        endpoint.verified = True
        if endpoint.state == "unverified":
            endpoint.state, endpoint.version, lane.catches_up = "active", endpoint.version + 1, True
    results = [result_of(one) for one in sent if one.parcel.trigger in {"event", "recovery"}]
    health, turn = judge(health_of(lane), results, scale=scale)
    set_health(lane, health)
    if not any(one.parcel.trigger == "event" for one in sent):
        return
    if turn in {Turn.GONE, Turn.DISABLED} and endpoint.state == "active":
        disable(session, endpoint, lane, "gone" if turn is Turn.GONE else "failing", now)
    elif turn is Turn.FAILING and health.failing_since is not None:
        failing = FailingData(
            failures=health.failures,
            failing_since=health.failing_since,
            will_be_disabled_at=health.failing_since + DISABLED_AFTER,
        )
        _tell(session, endpoint, EventType.WEBHOOK_ENDPOINT_FAILING, now, health=failing)
    elif turn is Turn.RECOVERED:
        _tell(session, endpoint, EventType.WEBHOOK_ENDPOINT_RECOVERED, now)


def disable(session: AsyncSession, endpoint: WebhookEndpoint, lane: WebhookLane, reason: str, now: datetime) -> None:
    """Disable an endpoint: what is on its way to it is held from now on, and its owner is told."""
    endpoint.state, endpoint.disabled_reason, endpoint.version = "disabled", reason, endpoint.version + 1
    set_health(lane, Health())
    _tell(session, endpoint, EventType.WEBHOOK_ENDPOINT_DISABLED, now)


async def switch(session: AsyncSession, endpoint: WebhookEndpoint, wanted: str, now: datetime) -> None:
    """Disable an endpoint, or let one that is disabled go on, beginning with what was held. The endpoint is locked.

    One whose URL has never answered a ping goes on to be verified.

    Raises:
        InvalidTransition: it is not verified, and only the answer to its ping makes it active.
    """
    if endpoint.state == "unverified" and wanted == "active":
        said = "it is verified by a 2xx to its ping: POST .../ping sends another"
        raise InvalidTransition(said, current="unverified", allowed=["disabled"])
    if endpoint.state == wanted:
        return
    found = await lane_queries.lock_both(session, endpoint.id)
    assert found is not None, "every endpoint has a lane"
    lane = found[1]
    if wanted == "disabled":
        disable(session, endpoint, lane, "manual", now)
    else:
        endpoint.state, endpoint.disabled_reason = "active" if endpoint.verified else "unverified", None
        lane.catches_up = True
    await session.flush()
    await lanes.wake(session, [endpoint.id])


async def move(session: AsyncSession, endpoint: WebhookEndpoint) -> None:
    """Forget the health of the URL before: what another answered says nothing of this one. The endpoint is locked."""
    found = await lane_queries.lock_both(session, endpoint.id)
    assert found is not None, "every endpoint has a lane"
    set_health(found[1], Health())
    endpoint.verified = False


def _tell(session: AsyncSession, endpoint: WebhookEndpoint, kind: EventType, now: datetime, **more: object) -> None:
    data: dict[str, object] = {"endpoint": EndpointRead.model_validate(endpoint), **more}
    record(session, kind, now, data, reseller_id=endpoint.reseller_id)
