"""All SQL of webhook endpoints and deliveries."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.infra.arrays import as_arrays
from app.infra.ids import first_id_of
from app.resellers.models import Reseller
from app.webhooks.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint, WebhookLane, WebhookSecret

_MADE = {"id": "uuid", "endpoint_id": "uuid", "event_id": "uuid"}
_ADD = text("""
insert into webhook_deliveries (reseller_id, id, endpoint_id, event_id, event_type, state, attempts, counted_from,
                                starts, trigger, position, order_key, next_attempt_at, created_at)
select w.reseller_id, n.id, w.id, e.id, e.type, case w.state when 'active' then 'pending' else 'held' end, 0, 0, 0,
       cast(:trigger as varchar), e.position, case when w.ordered then e.ticket_id end,
       case w.state when 'active' then cast(:wall as timestamptz) end, cast(:wall as timestamptz)
  from unnest(cast(:id as uuid[]), cast(:endpoint_id as uuid[]), cast(:event_id as uuid[]))
       as n (id, endpoint_id, event_id)
  join webhook_endpoints w on w.id = n.endpoint_id
  join events e on e.id = n.event_id
""")
_PLACE = text("""
update webhook_deliveries d set position = e.position from events e
 where d.event_id = any(:ids) and e.id = d.event_id
returning d.endpoint_id
""")
_GIVE_UP = text("""
update webhook_deliveries set state = 'failed', next_attempt_at = null, finished_at = :wall
 where (reseller_id, id) in (
       (select reseller_id, id from webhook_deliveries
         where endpoint_id = :endpoint_id and state = 'pending' limit :limit)
       union all
       (select reseller_id, id from webhook_deliveries
         where endpoint_id = :endpoint_id and state = 'held' limit :limit)
       limit :limit)
""")
_FORGET_ANSWERS = text("""
update webhook_attempts set answer = '', truncated = false, location = null
 where reseller_id = :reseller_id and delivery_id = :id
""")
_COUNT = text("""
select (select count(*) from (select from webhook_deliveries
                               where endpoint_id = :endpoint_id and state = 'pending' limit :limit)) as waiting,
       (select count(*) from (select from webhook_deliveries
                               where endpoint_id = :endpoint_id and state = 'held' limit :limit)) as held
""")
_ID_LATER = timedelta(hours=1)  # no transaction that makes deliveries lasts as long


async def find_endpoint(session: AsyncSession, endpoint_id: UUID) -> WebhookEndpoint | None:
    """Find an endpoint by its id alone; under a tenant only its own are there."""
    query = select(WebhookEndpoint).where(col(WebhookEndpoint.id) == endpoint_id)
    return (await session.scalars(query)).first()


async def lock_endpoint(session: AsyncSession, endpoint_id: UUID) -> WebhookEndpoint | None:
    """Lock an endpoint and read it anew; one that was removed meanwhile is not found."""
    query = select(WebhookEndpoint).where(col(WebhookEndpoint.id) == endpoint_id).with_for_update(key_share=True)
    return (await session.scalars(query.execution_options(populate_existing=True))).first()


async def find_lane(session: AsyncSession, endpoint_id: UUID) -> WebhookLane | None:
    """Find the lane of an endpoint, to look at it."""
    return (await session.scalars(select(WebhookLane).where(col(WebhookLane.endpoint_id) == endpoint_id))).first()


async def count_ahead(session: AsyncSession, endpoint_id: UUID, limit: int) -> tuple[int, int]:
    """Count the deliveries that wait for an endpoint, and those that are held for it; so many at most."""
    row = (await session.execute(_COUNT, {"endpoint_id": endpoint_id, "limit": limit})).one()
    return row.waiting, row.held


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
    """List the endpoints of these resellers and of the operator, and keep them; True for the operator's."""
    query = (
        select(WebhookEndpoint, col(Reseller.is_operator))
        .join(Reseller, col(Reseller.id) == col(WebhookEndpoint.reseller_id))
        .where(or_(col(WebhookEndpoint.reseller_id).in_(reseller_ids), col(Reseller.is_operator)))
        .order_by(col(WebhookEndpoint.id))
        .with_for_update(read=True, key_share=True, of=WebhookEndpoint)
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
    event_type: str | None,
    created_after: datetime | None,
    created_before: datetime | None,
) -> Sequence[WebhookDelivery]:
    """List deliveries, newest first."""
    query = select(WebhookDelivery).order_by(col(WebhookDelivery.id).desc()).limit(limit)
    for column, value in (
        (WebhookDelivery.endpoint_id, endpoint_id),
        (WebhookDelivery.state, state),
        (WebhookDelivery.event_id, event_id),
        (WebhookDelivery.event_type, event_type),
    ):
        if value is not None:
            query = query.where(col(column) == value)
    # The id, which the list goes by, is made with its row or a moment later: it finds the place, the column decides.
    if created_after is not None:
        first = col(WebhookDelivery.id) >= first_id_of(created_after)
        query = query.where(first, col(WebhookDelivery.created_at) > created_after)
    if created_before is not None:
        last = col(WebhookDelivery.id) < first_id_of(created_before + _ID_LATER)
        query = query.where(last, col(WebhookDelivery.created_at) < created_before)
    if after is not None:
        query = query.where(col(WebhookDelivery.id) < after)
    return (await session.scalars(query)).all()


async def forget_answers(session: AsyncSession, delivery: WebhookDelivery) -> None:
    """Wipe what receivers have answered to the attempts of a delivery."""
    await session.execute(_FORGET_ANSWERS, {"reseller_id": delivery.reseller_id, "id": delivery.id})


async def add_deliveries(
    session: AsyncSession, made: Sequence[tuple[UUID, UUID, UUID]], wall: datetime, trigger: str = "event"
) -> None:
    """Add deliveries, each by its id, its endpoint and its event; they belong to the endpoint's owner."""
    rows = [dict(zip(_MADE, one, strict=True)) for one in made]
    await session.execute(_ADD, as_arrays(rows, _MADE) | {"wall": wall, "trigger": trigger})


async def live_secrets(session: AsyncSession, endpoint_ids: Sequence[UUID], wall: datetime) -> Sequence[WebhookSecret]:
    """List the secrets of endpoints that have not ended, newest first."""
    query = (
        select(WebhookSecret)
        .where(col(WebhookSecret.endpoint_id).in_(endpoint_ids))
        .where(or_(col(WebhookSecret.expires_at).is_(None), col(WebhookSecret.expires_at) > wall))
        # The one without an end is the newest, whatever two machines' clocks say.
        .order_by(
            col(WebhookSecret.expires_at).is_not(None),
            col(WebhookSecret.created_at).desc(),
            col(WebhookSecret.id).desc(),
        )
    )
    return (await session.scalars(query)).all()


async def key_ids_of_secrets(session: AsyncSession) -> set[str]:
    """Return the ids of the keys that secrets are sealed with."""
    return set((await session.scalars(select(col(WebhookSecret.key_id)).distinct())).all())


async def headers_kept(session: AsyncSession) -> Sequence[dict[str, str]]:
    """List the header fields that endpoints keep, each as it is sealed."""
    query = select(col(WebhookEndpoint.headers)).where(col(WebhookEndpoint.headers) != {})
    return (await session.scalars(query)).all()


async def place_pings(session: AsyncSession, event_ids: Sequence[UUID]) -> Sequence[UUID]:
    """Give the deliveries of pings the position of their events, which lets them be sent; return their endpoints."""
    return list(await session.scalars(_PLACE, {"ids": event_ids}))


async def give_up_deliveries(session: AsyncSession, endpoint_id: UUID, wall: datetime, limit: int) -> int:
    """Let fail what is on its way to an endpoint, so many at most; return how many."""
    done = await session.execute(_GIVE_UP, {"endpoint_id": endpoint_id, "wall": wall, "limit": limit})
    return int(done.rowcount)  # type: ignore[attr-defined]  # an UPDATE's result has it


async def list_attempts(session: AsyncSession, delivery: WebhookDelivery) -> Sequence[WebhookAttempt]:
    """List the attempts of a delivery, in order."""
    query = select(WebhookAttempt).where(
        col(WebhookAttempt.reseller_id) == delivery.reseller_id, col(WebhookAttempt.delivery_id) == delivery.id
    )
    return (await session.scalars(query.order_by(col(WebhookAttempt.number)))).all()
