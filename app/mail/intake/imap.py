"""The second way in: an inbox that is looked into every 30 seconds.

A mail is fetched without being marked, committed, and only then marked as seen: a crash between the two brings the same
bytes again, which are the same mail.
"""

import asyncio
import imaplib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import parse_qs, unquote, urlsplit

import structlog
from imap_tools import BaseMailBox, ImapToolsError, MailBox, MailBoxStartTls, MailBoxUnencrypted, MailMessageFlags

from app.infra.db import Database
from app.infra.now import wall_now
from app.mail.intake import queries
from app.mail.intake.accepting import MOST_BYTES, STUB_BYTES, Raw, accept, raw_of
from app.mail.intake.headers import delivered_to, return_path
from app.mail.models import Mailbox

EVERY = 30.0
_LONGEST_PAUSE = 600.0
_TIMEOUT = 60.0
_KINDS = {"imaps": MailBox, "imap+starttls": MailBoxStartTls, "imap": MailBoxUnencrypted}
_PORTS = {"imaps": 993, "imap+starttls": 143, "imap": 143}
_SIZE = re.compile(rb"RFC822\.SIZE (\d+)", re.IGNORECASE)
_GONE = (imaplib.IMAP4.abort, OSError, EOFError)
_REFUSALS = (imaplib.IMAP4.error, ImapToolsError)
_Answer = TypeVar("_Answer")
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Inbox:
    """Where mail lies, and the address of the mailbox of ours for mail that names none."""

    kind: str
    host: str
    port: int
    user: str
    password: str
    folder: str
    address: str | None

    @classmethod
    def of(cls, url: str) -> "Inbox":
        """Read ``imaps://user:password@host:993/INBOX?mailbox=support@example.com``."""
        parts = urlsplit(url)
        address = parse_qs(parts.query).get("mailbox", [None])[0]
        return cls(
            parts.scheme,
            parts.hostname or "",
            parts.port or _PORTS[parts.scheme],
            unquote(parts.username or ""),
            unquote(parts.password or ""),
            unquote(parts.path.strip("/")) or "INBOX",
            address,
        )

    def open(self) -> BaseMailBox:
        """Sign in."""
        box: BaseMailBox = _KINDS[self.kind](self.host, self.port, timeout=_TIMEOUT)
        try:
            return box.login(self.user, self.password, initial_folder=self.folder)
        except BaseException:
            box.client.shutdown()
            raise


class _Away(Exception):  # noqa: N818 - what the inbox is; an OSError may be the database's as well
    """The inbox cannot be reached, or the connection to it is gone."""


class Poller:
    """Brings what an inbox holds to the desk; one per process, and several do no harm to each other."""

    def __init__(self, database: Database, url: str) -> None:
        self._database = database
        self._inbox = Inbox.of(url)
        self._failures = 0
        self._refused: set[str] = set()

    async def poll(self) -> float:
        """Bring what is new, and return how long to wait until the next time."""
        try:
            await self._bring_all()
        except (_Away, *_REFUSALS) as error:
            self._failures += 1
            pause = min(EVERY * float(1 << min(self._failures, 10)), _LONGEST_PAUSE)
            _log.warning("the inbox is not to be read", error=_said(error), again_in_seconds=pause)
            return pause
        self._failures = 0
        return EVERY

    async def _bring_all(self) -> None:
        box = await _ask(self._inbox.open)
        try:
            for uid in await _ask(box.uids, "UNSEEN"):
                await self._bring_one(box, uid)
        finally:
            await _ask(_leave, box)

    async def _bring_one(self, box: BaseMailBox, uid: str) -> None:
        """Bring a mail; what is wrong with one is no reason to leave the others."""
        try:
            raw = await _ask(_fetch, box, uid)
        except (*_REFUSALS, LookupError) as error:
            self._leave_unseen(uid, _said(error))
            return
        mailbox, recipients = await self._mailbox_of(raw.content)
        if mailbox is None:
            self._leave_unseen(uid, "no mailbox of the desk's is named, by the mail or by the setting")
            return
        await accept(self._database, mailbox, "imap", return_path(raw.content), recipients, raw, wall_now())
        await _ask(box.flag, uid, MailMessageFlags.SEEN, True)

    async def _mailbox_of(self, content: bytes) -> tuple[Mailbox | None, list[str]]:
        named = delivered_to(content)
        async with self._database.transaction(look=True) as session:
            for address in [*named, *filter(None, [self._inbox.address])]:
                if mailbox := await queries.mailbox_of(session, address):
                    return mailbox, named or [mailbox.address]
        return None, named

    def _leave_unseen(self, uid: str, why: str) -> None:
        if uid not in self._refused:
            self._refused.add(uid)
            _log.warning("a mail stays in the inbox", uid=uid, why=why)


async def _ask(call: Callable[..., _Answer], *arguments: Any) -> _Answer:
    try:
        return await asyncio.to_thread(call, *arguments)
    except _GONE as error:
        raise _Away(_said(error)) from error


def _fetch(box: BaseMailBox, uid: str) -> Raw:
    """Fetch a mail without marking it; of one that is too large, the beginning."""
    client = box.client
    size = _size(client.uid("fetch", uid, "(RFC822.SIZE)")[1])
    part = f"<0.{STUB_BYTES}>" if size > MOST_BYTES else ""
    _, answer = client.uid("fetch", uid, f"(BODY.PEEK[]{part})")
    content = next((bytes(one[1]) for one in answer if isinstance(one, tuple)), None)
    if content is None:
        raise LookupError("the mail is gone")
    whole = raw_of(content)
    return whole if not part else Raw(whole.content, size, whole.sha256)


def _size(answer: list[Any]) -> int:
    told = _SIZE.search(answer[0] or b"")
    if told is None:
        raise LookupError("the mail is gone")
    return int(told[1])


def _leave(box: BaseMailBox) -> None:
    try:
        box.logout()
    except (*_GONE, *_REFUSALS):
        return


def _said(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
