"""Operations on webhook endpoints."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Header, Query, Response

from app.auth.edge import edge_router
from app.auth.permissions import needs, visible_by
from app.auth.principals import Scope
from app.auth.visit import CurrentVisit, Visit
from app.events.kinds import EventType
from app.events.record import record
from app.infra.etags import check_match, check_none_match, etag_of
from app.infra.ids import EndpointId, new_id
from app.infra.outbound.resolver import vet
from app.infra.outbound.urls import UnsafeUrl
from app.infra.paging import PageQuery, page_of
from app.infra.problems import NotFound, UnsafeWebhookUrl, ValidationFailed
from app.infra.wire import Page
from app.resellers.service import get_reseller
from app.webhooks import custom_headers, giving_up, queries, secrets
from app.webhooks.delivery_router import read_delivery
from app.webhooks.fan_out import new_ping
from app.webhooks.heeding import move, switch
from app.webhooks.lane_queries import wake_at
from app.webhooks.lanes import wake
from app.webhooks.models import WebhookDelivery, WebhookEndpoint, WebhookLane
from app.webhooks.schemas import (
    DeliveryRead,
    EndpointChange,
    EndpointCreate,
    EndpointCreated,
    EndpointRead,
)
from app.webhooks.signature import public_key_of

router = edge_router("Webhook endpoints")
_TO_KEEP_THE_SECRET = timedelta(seconds=2)  # before the first ping comes, which is signed with it

endpoint_visible = visible_by("whe", "endpoint_id", queries.find_endpoint)
READ = needs(Scope.WEBHOOKS_READ)
WRITE = needs(Scope.WEBHOOKS_WRITE)
READ_ONE = needs(Scope.WEBHOOKS_READ, visible=endpoint_visible)
WRITE_ONE = needs(Scope.WEBHOOKS_WRITE, visible=endpoint_visible)


async def _safe(visit: Visit, url: str) -> None:
    try:
        await vet(url, visit.desk.resolver, visit.desk.settings.allowed_networks)
    except UnsafeUrl as error:
        raise UnsafeWebhookUrl(error.reason) from error


async def _owner(visit: Visit, named: UUID | None) -> UUID:
    principal = visit.principal
    if not principal.is_staff and named not in {None, principal.reseller_id}:
        raise NotFound("there is no such reseller")
    if named is None or named == principal.reseller_id:
        return principal.reseller_id
    try:
        return (await get_reseller(visit.session, named)).id
    except NotFound:
        raise ValidationFailed.at("/reseller_id", "there is no such reseller") from None


async def seen(visit: Visit, endpoint_id: UUID, *, lock: bool = False) -> WebhookEndpoint:
    """Return an endpoint that the caller may know of.

    Raises:
        NotFound: there is none.
    """
    endpoint = await (queries.lock_endpoint if lock else queries.find_endpoint)(visit.session, endpoint_id)
    if endpoint is None:
        raise NotFound("there is no such endpoint")
    return endpoint


def _headers(visit: Visit, endpoint: WebhookEndpoint, change: Mapping[str, str | None] | None) -> dict[str, str]:
    try:
        return custom_headers.changed(endpoint.headers, change, visit.desk.keyring, endpoint.id)
    except ValueError as error:
        raise ValidationFailed.at("/headers", str(error)) from error


@router.post("/webhook-endpoints", status_code=201, dependencies=[WRITE])
async def create_endpoint(body: EndpointCreate, visit: CurrentVisit, response: Response) -> EndpointCreated:
    """Add an endpoint; the answer holds the secret that its deliveries are signed with, or the public key, or both.

    Its URL is checked without contacting it, now and again whenever something is sent: public addresses over
    https, on port 443 or 8443, and the networks that the operator has opened. A signed `ping` is sent in two seconds;
    until it is answered with a 2xx the endpoint is `unverified`, and what it would hear is held for it.
    """
    await _safe(visit, body.url)
    endpoint = WebhookEndpoint(
        **body.model_dump(mode="json", exclude={"reseller_id", "headers"}),
        reseller_id=await _owner(visit, body.reseller_id),
        id=new_id(),
        created_at=visit.wall,
    )
    endpoint.headers = custom_headers.changed({}, body.headers or {}, visit.desk.keyring, endpoint.id)
    visit.session.add(endpoint)
    await visit.session.flush()
    made = await secrets.ensure(visit.session, endpoint, visit.desk.keyring, visit.wall)
    visit.session.add(WebhookLane(reseller_id=endpoint.reseller_id, endpoint_id=endpoint.id))
    await _ping(visit, endpoint, after=_TO_KEEP_THE_SECRET)
    response.headers["ETag"] = etag_of(endpoint)
    shown = {"secret": made.get("v1"), "public_key": public_key_of(made["v1a"]) if "v1a" in made else None}
    return EndpointCreated.model_validate(endpoint.model_dump() | shown)


@router.get("/webhook-endpoints", dependencies=[READ])
async def list_endpoints(
    query: Annotated[PageQuery, Query()], visit: CurrentVisit, response: Response
) -> Page[EndpointRead]:
    """List endpoints, newest first."""
    principal = visit.principal
    page = page_of(visit.desk.cursors, "endpoints", query, principal.reseller_id)
    whose = None if principal.is_staff else principal.reseller_id
    rows = await queries.list_endpoints(visit.session, whose, page.after_id, query.limit + 1)
    return page.answer_by_id(rows, EndpointRead.model_validate, response)


@router.get("/webhook-endpoints/{endpoint_id}", dependencies=[READ_ONE])
async def get_endpoint(
    endpoint_id: EndpointId,
    visit: CurrentVisit,
    response: Response,
    if_none_match: Annotated[str | None, Header()] = None,
) -> EndpointRead:
    """Read an endpoint."""
    endpoint = await seen(visit, endpoint_id)
    check_none_match(endpoint, if_none_match)
    response.headers["ETag"] = etag_of(endpoint)
    return EndpointRead.model_validate(endpoint)


@router.patch("/webhook-endpoints/{endpoint_id}", dependencies=[WRITE_ONE])
async def change_endpoint(
    endpoint_id: EndpointId,
    body: EndpointChange,
    visit: CurrentVisit,
    response: Response,
    if_match: Annotated[str | None, Header()] = None,
) -> EndpointRead:
    """Change an endpoint. Another `url` is verified anew; `state` disables it, or lets it go on with what was held.

    Of `headers`, those named are set, or removed by null; the others stay. A new `signature` makes the key it needs.
    """
    given = body.model_dump(exclude_unset=True, mode="json", exclude={"headers"})
    if body.url is not None:
        await _safe(visit, body.url)  # before the lock, since it may ask a name server
    endpoint = await seen(visit, endpoint_id, lock=True)
    check_match(endpoint, if_match)
    moved = body.url is not None and body.url != endpoint.url
    if moved:
        await move(visit.session, endpoint)
    wanted = given.pop("state", None)
    if wanted is not None:
        await switch(visit.session, endpoint, wanted, visit.wall)
    endpoint.sqlmodel_update(given)
    if "headers" in body.model_fields_set:
        endpoint.headers = _headers(visit, endpoint, body.headers)
    await secrets.ensure(visit.session, endpoint, visit.desk.keyring, visit.wall)
    endpoint.version += 1
    if moved and endpoint.state == "active":
        endpoint.state = "unverified"
    if endpoint.state == "unverified" and (moved or wanted == "active"):
        await _ping(visit, endpoint)
    response.headers["ETag"] = etag_of(endpoint)
    return EndpointRead.model_validate(endpoint)


@router.delete("/webhook-endpoints/{endpoint_id}", status_code=204, dependencies=[WRITE_ONE])
async def delete_endpoint(endpoint_id: EndpointId, visit: CurrentVisit) -> None:
    """Remove an endpoint; what is still on its way to it is given up, in the background."""
    endpoint = await seen(visit, endpoint_id, lock=True)
    await giving_up.begin(visit.session, endpoint.id)
    await visit.session.delete(endpoint)


@router.post("/webhook-endpoints/{endpoint_id}/ping", status_code=202, dependencies=[WRITE_ONE])
async def ping_endpoint(endpoint_id: EndpointId, visit: CurrentVisit) -> DeliveryRead:
    """Send an endpoint a signed `ping`, to see that it is reached and that the signature is checked right.

    A 2xx verifies an endpoint that is not verified yet.
    """
    return read_delivery(await _ping(visit, await seen(visit, endpoint_id)))


async def _ping(visit: Visit, endpoint: WebhookEndpoint, after: timedelta = timedelta()) -> WebhookDelivery:
    data: dict[str, object] = {"endpoint": EndpointRead.model_validate(endpoint)}
    event = record(visit.session, EventType.PING, visit.wall, data, reseller_id=endpoint.reseller_id)
    delivery = new_ping(endpoint, event.id, visit.wall, after)
    visit.session.add(delivery)
    await visit.session.flush()
    if after:
        await wake_at(visit.session, [endpoint.id], visit.wall + after)
    else:
        await wake(visit.session, [endpoint.id])
    return delivery
