"""Operations on webhook endpoints and deliveries."""

from collections.abc import Mapping
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
from app.infra.ids import DeliveryId, EndpointId, new_id
from app.infra.outbound.resolver import vet
from app.infra.outbound.urls import UnsafeUrl
from app.infra.paging import PageQuery, page_of
from app.infra.problems import Conflict, NotFound, UnsafeWebhookUrl, ValidationFailed
from app.infra.queue import enqueue
from app.infra.wire import Page
from app.resellers.service import get_reseller
from app.webhooks import custom_headers, queries, secrets
from app.webhooks.fan_out import ask_again, job_of, new_delivery
from app.webhooks.models import WebhookDelivery, WebhookEndpoint
from app.webhooks.schemas import (
    AttemptRead,
    DeliveryDetail,
    DeliveryQuery,
    DeliveryRead,
    EndpointChange,
    EndpointCreate,
    EndpointCreated,
    EndpointRead,
)
from app.webhooks.signature import public_key_of

router = edge_router("Webhooks")


endpoint_visible = visible_by("whe", "endpoint_id", queries.find_endpoint)
delivery_visible = visible_by("dlv", "delivery_id", queries.find_delivery)
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
    https, on port 443 or 8443, and the networks that the operator has opened.
    """
    await _safe(visit, body.url)
    endpoint = WebhookEndpoint(
        reseller_id=await _owner(visit, body.reseller_id),
        id=new_id(),
        url=body.url,
        description=body.description,
        event_types=[kind.value for kind in body.event_types] if body.event_types else None,
        signature=body.signature,
        created_at=visit.wall,
    )
    endpoint.headers = custom_headers.changed({}, body.headers or {}, visit.desk.keyring, endpoint.id)
    visit.session.add(endpoint)
    await visit.session.flush()
    made = await secrets.ensure(visit.session, endpoint, visit.desk.keyring, visit.wall)
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
    """Change an endpoint. `event_types: null` lets it hear every type again.

    Of `headers`, those named are set, or removed by null; the others stay. A new `signature` makes the key it needs.
    """
    given = body.model_dump(exclude_unset=True, mode="json", exclude={"headers"})
    if body.url is not None:
        await _safe(visit, body.url)  # before the lock, since it may ask a name server
    endpoint = await seen(visit, endpoint_id, lock=True)
    check_match(endpoint, if_match)
    endpoint.sqlmodel_update(given)
    if "headers" in body.model_fields_set:
        endpoint.headers = _headers(visit, endpoint, body.headers)
    await secrets.ensure(visit.session, endpoint, visit.desk.keyring, visit.wall)
    endpoint.version += 1
    response.headers["ETag"] = etag_of(endpoint)
    return EndpointRead.model_validate(endpoint)


@router.delete("/webhook-endpoints/{endpoint_id}", status_code=204, dependencies=[WRITE_ONE])
async def delete_endpoint(endpoint_id: EndpointId, visit: CurrentVisit) -> None:
    """Remove an endpoint; what is still on its way to it is given up."""
    await visit.session.delete(await seen(visit, endpoint_id, lock=True))


@router.post("/webhook-endpoints/{endpoint_id}/ping", status_code=202, dependencies=[WRITE_ONE])
async def ping_endpoint(endpoint_id: EndpointId, visit: CurrentVisit) -> DeliveryRead:
    """Send an endpoint a signed `ping`, to see that it is reached and that the signature is checked right."""
    endpoint = await seen(visit, endpoint_id)
    data: dict[str, object] = {"endpoint": EndpointRead.model_validate(endpoint)}
    event = record(visit.session, EventType.PING, visit.wall, data, reseller_id=endpoint.reseller_id)
    delivery = new_delivery(endpoint, event.id, event.type, visit.wall, "ping")
    visit.session.add(delivery)
    await visit.session.flush()
    await enqueue(visit.session, [job_of(delivery)])
    return _read(delivery)


def _read(delivery: WebhookDelivery) -> DeliveryRead:
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
    )
    return page.answer_by_id(rows, _read, response)


@router.get("/webhook-deliveries/{delivery_id}", dependencies=[needs(Scope.WEBHOOKS_READ, visible=delivery_visible)])
async def get_delivery(delivery_id: DeliveryId, visit: CurrentVisit) -> DeliveryDetail:
    """Read a delivery with its attempts."""
    delivery = await queries.find_delivery(visit.session, delivery_id)
    if delivery is None:
        raise NotFound("there is no such delivery")
    attempts = [
        AttemptRead(
            number=row.number,
            at=row.at,
            duration_ms=row.duration_ms,
            status=row.status,
            reason=row.reason,
            answer=row.answer.decode("utf-8", "replace"),
        )
        for row in await queries.list_attempts(visit.session, delivery)
    ]
    return DeliveryDetail.model_validate(_read(delivery).model_dump() | {"attempts": attempts})


@router.post(
    "/webhook-deliveries/{delivery_id}/redeliver",
    status_code=202,
    dependencies=[needs(Scope.WEBHOOKS_WRITE, visible=delivery_visible)],
)
async def redeliver(delivery_id: DeliveryId, visit: CurrentVisit) -> DeliveryRead:
    """Send a delivery again at once, whatever became of it: same bytes, same `webhook-id`, a new timestamp.

    One whose endpoint was removed cannot be (409).
    """
    delivery = await queries.lock_delivery(visit.session, delivery_id)
    if delivery is None:
        raise NotFound("there is no such delivery")
    if await queries.find_endpoint(visit.session, delivery.endpoint_id) is None:
        raise Conflict("its endpoint was removed: make another, and read the event from GET /v1/events")
    await enqueue(visit.session, [ask_again(delivery, visit.wall)])
    return _read(delivery)
