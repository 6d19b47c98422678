"""The event stream: the feed as Server-Sent Events, for those who would not ask again and again."""

from typing import Annotated

from fastapi import Depends, Header, Query, Request
from fastapi.responses import StreamingResponse

from app.auth.edge import CallerDoor, LongRoute, edge_router
from app.auth.permissions import needs
from app.auth.principals import Scope
from app.events import queries
from app.events.following import EventStream, Follower
from app.events.router import position_behind, types_of
from app.events.schemas import StreamQuery
from app.events.streams import Streams
from app.infra.ids import EventId

router = edge_router("Events", LongRoute)

_EXAMPLE = """id: evt_01jb9z32jcfcz9rn8z5rymrpva
event: ticket.resolved
data: {"id":"evt_01jb9z32jcfcz9rn8z5rymrpva","type":"ticket.resolved","timestamp":"2026-06-10T16:30:00Z",...}

"""
_LAST_EVENT_ID = "The last event that was heard; it goes before `after`. Clients send it by themselves."
_ANSWER = {
    "description": "The events from there on, until one side ends it.",
    "content": {"text/event-stream": {"schema": {"type": "string"}, "example": _EXAMPLE}},
}


async def current_streams(request: Request) -> Streams:
    """Hand a handler the streams of its process."""
    streams: Streams = request.app.state.streams
    return streams


@router.get(
    "/events/stream",
    dependencies=[needs(Scope.TICKETS_READ)],
    response_class=StreamingResponse,
    responses={200: _ANSWER},
)
async def stream_events(
    query: Annotated[StreamQuery, Query()],
    door: CallerDoor,
    streams: Annotated[Streams, Depends(current_streams)],
    last_event_id: Annotated[EventId | None, Header(alias="Last-Event-ID", description=_LAST_EVENT_ID)] = None,
) -> EventStream:
    """Follow the events as they are published, as Server-Sent Events.

    Each has the event's id, its type, and as data the JSON that the feed shows. It goes on behind `Last-Event-ID` or
    `after`; where that event is unknown or no longer kept, the answer is 404, and the feed tells what there is. A key
    has up to 20 streams; one ends when its key does, and when the desk is restarted: come again then.
    """
    types, after = types_of(query.type), last_event_id or query.after
    async with door.look() as (session, caller):
        reseller_id = None if caller.is_staff else caller.reseller_id
        last = await queries.last_visible(session, reseller_id) if after is None else None
        position = (last.position if last else 0) if after is None else await position_behind(session, after)
    seat = streams.take(caller.key_id, reseller_id)
    follower = Follower(streams, seat, door, types, position or 0)
    return EventStream(follower, last)
