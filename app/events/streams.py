"""The open streams of a process: one poller looks for all of them whether there is something new, and wakes them.

A stream that waits holds no connection and asks nothing; what it costs is its socket.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from uuid import UUID

import structlog

from app.events import queries
from app.infra.db import Database
from app.infra.problems import TooManyStreams

LOOK_EVERY = 0.25  # seconds
_AFTER_FAILURE = 1.0
_READING_AT_ONCE = 4  # of a process: streams that catch up leave connections to requests
_log = structlog.get_logger(__name__)


class Seat:
    """One open stream's place: it is woken when there may be something for its listener."""

    def __init__(self, key_id: UUID, reseller_id: UUID | None, leave: Callable[["Seat"], None]) -> None:
        self.key_id = key_id
        self.reseller_id = reseller_id
        self.woken = asyncio.Event()
        self._leave = leave

    async def wait(self, seconds: float) -> bool:
        """Wait to be woken; False where the time went by."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.woken.wait()
        return self.woken.is_set()

    def leave(self) -> None:
        """Give the place up; doing it twice changes nothing."""
        self._leave(self)


class Streams:
    """All streams of one process."""

    def __init__(self, database: Database, *, per_key: int, per_process: int) -> None:
        self._database = database
        self._per_key = per_key
        self._per_process = per_process
        self._seats: set[Seat] = set()
        self._of_key: Counter[UUID] = Counter()
        self._poller: asyncio.Task[None] | None = None
        self.reading = asyncio.Semaphore(_READING_AT_ONCE)
        self.closing = False

    @property
    def open(self) -> int:
        """How many there are."""
        return len(self._seats)

    def take(self, key_id: UUID, reseller_id: UUID | None) -> Seat:
        """Take a place for a stream of one reseller's events, or, with None, of all.

        Raises:
            TooManyStreams: the key, or the process, has as many as it may.
        """
        if self._of_key[key_id] >= self._per_key:
            raise TooManyStreams(f"this key has {self._per_key} streams open")
        if len(self._seats) >= self._per_process:
            raise TooManyStreams("too many streams are open here")
        seat = Seat(key_id, reseller_id, self._left)
        self._seats.add(seat)
        self._of_key[key_id] += 1
        if self._poller is None:
            self._poller = asyncio.create_task(self._poll(), name="streams")
        return seat

    def _left(self, seat: Seat) -> None:
        if seat not in self._seats:
            return
        self._seats.remove(seat)
        self._of_key -= Counter([seat.key_id])

    def close(self) -> None:
        """Let every stream end: nobody is to wait for them when the process stops."""
        self.closing = True
        for seat in self._seats:
            seat.woken.set()

    async def _poll(self) -> None:
        seen: int | None = None
        while self._seats and not self.closing:
            pause = LOOK_EVERY
            try:
                seen = await self._look(seen)
            except Exception as error:  # noqa: BLE001 - the database comes back; nobody else would wake the streams
                _log.warning("streams will look again", error=repr(error).splitlines()[0])
                pause = _AFTER_FAILURE
            await asyncio.sleep(pause)
        self._poller = None

    async def _look(self, seen: int | None) -> int:
        """Wake those for whom there is something new, or, at the first look, everyone; return the last position."""
        async with self._database.transaction(look=True) as session:
            last = await queries.last_given(session)
            if last == seen:
                return last
            fresh = None if seen is None else await queries.resellers_heard_of(session, seen)
        for seat in self._seats:
            if fresh is None or seat.reseller_id is None or seat.reseller_id in fresh:
                seat.woken.set()
        return last
