"""The job library behind one thin port: enqueue in a transaction, and run the jobs.

The library is pgqueuer (see docs/decisions). It runs a job at least once, on any worker, and takes over those of
a killed one within seconds. A handler therefore locks the row that it serves and looks at the truth first.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Self

import asyncpg
import pgqueuer
import structlog
from pgqueuer.adapters.persistence import qb, schema_ddl
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.core.tm import TaskManager
from pgqueuer.domain.settings import DBSettings
from pgqueuer.models import Job as LibraryJob
from pgqueuer.ports.driver import Driver, NotifyCallback
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from app.infra.db import DatabaseRole, driver_url
from app.infra.queue_driver import ListeningDriver

SCHEMA = "queue"
_log = structlog.get_logger(__name__)
_SETTINGS = DBSettings(db_schema=SCHEMA)
_HEARTBEAT = timedelta(seconds=10)
_POLL = timedelta(seconds=5)
_BATCH = 20
TASKS_PER_CONNECTION = 32
_LONGEST_PAUSE = 60  # seconds
# The database or the network was away or busy: another try may pass.
_PASSING = (SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError)
_WAITING = "select payload from queue.pgqueuer where status in ('queued', 'picked') and payload = any($1)"
_UNLIMITED: Mapping[str, int] = {}
_ONLY_ENQUEUES = "a session is here to enqueue with: NOTIFY would serialise commits"

Handler = Callable[[str], Awaitable[None]]
"""Takes a job's argument, a short text such as an id."""


@dataclass(frozen=True, slots=True)
class Job:
    """A job to enqueue: which handler, with what, and how long from now."""

    kind: str
    argument: str
    delay: timedelta = timedelta(0)


def install_script() -> str:
    """Return the SQL that makes the library's schema."""
    return schema_ddl.render_install(_SETTINGS)


def uninstall_script() -> str:
    """Return the SQL that removes the library's objects."""
    return schema_ddl.render_uninstall(_SETTINGS)


def _queries(driver: Driver) -> Queries:
    return Queries(
        driver,
        qbe=qb.QueryBuilderEnvironment(_SETTINGS),
        qbq=qb.QueryQueueBuilder(_SETTINGS),
        qbs=qb.QuerySchedulerBuilder(_SETTINGS),
    )


class _SessionDriver(Driver):
    """The library's driver over a session, so that a job is born in the session's own transaction.

    It goes through ``exec_driver_sql``: a statement sent to asyncpg directly before the session's first one would
    be committed by itself and survive a rollback.
    """

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def fetch(self, query: str, *args: object) -> list[dict[str, object]]:
        connection = await self._session.connection()
        result = await connection.exec_driver_sql(query, args)
        return [dict(row) for row in result.mappings().all()]

    async def execute(self, query: str, *args: object) -> str:
        connection = await self._session.connection()
        return str((await connection.exec_driver_sql(query, args)).rowcount)

    async def notify(self, channel: str, payload: str) -> None:
        raise NotImplementedError(_ONLY_ENQUEUES)

    async def add_listener(self, channel: str, callback: NotifyCallback) -> None:
        raise NotImplementedError(_ONLY_ENQUEUES)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Leave the session to its owner."""

    @property
    def shutdown(self) -> asyncio.Event:
        return asyncio.Event()

    @property
    def tm(self) -> TaskManager:
        return TaskManager()


async def enqueue(session: AsyncSession, jobs: Sequence[Job]) -> None:
    """Add jobs to the session's transaction, all in one statement."""
    if jobs:
        await _queries(_SessionDriver(session)).enqueue(
            [job.kind for job in jobs],
            [job.argument.encode() for job in jobs],
            [0] * len(jobs),
            [job.delay for job in jobs],
        )


async def waiting(session: AsyncSession, jobs: Sequence[Job]) -> set[str]:
    """Return the arguments of those of the jobs that are queued or being run."""
    rows = await _SessionDriver(session).fetch(_WAITING, [job.argument.encode() for job in jobs])
    return {bytes(row["payload"]).decode() for row in rows}  # type: ignore[call-overload]  # a bytea


async def run_jobs(
    url: str,
    handlers: Mapping[str, Handler],
    shutdown: asyncio.Event,
    *,
    connections: int,
    at_most: Mapping[str, int] = _UNLIMITED,
) -> None:
    """Run jobs until shutdown; starts again by itself when the database goes away and comes back.

    ``connections`` is how many the handlers share: with far more of them than that, they would wait for each other.
    ``at_most`` says how many jobs of a kind all workers together run at once, so that no kind takes every place.
    """
    most = connections * TASKS_PER_CONNECTION

    @asynccontextmanager
    async def manager() -> AsyncIterator[pgqueuer.PgQueuer]:
        # What the library writes may be lost with the server's last moment: a job is run again, or found to be missing.
        settings = {
            "role": DatabaseRole.OPERATOR.value,
            "application_name": "trunkline_jobs",
            "synchronous_commit": "off",
        }
        async with asyncpg.create_pool(driver_url(url), min_size=2, max_size=4, server_settings=settings) as pool:
            driver = ListeningDriver(pool)
            app = pgqueuer.PgQueuer(driver, queries=_queries(driver))
            for kind, handler in handlers.items():
                app.entrypoint(kind, on_failure="hold", concurrency_limit=at_most.get(kind, 0))(_entrypoint(handler))
            yield app

    await pgqueuer.run(
        manager,
        dequeue_timeout=_POLL,
        batch_size=min(_BATCH, most // 2),
        heartbeat_timeout=_HEARTBEAT,
        max_concurrent_tasks=most,
        shutdown_on_listener_failure=True,
        restart_on_failure=True,
        restart_delay=timedelta(seconds=1),
        shutdown=shutdown,
    )


def _entrypoint(handler: Handler) -> Callable[[LibraryJob], Awaitable[None]]:
    async def run(job: LibraryJob) -> None:
        try:
            await handler((job.payload or b"").decode())
        except _PASSING as error:  # a job that fails otherwise is held, for somebody to look at
            pause = timedelta(seconds=min(2**job.attempts, _LONGEST_PAUSE))
            _log.warning(
                "job will be tried again", kind=job.entrypoint, attempts=job.attempts, error=type(error).__name__
            )
            raise pgqueuer.RetryRequested(pause, type(error).__name__) from error

    return run
