"""One mail on standard input, for a mail server that delivers to a program; answered by sysexits.

Whatever is not foreseen ends with EX_TEMPFAIL, upon which a mail server keeps the mail and tries again.
"""

from typing import BinaryIO

import structlog

from app.infra.db import Database
from app.infra.now import wall_now
from app.infra.settings import load_settings
from app.mail.intake import queries
from app.mail.intake.accepting import Gathering, accept

EX_OK, EX_USAGE, EX_NOUSER, EX_TEMPFAIL = 0, 64, 67, 75
_PIECE = 65_536
_log = structlog.get_logger(__name__)


async def deliver(stdin: BinaryIO, recipient: str, sender: str | None) -> int:
    """Accept a mail for a recipient and return the exit code."""
    try:
        return await _deliver(stdin, recipient, sender)
    except Exception as error:  # noqa: BLE001 - the mail server has the mail still, and shall keep it
        said = (str(error).splitlines() or [""])[0]
        _log.error("the mail was not taken: try again later", error=type(error).__name__, said=said)
        return EX_TEMPFAIL


async def _deliver(stdin: BinaryIO, recipient: str, sender: str | None) -> int:
    url = load_settings().database_url
    if url is None:
        raise RuntimeError("DATABASE_URL is not set: name the database of the desk")
    database = Database(url, pool_size=1)
    try:
        async with database.transaction(look=True) as session:
            mailbox = await queries.mailbox_of(session, recipient)
        if mailbox is None:
            _log.error("there is no such mailbox", recipient=recipient)
            return EX_NOUSER
        gathering = Gathering()
        while piece := stdin.read(_PIECE):
            gathering.add(piece)
        envelope_from = None if sender is None else sender.strip("<>")
        if envelope_from == "MAILER-DAEMON":  # how Postfix writes the null sender
            envelope_from = ""
        await accept(database, mailbox, "pipe", envelope_from, [recipient], gathering.raw(), wall_now())
    finally:
        await database.close()
    return EX_OK
