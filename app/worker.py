"""The worker process: drives time, publishes events, makes deliveries, keeps house. Any number may run."""

import asyncio
import gc
import signal
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.auth import test_clocks
from app.auth.idempotency import KEPT_FOR
from app.auth.queries import list_interrupted
from app.events.publisher import publish
from app.infra.agenda import WALL, Source, first_due, run_round
from app.infra.db import Database
from app.infra.health import leave_sign
from app.infra.ids import new_id
from app.infra.now import wall_now
from app.infra.outbound.send import Sender
from app.infra.partitions import make_partitions
from app.infra.queue import TASKS_PER_CONNECTION, run_jobs
from app.infra.settings import Settings
from app.mail.addressing.tokens import keys_of
from app.mail.intake.accepting import LOST_AFTER, TAKE, enqueue_lost
from app.mail.intake.imap import Poller
from app.mail.intake.retention import forget_bytes
from app.mail.intake.routing import RoutingDesk, route
from app.mail.intake.taking import Taker
from app.mail.outbox.calls import Gatherer
from app.mail.outbox.composing import DIGEST, SEND
from app.mail.outbox.sending import Postman, find_lost
from app.mail.parsing.process import ParserPool
from app.registry import SOURCES, consequences, register_reactions
from app.webhooks.giving_up import GIVE_UP, GiverUp
from app.webhooks.lanes import SERVE, wake_due, wake_left_behind, wake_lost
from app.webhooks.recovering import RECOVER, Recoverer, go_on_with_lost
from app.webhooks.retention import drop_months, forget_deliveries, forget_events
from app.webhooks.serving import Server

IDLE = 0.25  # seconds: the longest that anything waits that has fallen due
_SIGN_EVERY = 15.0
_LOST_EVERY = 60.0
_LEFT_AFTER = timedelta(seconds=30)
_HOUSEKEEPING_EVERY = 3600.0
_AFTER_FAILURE = 1.0
_PUBLISHED_AT_ONCE = 200
_PARSERS = 2
_AT_MOST = {TAKE: 16, SEND: 32}  # of all workers: a flood of mail leaves the other places to webhooks
_VALUES_OF_A_BATCH = 100_000
_log = structlog.get_logger(__name__)

Round = Callable[[], Awaitable[float]]
"""Does what there is to do and returns how many seconds to wait before the next time."""


class Worker:
    """One worker process over one database."""

    def __init__(self, settings: Settings, sources: Sequence[Source] = SOURCES) -> None:
        assert settings.database_url is not None, "the roots settle which database it is"
        register_reactions()
        self._settings = settings
        self._url = settings.database_url
        self._sources = sources
        self._consequences = consequences(settings)
        self._database = Database(settings.database_url, pool_size=settings.pool_size)
        self._id = new_id()
        self._parsers = ParserPool(_PARSERS)
        self._poller = None if settings.imap_url is None else Poller(self._database, settings.imap_url)
        self.shutdown = asyncio.Event()

    async def run(self) -> None:
        """Work until ``shutdown`` is set."""
        settings = self._settings
        sender = Sender(settings.allowed_networks, total_seconds=settings.webhook_timeout_seconds)
        async with sender, asyncio.TaskGroup() as tasks:
            # A quarter of the jobs that run at once may serve one reseller: nobody's endpoints take every place.
            most_of_one = settings.pool_size * TASKS_PER_CONNECTION // 4
            server = Server(self._database, sender, settings.keyring, settings.webhook_retry_scale, most_of_one)
            for name, one in self._rounds().items():
                tasks.create_task(self._repeat(name, one), name=name)
            desk = RoutingDesk(keys_of(settings.keyring), settings.mail_authserv_id)
            handlers = {
                TAKE: Taker(self._database, self._parsers, route, desk).take,
                SERVE: server.serve,
                RECOVER: Recoverer(self._database).go_on,
                GIVE_UP: GiverUp(self._database).go_on,
                SEND: Postman(self._database, settings).send,
                DIGEST: Gatherer(self._database, settings).tell,
            }
            jobs = run_jobs(self._url, handlers, self.shutdown, connections=settings.pool_size, at_most=_AT_MOST)
            tasks.create_task(jobs, name="jobs")
        await self.close()

    async def close(self) -> None:
        """Let go of the database, and of the processes that parse."""
        await self._parsers.close()
        await self._database.close()

    def _rounds(self) -> dict[str, Round]:
        rounds: dict[str, Round] = {} if self._poller is None else {"inbox": self._poller.poll}
        return rounds | {
            "time": self.drive_time,
            "publisher": self.publish,
            "test clocks": self.resume_test_clocks,
            "sign of life": self._leave_sign,
            "lanes": self.wake_lanes,
            "lost lanes": self.find_lost,
            "lost mail": self.find_lost_mail,
            "housekeeping": self.keep_house,
        }

    async def drive_time(self) -> float:
        """Do what has fallen due on the wall clock."""
        while await run_round(self._database, self._sources, wall_now()) and not self.shutdown.is_set():
            continue
        async with self._database.transaction() as session:
            due = await first_due(session, self._sources, WALL)
        return IDLE if due is None else min(max((due - wall_now()).total_seconds(), 0.01), IDLE)

    async def publish(self) -> float:
        """Publish what was committed."""
        published = await publish(self._database, self._consequences, wall_now(), _PUBLISHED_AT_ONCE)
        return 0 if published == _PUBLISHED_AT_ONCE else IDLE / 5 if published else IDLE

    async def resume_test_clocks(self) -> float:
        """Go on with advances whose process died half-way."""
        wall = wall_now()
        async with self._database.transaction() as session:
            interrupted = await list_interrupted(session, wall - test_clocks.INTERRUPTED_AFTER)
        for clock in interrupted:
            _log.info("resuming an advance", test_clock_id=str(clock.id))
            await test_clocks.go_on(self._database, self._sources, clock.id)
        return test_clocks.INTERRUPTED_AFTER.total_seconds() / 2

    async def wake_lanes(self) -> float:
        """Wake the lanes of endpoints that are to be tried again now."""
        async with self._database.transaction() as session:
            await wake_due(session, wall_now())
        return IDLE

    async def find_lost(self) -> float:
        """Wake lanes anew whose jobs came to nothing, and go on with recoveries and mails whose did."""
        async with self._database.transaction() as session:
            count = await wake_lost(session) + await wake_left_behind(session, wall_now() - _LEFT_AFTER)
            count += await find_lost(session, wall_now())
            if count := count + await go_on_with_lost(session):
                _log.warning("jobs were lost and are enqueued anew", count=count)
        return _LOST_EVERY

    async def find_lost_mail(self) -> float:
        """Enqueue mail anew that was accepted and whose job came to nothing."""
        async with self._database.transaction() as session:
            if count := await enqueue_lost(session, wall_now()):
                _log.warning("mail was left lying and is enqueued anew", count=count)
        return LOST_AFTER.total_seconds()

    async def _leave_sign(self) -> float:
        async with self._database.transaction() as session:
            await leave_sign(session, self._id, wall_now())
        return _SIGN_EVERY

    async def keep_house(self, wall: datetime | None = None) -> float:
        """Make room for the months to come, and forget what was kept for a while only."""
        wall = wall or wall_now()
        await self._make_partitions(wall)  # first: what is forgotten may last
        async with self._database.transaction() as session:
            await session.execute(_FORGET_ANSWERS, {"before": wall - KEPT_FOR})
            await session.execute(_FORGET_JOB_LOG, {"before": wall - timedelta(days=1)})
            await session.execute(_FORGET_SECRETS, {"before": wall})
        log_until = wall - timedelta(days=self._settings.webhook_log_days)
        events_until = wall - timedelta(days=self._settings.event_days)
        await self._drop_months(log_until, events_until)  # a whole month at once, before what is left row by row
        await forget_deliveries(self._database, log_until, self.shutdown)
        await forget_events(self._database, events_until, self.shutdown)
        mail_until = wall - timedelta(days=self._settings.mail_raw_days)
        await forget_bytes(self._database, mail_until, self.shutdown)
        return _HOUSEKEEPING_EVERY

    async def _drop_months(self, log_until: datetime, events_until: datetime) -> None:
        try:
            for name in await drop_months(self._url, log_until, events_until):
                _log.info("dropped a month of which nothing was kept", partition=name)
        except SQLAlchemyError as error:  # not the owner, or somebody reads for long: rows go all the same
            _log.warning("no partitions dropped", error=str(error).splitlines()[0])

    async def _make_partitions(self, wall: datetime) -> None:
        try:
            await make_partitions(self._url, wall)
        except SQLAlchemyError as error:  # there are months of time: the next hour will do, or trunkline migrate
            _log.warning("no partitions made", error=str(error).splitlines()[0])

    async def _repeat(self, name: str, one: Round) -> None:
        while not self.shutdown.is_set():
            try:
                pause = await one()
            except (SQLAlchemyError, OSError) as error:  # the database is away: it comes back, or we are stopped
                _log.warning("will try again", round=name, error=str(error).splitlines()[0])
                pause = _AFTER_FAILURE
            except Exception:  # noqa: BLE001 - a round that fails is logged and tried again
                _log.exception("round failed", round=name)
                pause = _AFTER_FAILURE
            await _wait(self.shutdown, pause)


_FORGET_ANSWERS = text("delete from idempotent_answers where created_at < :before")
_FORGET_SECRETS = text("delete from webhook_secrets where expires_at < :before")
_FORGET_JOB_LOG = text("delete from queue.pgqueuer_log where created < :before and aggregated")


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return


async def run_worker(settings: Settings) -> None:
    """Run a worker until it is told to stop."""
    # What is imported stays; and a batch of a walk makes many small values, none of them in cycles.
    gc.freeze()
    gc.set_threshold(_VALUES_OF_A_BATCH)
    worker = Worker(settings)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, worker.shutdown.set)
    await worker.run()
