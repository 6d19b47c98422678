"""Before a process begins: whether its database is there."""

import asyncpg
from sqlalchemy.engine import make_url

from app.infra.db import driver_url
from app.infra.settings import SettingsError

_PATIENCE = 10.0


async def reach(url: str) -> None:
    """Connect to the database once.

    Raises:
        SettingsError: there is none; the text says where, and never the password.
    """
    try:
        connection = await asyncpg.connect(driver_url(url), timeout=_PATIENCE)
    except (OSError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        named = make_url(url)
        where = f"{named.database or ''} at {named.host or 'the local socket'}:{named.port or 5432}"
        said = (str(error).splitlines() or [type(error).__name__])[0]
        raise SettingsError(f"DATABASE_URL: the database {where} is not to be reached: {said}") from None
    await connection.close()
