"""A mail is accepted once its bytes are committed, with the job that takes it; all else is done later."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.infra.db import Database
from app.infra.ids import new_id
from app.infra.queue import Job, enqueue, waiting
from app.mail.intake import queries
from app.mail.models import Mailbox

TAKE = "mail.take"
MOST_BYTES = 25 * 1024 * 1024
STUB_BYTES = 128 * 1024
LOST_AFTER = timedelta(seconds=30)
_AT_ONCE = 500

Source = Literal["lmtp", "pipe", "imap"]


@dataclass(frozen=True, slots=True)
class Raw:
    """The bytes of a mail; of one that is too large its beginning alone, with the size and the hash of all of it."""

    content: bytes
    size: int
    sha256: bytes

    @property
    def truncated(self) -> bool:
        """Whether not all of it is kept."""
        return self.size > len(self.content)


class Gathering:
    """Takes a mail piece by piece, and never holds more of it than a mail may have."""

    def __init__(self) -> None:
        self._kept = bytearray()
        self._hash = sha256()
        self._size = 0

    def add(self, piece: bytes) -> None:
        """Take the next bytes."""
        self._hash.update(piece)
        self._size += len(piece)
        if self._size <= MOST_BYTES:
            self._kept += piece
        elif len(self._kept) != STUB_BYTES:
            self._kept = (self._kept + piece)[:STUB_BYTES]

    def raw(self) -> Raw:
        """Return what was gathered."""
        return Raw(bytes(self._kept), self._size, self._hash.digest())


def raw_of(content: bytes) -> Raw:
    """Return a mail of which all bytes are at hand."""
    gathering = Gathering()
    gathering.add(content)
    return gathering.raw()


async def accept(
    database: Database,
    mailbox: Mailbox,
    source: Source,
    envelope_from: str | None,
    envelope_to: Sequence[str],
    raw: Raw,
    wall: datetime,
) -> UUID:
    """Commit a mail and return its id; the same bytes at the same mailbox are one mail, however often they come.

    ``envelope_from`` is None where it is not known, and empty for the null sender.
    """
    mail_id = new_id()
    values: dict[str, object] = {
        "reseller_id": mailbox.reseller_id,
        "id": mail_id,
        "mailbox_id": mailbox.id,
        "source": source,
        "envelope_from": None if envelope_from is None else storable(envelope_from),
        "envelope_to": [storable(address) for address in envelope_to],
        "raw": raw.content,
        "size": raw.size,
        "truncated": raw.truncated,
        "sha256": raw.sha256,
        "accepted_at": wall,
    }
    if raw.truncated:
        detail = f"the mail has {raw.size} bytes, more than {MOST_BYTES}: the first {len(raw.content)} of it are kept"
        values |= {"state": "held", "reason": "too_large", "detail": detail, "finished_at": wall}
    async with database.transaction() as session:
        if not await queries.add_mail(session, values):
            return await queries.id_of_content(session, mailbox.id, raw.sha256)
        if not raw.truncated:
            await enqueue(session, [job_of(mail_id)])
    return mail_id


async def enqueue_lost(session: AsyncSession, wall: datetime) -> int:
    """Enqueue anew what was accepted a while ago and has no job; return how many."""
    jobs = [job_of(mail_id) for mail_id in await queries.lock_left(session, wall - LOST_AFTER, _AT_ONCE)]
    known = await waiting(session, jobs)
    lost = [job for job in jobs if job.argument not in known]
    await enqueue(session, lost)
    return len(lost)


def job_of(mail_id: UUID, delay: timedelta = timedelta(0)) -> Job:
    """Return the job that takes a mail."""
    return Job(TAKE, str(mail_id), delay)


def storable(text: str) -> str:
    """Return an address or a word of a mail server's as a text that the database can hold."""
    return text.encode("utf-8", "replace").decode().replace("\x00", "")
