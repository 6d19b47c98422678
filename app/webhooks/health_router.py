"""How an endpoint does, apart from the endpoint itself: its ETag covers what was decided, this goes on by itself."""

from fastapi import Response

from app.auth.edge import edge_router
from app.auth.visit import CurrentVisit
from app.infra.ids import EndpointId
from app.webhooks import queries
from app.webhooks.health import DISABLED_AFTER
from app.webhooks.router import READ_ONE, seen
from app.webhooks.schemas import EndpointHealth

router = edge_router("Webhook endpoints")

_COUNTED = 10_000


@router.get("/webhook-endpoints/{endpoint_id}/health", dependencies=[READ_ONE])
async def get_endpoint_health(endpoint_id: EndpointId, visit: CurrentVisit, response: Response) -> EndpointHealth:
    """Read how deliveries to an endpoint go: failures in a row, rests, and how many deliveries wait or are held."""
    endpoint = await seen(visit, endpoint_id)
    lane = await queries.find_lane(visit.session, endpoint_id)
    assert lane is not None, "every endpoint has a lane"
    waiting, held = await queries.count_ahead(visit.session, endpoint_id, _COUNTED)
    rests = lane.paused_until is not None and lane.paused_until > visit.wall
    response.headers["Cache-Control"] = "no-store"
    return EndpointHealth(
        state=endpoint.state,
        failures=lane.failures,
        failing_since=lane.failing_since,
        will_be_disabled_at=None if lane.failing_since is None else lane.failing_since + DISABLED_AFTER,
        paused_until=lane.paused_until if rests else None,
        waiting=waiting,
        held=held,
    )
