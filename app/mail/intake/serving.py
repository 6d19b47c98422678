"""The process that listens for mail."""

import asyncio
import signal
import sys

from app.infra.db import Database
from app.infra.settings import Settings
from app.mail.intake.lmtp import Listener


async def serve_lmtp(settings: Settings, host: str, port: int, socket: str | None) -> None:
    """Listen until told to stop, and end what is under way first."""
    shutdown = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, shutdown.set)
    database = Database(str(settings.database_url), pool_size=settings.pool_size)
    try:
        await Listener(database).run(host, port, socket, shutdown, _greet)
    finally:
        await database.close()


def _greet(where: str) -> None:
    sys.stderr.write(f"Mail is taken by LMTP at {where}\n")
