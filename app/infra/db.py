"""The database: one pool per database role, and a transaction with a tenant in it.

Row-level security is the floor under every scoped query. A *tenant* connection sees one reseller's rows,
named by ``app.tenant`` for the length of a transaction; an *operator* connection sees all. The role is set
when a connection is made, not per transaction: changing it makes PostgreSQL plan cached statements anew.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from enum import StrEnum

from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

LOOKS = "looks"
# Classes of SQLSTATE: connection, transaction state and rollback, resources, a state that is not so yet, intervention.
_PASSING = frozenset({"08", "25", "40", "53", "55", "57", "58"})
_LOOK = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}


class DatabaseRole(StrEnum):
    """A PostgreSQL role that the program works as; migrations make both."""

    TENANT = "trunkline_tenant"
    OPERATOR = "trunkline_operator"


def async_url(url: str) -> str:
    """Return a database URL in the form that SQLAlchemy's asyncpg dialect takes."""
    return make_url(url).set(drivername="postgresql+asyncpg").render_as_string(hide_password=False)


def driver_url(url: str) -> str:
    """Return a database URL in the form that asyncpg itself takes."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


class Database:
    """Two pools over one database. Close it when done."""

    def __init__(self, url: str, *, pool_size: int = 8) -> None:
        self.url = url
        self._engines = {role: _engine(url, role, pool_size) for role in DatabaseRole}
        self._sessions = {
            role: async_sessionmaker(engine, expire_on_commit=False) for role, engine in self._engines.items()
        }
        # Over the same pools: how a transaction begins is part of its BEGIN, and costs nothing more.
        self._looks = {
            role: async_sessionmaker(engine.execution_options(**_LOOK), expire_on_commit=False, info={LOOKS: True})
            for role, engine in self._engines.items()
        }

    def session(self, role: DatabaseRole = DatabaseRole.OPERATOR, *, look: bool = False) -> AsyncSession:
        """Return a session; its transaction begins with its first statement."""
        return (self._looks if look else self._sessions)[role]()

    @asynccontextmanager
    async def transaction(
        self, role: DatabaseRole = DatabaseRole.OPERATOR, *, look: bool = False
    ) -> AsyncIterator[AsyncSession]:
        """Open a transaction that commits when the block ends and rolls back when it raises.

        One that only looks sees everything as it was at one instant, in however many statements; it neither writes
        nor locks.
        """
        async with self.session(role, look=look) as session, session.begin():
            yield session

    async def close(self) -> None:
        """Close every connection."""
        for engine in self._engines.values():
            await engine.dispose()


def _engine(url: str, role: DatabaseRole, pool_size: int) -> AsyncEngine:
    return create_async_engine(
        async_url(url),
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=10,
        hide_parameters=True,  # they hold what callers wrote, and logs are read by others
        connect_args={
            "server_settings": {
                "role": role.value,
                "timezone": "UTC",
                "application_name": role.value,
                "idle_in_transaction_session_timeout": "600000",
            }
        },
    )


def is_passing(error: Exception) -> bool:
    """Tell whether the database or the way to it is to blame, and not what was asked of it: another try may pass."""
    if isinstance(error, DBAPIError):
        state = str(getattr(error.orig, "sqlstate", None) or "")
        return error.connection_invalidated or isinstance(error, InterfaceError) or state[:2] in _PASSING
    return isinstance(error, OSError | PoolTimeout)


def after_commit(session: AsyncSession, act: Callable[[], None]) -> None:
    """Do something once a session's transaction is committed, and nothing if it is not."""
    event.listen(session.sync_session, "after_commit", lambda _: act(), once=True)


def only_looks(session: AsyncSession) -> bool:
    """Tell whether a session's transaction sees one instant and locks nothing."""
    return LOOKS in session.info
