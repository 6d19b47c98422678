"""The bytes of mail are kept for a while only; what was read of it stays. Held mail keeps them for as long as it is."""

from asyncio import Event as Signal
from datetime import datetime

import structlog

from app.infra.db import Database
from app.mail.intake import queries

_AT_ONCE = 200
_log = structlog.get_logger(__name__)


async def forget_bytes(database: Database, until: datetime, stop: Signal) -> int:
    """Let go of the bytes of mail that is over and was accepted before an instant; return of how many."""
    total, full = 0, True
    while full and not stop.is_set():
        async with database.transaction() as session:
            count = await queries.drop_bytes(session, until, _AT_ONCE)
        total, full = total + count, count == _AT_ONCE
    if total:
        _log.info("the bytes of mail were forgotten", count=total)
    return total
