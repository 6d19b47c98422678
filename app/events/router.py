"""The event feed: the same events as the webhooks carry, for those who prefer to ask."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.edge import edge_router
from app.auth.permissions import needs
from app.auth.principals import Scope
from app.auth.visit import CurrentVisit
from app.events import queries
from app.events.kinds import EventType
from app.events.schemas import EventQuery, EventRead, read
from app.infra.paging import page_of
from app.infra.problems import NotFound, ValidationFailed
from app.infra.wire import Page

router = edge_router("Events")


@router.get("/events", dependencies=[needs(Scope.TICKETS_READ)])
async def list_events(
    query: Annotated[EventQuery, Query()], visit: CurrentVisit, response: Response
) -> Page[EventRead]:
    """List events in the order in which they were published; `after` goes on behind an event that you have.

    An event shows here a moment after what it tells of, in an order that never changes: none is ever put in before
    one that you have seen.
    """
    principal = visit.principal
    page = page_of(visit.desk.cursors, "events", query, principal.reseller_id)
    after = int(str(page.after[0])) if page.after is not None else 0
    if query.after is not None and page.after is None:
        after = await position_behind(visit.session, query.after)
    reseller_id = None if principal.is_staff else principal.reseller_id
    rows = await queries.list_feed(visit.session, reseller_id, after, types_of(query.type), query.limit + 1)
    return page.answer(rows, [[row.position] for row in rows], read, response)


async def position_behind(session: AsyncSession, event_id: UUID) -> int:
    """Return the position of an event that a caller goes on behind.

    Raises:
        NotFound: the caller knows no such event, or it is gone.
    """
    found = await queries.position_of(session, event_id)
    if found is None:
        raise NotFound("there is no such event, or it is not published yet")
    return found


def types_of(wanted: str | None) -> list[str]:
    """Read a filter of types.

    Raises:
        ValidationFailed: there is no such type.
    """
    types = wanted.split(",") if wanted else []
    if strange := sorted(set(types) - set(EventType)):
        raise ValidationFailed.at("/type", f"{', '.join(strange)}: no such event type")
    return types
