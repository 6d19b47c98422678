"""Following the events as they come: the body of a stream."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import dataclass

import structlog
from fastapi.responses import StreamingResponse
from fastapi.sse import format_sse_event
from sqlalchemy.exc import SQLAlchemyError
from starlette.types import Message, Receive, Scope, Send

from app.auth.edge import Door
from app.events import queries
from app.events.models import Event
from app.events.schemas import read
from app.events.streams import Seat, Streams
from app.infra.ids import encode
from app.infra.problems import Unauthenticated

HEARTBEAT = 15.0  # seconds
_BEATS_PER_LOOK = 3  # a key is looked at anew at least so often
_AT_ONCE = 100
_RETRY = 2000  # milliseconds that a client is to wait before it comes again
_SENT_WITHIN = 30.0  # seconds: who takes longer to read is gone, or is to come again
_BEAT = format_sse_event(comment="")
_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Follower:
    """Where a stream is, and what it hears."""

    streams: Streams
    seat: Seat
    door: Door
    types: Sequence[str]
    position: int
    heartbeat: float = HEARTBEAT
    beat_at: float = 0.0

    async def chunks(self, last_event: Event | None) -> AsyncGenerator[bytes]:
        """Yield the stream's text until its key is no longer good, or the process stops.

        It begins with the id that it goes on behind, so that who is cut off before a first event loses nothing.
        """
        yield format_sse_event(retry=_RETRY, id=encode("evt", last_event.id) if last_event else None)
        self._spoke()
        while not self.streams.closing:
            self.seat.woken.clear()
            try:
                events = await self._turn()
            except Unauthenticated:
                return
            except (SQLAlchemyError, OSError) as error:
                _log.warning("a stream ends", error=str(error).splitlines()[0])
                return  # the client comes again, and goes on where it was
            for event in events:
                yield _chunk(event)
                self._spoke()
            if len(events) < _AT_ONCE:
                async for beat in self._idle():
                    yield beat

    async def _turn(self) -> Sequence[Event]:
        """Read what comes next in a short transaction, signed in anew."""
        async with self.streams.reading, self.door.look() as (session, caller):
            reseller_id = None if caller.is_staff else caller.reseller_id
            # Read first: what is behind it in this one instant is either among the events or not for this stream.
            end = await queries.last_visible(session, reseller_id)
            events = await queries.list_feed(session, reseller_id, self.position, self.types, _AT_ONCE)
        if len(events) == _AT_ONCE:
            self.position = events[-1].position or self.position
        elif end is not None:
            self.position = max(self.position, end.position or 0)
        return events

    async def _idle(self) -> AsyncIterator[bytes]:
        loop = asyncio.get_running_loop()
        for _ in range(_BEATS_PER_LOOK):
            woken = await self.seat.wait(self.beat_at - loop.time())
            if loop.time() >= self.beat_at:  # woken or not: what woke it may have been nothing for it to say
                yield _BEAT
                self._spoke()
            if woken:
                return

    def _spoke(self) -> None:
        self.beat_at = asyncio.get_running_loop().time() + self.heartbeat


def _chunk(event: Event) -> bytes:
    return format_sse_event(id=encode("evt", event.id), event=event.type, data_str=read(event).model_dump_json())


class EventStream(StreamingResponse):
    """An answer that goes on. It lets its seat go when it ends, whoever ended it."""

    media_type = "text/event-stream"

    def __init__(self, follower: Follower, last_event: Event | None) -> None:
        super().__init__(follower.chunks(last_event), headers={"X-Accel-Buffering": "no"})
        self._seat = follower.seat

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, as fast as the client reads."""

        async def send_in_time(message: Message) -> None:
            async with asyncio.timeout(_SENT_WITHIN):
                await send(message)

        try:
            await super().__call__(scope, receive, send_in_time)
        except TimeoutError:
            _log.info("a stream's client does not read", key_id=str(self._seat.key_id))
        finally:
            self._seat.leave()
