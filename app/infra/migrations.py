"""Bringing a database to the head of the migrations, and telling whether it is there."""

from datetime import datetime
from pathlib import Path
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from alembic import command
from app.infra.db import async_url
from app.infra.keyring import Keyring
from app.infra.partitions import ensure_partitions

_SCRIPTS = Path(__file__).parents[2] / "alembic"
_NOT_PERMITTED = "42501"
_RIGHTS = (
    "the database user '{user}' may not do what a migration takes ({said}). It must own the database, and either have"
    " CREATEROLE or, where the roles are there already, hold them: let a superuser"
    ' "grant trunkline_tenant, trunkline_operator to {user}"'
)
_LOCK = 7_310_559  # any number that is ours: two processes that migrate at once take turns


def _config(connection: Connection | None = None, keyring: Keyring | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.attributes["connection"] = connection
    config.attributes["keyring"] = keyring
    return config


def include_object(item: object, name: str | None, kind: str, reflected: bool, against: object) -> bool:  # noqa: ARG001 - Alembic's signature
    """Leave partitions and their indexes out of comparisons: they are made by the month, not by a migration."""
    return not (reflected and name is not None and "_p_" in name)


class DatabaseUnready(Exception):  # noqa: N818 - a state, which somebody mends
    """A database that cannot be worked with as it is; the text says what to do."""


async def check_migrated(url: str) -> None:
    """Find out whether a database was ever migrated; one that is behind is for ``/readyz`` to tell.

    Raises:
        DatabaseUnready: it was not.
    """
    engine = create_async_engine(async_url(url))
    try:
        async with engine.connect() as connection:
            if await connection.scalar(text("select to_regclass('alembic_version')")) is None:
                raise DatabaseUnready("the database is not migrated: run 'trunkline migrate' first")
    finally:
        await engine.dispose()


async def migrate(url: str, wall: datetime, keyring: Keyring | None = None) -> None:
    """Bring a database to head; safe to run from several processes at once.

    ``keyring`` seals what an older release kept readable.

    Raises:
        DatabaseUnready: the database user may not do what it takes, or there is something to seal and no key.
    """
    engine = create_async_engine(async_url(url))
    try:
        async with engine.connect() as connection:
            await connection.execute(text("select pg_advisory_lock(:lock)"), {"lock": _LOCK})
            await connection.commit()
            await connection.run_sync(lambda sync: command.upgrade(_config(sync, keyring), "head"))
            await ensure_partitions(connection, wall)
            await connection.commit()
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != _NOT_PERMITTED:
            raise
        raise DatabaseUnready(_RIGHTS.format(said=error.orig, user=engine.url.username)) from error
    finally:
        await engine.dispose()


async def drift(url: str, metadata: MetaData) -> list[Any]:
    """Return the differences between a migrated database and the tables that the code declares."""
    engine = create_async_engine(async_url(url))

    def compare(sync: Connection) -> list[Any]:
        context = MigrationContext.configure(sync, opts={"include_object": include_object, "compare_type": True})
        return list(compare_metadata(context, metadata))

    try:
        async with engine.connect() as connection:
            return await connection.run_sync(compare)
    finally:
        await engine.dispose()


def head() -> str | None:
    """Return the newest revision that the code knows."""
    return ScriptDirectory.from_config(_config()).get_current_head()
