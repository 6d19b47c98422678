"""Taking a mail: parsed outside of any transaction, then brought to its ticket in one, or held with a reason.

A mail is ``received`` until that transaction commits, so that a process killed anywhere leaves it to the next.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from app.infra.db import Database, is_passing
from app.infra.ids import encode
from app.infra.now import wall_now
from app.infra.queue import enqueue
from app.mail.intake import queries
from app.mail.intake.accepting import job_of
from app.mail.intake.routing import RoutingDesk
from app.mail.intake.summary import summary_of
from app.mail.models import InboundMail, Mailbox
from app.mail.parsing.parsed import ParsedMail, TooMuch
from app.mail.parsing.process import ParserFailed

MOST_ATTEMPTS = 5
_AT_ONCE = 4  # each holds the bytes of a mail
_FAILED = {
    "parse_timeout": "reading the mail took too long; its bytes are kept as they came",
    "parse_failed": "reading the mail came to nothing; its bytes are kept as they came",
}
_log = structlog.get_logger(__name__)

Router = Callable[[AsyncSession, InboundMail, Mailbox, ParsedMail, RoutingDesk], Awaitable[None]]


class Parser(Protocol):
    """Reads mails in a process of its own."""

    async def parse(self, raw: bytes, accepted_at: datetime | None = None) -> ParsedMail:
        """Parse a mail, or raise TooMuch or ParserFailed."""


class Taker:
    """Takes mails; one per process."""

    def __init__(self, database: Database, parser: Parser, router: Router, desk: RoutingDesk) -> None:
        self._database = database
        self._parser = parser
        self._router = router
        self._desk = desk
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def take(self, argument: str) -> None:
        """Take the mail that a job names; one that was taken already stays as it is."""
        async with self._places:
            await self._take(UUID(argument))

    async def _take(self, mail_id: UUID) -> None:
        async with self._database.transaction(look=True) as session:
            mail = await queries.find_mail(session, mail_id)
            if mail is None or mail.state != "received":
                return
            raw = await queries.bytes_of(session, mail_id)
        if raw is None:
            await self._hold(mail_id, "parse_failed", "the bytes of the mail are no longer kept")
            return
        try:
            parsed = await self._parser.parse(raw, mail.accepted_at)
        except TooMuch as error:
            await self._hold(mail_id, error.reason, str(error))
        except ParserFailed as error:
            await self._hold(mail_id, error.reason, _FAILED[error.reason])
        else:
            await self._route(mail_id, parsed)

    async def _route(self, mail_id: UUID, parsed: ParsedMail) -> None:
        try:
            async with self._database.transaction() as session:
                mail = await _lock_received(session, mail_id)
                if mail is None:
                    return
                await self._bring(session, mail, parsed)
        except Exception as error:
            if is_passing(error):
                raise  # no fault of the mail's: the job is run again
            _log.exception("a mail was not brought to its ticket", mail_id=encode("iml", mail_id))
            await self._count(mail_id, error)

    async def _bring(self, session: AsyncSession, mail: InboundMail, parsed: ParsedMail) -> None:
        mailbox = await queries.find_mailbox(session, mail.mailbox_id)
        assert mailbox is not None, "mailboxes are never removed"
        mail.read, mail.body_text, mail.body_html = summary_of(parsed), parsed.text, parsed.html
        mail.message_key = parsed.message_id or f"{mail.sha256.hex()}@sha256.invalid"
        mail.body_sha256 = parsed.body_sha256
        mail.sender = None if parsed.author is None else parsed.author.address.lower()
        await self._router(session, mail, mailbox, parsed, self._desk)
        if mail.state == "received":
            raise RuntimeError("routing left a mail where it was")
        mail.finished_at = mail.finished_at or wall_now()

    async def _hold(self, mail_id: UUID, reason: str, detail: str) -> None:
        async with self._database.transaction() as session:
            if mail := await _lock_received(session, mail_id):
                _held(mail, reason, detail)

    async def _count(self, mail_id: UUID, error: Exception) -> None:
        """Count a failure, and try again later or let staff see it."""
        async with self._database.transaction() as session:
            mail = await _lock_received(session, mail_id)
            if mail is None:
                return
            mail.attempts += 1
            if mail.attempts < MOST_ATTEMPTS:
                await enqueue(session, [job_of(mail_id, timedelta(seconds=4**mail.attempts))])
            else:
                _held(mail, "routing_failed", f"{mail.attempts} attempts failed, the last with {type(error).__name__}")


async def _lock_received(session: AsyncSession, mail_id: UUID) -> InboundMail | None:
    mail = await queries.lock_mail(session, mail_id)
    return mail if mail is not None and mail.state == "received" else None


def _held(mail: InboundMail, reason: str, detail: str) -> None:
    mail.state, mail.reason, mail.detail, mail.finished_at = "held", reason, detail, wall_now()
