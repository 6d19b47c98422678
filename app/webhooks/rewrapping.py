"""Sealing every secret anew with the current key, so that an older one may be dropped; and seeing that none lacks.

A batch is a transaction, and what is done is known by its key's id: stopped and run again, it goes on with the rest.
"""

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from uuid import UUID

import structlog
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.infra.db import Database
from app.infra.ids import encode
from app.infra.keyring import Keyring, SealBroken, key_id_of
from app.infra.settings import SettingsError
from app.webhooks import custom_headers, secrets
from app.webhooks.models import WebhookEndpoint, WebhookSecret

BATCH = 500
_NONE = UUID(int=0)
_log = structlog.get_logger(__name__)

Told = Callable[[int, int], None]
"""Is told how much is done, of how much."""


@dataclass(frozen=True, slots=True)
class Rewrapped:
    """What came of it: how many rows were sealed anew, how many could not be, and which keys still seal something."""

    done: int
    broken: int
    in_use: tuple[str, ...]

    def said(self, keyring: Keyring) -> str:
        """Say it to a person."""
        free = [key_id for key_id in keyring.key_ids[1:] if key_id not in self.in_use]
        lines = [f"{self.done} sealed anew with the key '{keyring.current}'."]
        if self.broken:
            lines.append(f"{self.broken} could not be opened and are as they were; the log names each.")
        lines.append(f"Keys in use: {', '.join(self.in_use) or 'none'}.")
        if free:
            lines.append(f"No longer needed, except for older backups: {', '.join(free)}.")
        return "\n".join(lines)


@dataclass(slots=True)
class _Batch:
    """What was looked at, up to which row; how much was sealed anew, and how much does not open."""

    last: UUID | None = None
    seen: int = 0
    done: int = 0
    broken: int = 0

    def add(self, other: "_Batch") -> None:
        self.seen, self.done, self.broken = self.seen + other.seen, self.done + other.done, self.broken + other.broken


async def rewrap(url: str, keyring: Keyring, told: Told = lambda _done, _total: None, size: int = BATCH) -> Rewrapped:
    """Seal anew what is not sealed with the current key.

    Raises:
        UnknownKey: a key is missing from the ring; what was done before stays done.
    """
    async with _opened(url) as database:
        async with database.transaction() as session:
            total = await _count(session, keyring.current)
        all_of_it = _Batch()
        for one_batch in (_secrets, _endpoints):
            after: UUID | None = _NONE
            while after is not None:
                async with database.transaction() as session:
                    made = await one_batch(session, keyring, after, size)
                all_of_it.add(made)
                told(all_of_it.seen, total)
                after = made.last
        async with database.transaction() as session:
            in_use = await key_ids_in_use(session)
        return Rewrapped(all_of_it.done, all_of_it.broken, tuple(sorted(in_use)))


async def check_ring(url: str, keyring: Keyring) -> None:
    """See that the ring has every key that sealed something; a database that is behind is for ``/readyz`` to tell.

    Raises:
        SettingsError: one is missing; the text names it.
    """
    async with _opened(url) as database, database.transaction() as session:
        if await session.scalar(select(func.to_regclass("webhook_secrets"))) is None:
            return
        missing = sorted(await key_ids_in_use(session) - set(keyring.key_ids))
    if missing:
        named = ", ".join(f"'{key_id}'" for key_id in missing)
        raise SettingsError(
            f"TRUNKLINE_SECRET_KEYS lacks the key {named}, which secrets in this database are sealed with:"
            " put it back behind the current one"
        )


async def key_ids_in_use(session: AsyncSession) -> set[str]:
    """Return the ids of the keys that something is sealed with."""
    found = set((await session.scalars(select(col(WebhookSecret.key_id)).distinct())).all())
    kept = select(col(WebhookEndpoint.headers)).where(col(WebhookEndpoint.headers) != {})
    for headers in (await session.scalars(kept)).all():
        found |= _key_ids(headers.values())
    return found


def _key_ids(kept: Iterable[str]) -> set[str]:
    found = set()
    for value in kept:
        with suppress(SealBroken):  # what is broken is no key's
            found.add(key_id_of(custom_headers.bytes_of(value)))
    return found


@asynccontextmanager
async def _opened(url: str) -> AsyncIterator[Database]:
    database = Database(url, pool_size=1)
    try:
        yield database
    finally:
        await database.close()


async def _count(session: AsyncSession, current: str) -> int:
    """Count the rows that may have to be sealed anew."""
    mine = select(func.count()).select_from(WebhookSecret).where(col(WebhookSecret.key_id) != current)
    theirs = select(func.count()).select_from(WebhookEndpoint).where(col(WebhookEndpoint.headers) != {})
    return (await session.scalar(mine) or 0) + (await session.scalar(theirs) or 0)


async def _secrets(session: AsyncSession, keyring: Keyring, after: UUID, size: int) -> _Batch:
    query = (
        select(WebhookSecret)
        .where(col(WebhookSecret.id) > after, col(WebhookSecret.key_id) != keyring.current)
        .order_by(col(WebhookSecret.id))
        .limit(size)
        .with_for_update()
    )
    batch = _Batch()
    for row in (await session.scalars(query)).all():
        batch.last, batch.seen = row.id, batch.seen + 1
        try:
            plain = secrets.opened(keyring, row)
        except SealBroken as error:
            batch.broken += 1
            _log.error("a secret does not open", endpoint_id=encode("whe", row.endpoint_id), error=str(error))
            continue
        row.sealed = keyring.seal(plain.encode("ascii"), secrets.binding(row.endpoint_id, row.id, row.scheme))
        row.key_id = keyring.current
        batch.done += 1
    return batch


async def _endpoints(session: AsyncSession, keyring: Keyring, after: UUID, size: int) -> _Batch:
    query = (
        select(WebhookEndpoint)
        .where(col(WebhookEndpoint.id) > after, col(WebhookEndpoint.headers) != {})
        .order_by(col(WebhookEndpoint.id))
        .limit(size)
        .with_for_update()
    )
    batch = _Batch()
    for row in (await session.scalars(query)).all():
        batch.last, batch.seen = row.id, batch.seen + 1
        if _key_ids(row.headers.values()) == {keyring.current}:
            continue
        try:
            plain = custom_headers.opened(row.headers, keyring, row.id)
        except SealBroken as error:
            batch.broken += 1
            _log.error("header fields do not open", endpoint_id=encode("whe", row.id), error=str(error))
            continue
        row.headers = custom_headers.changed({}, plain, keyring, row.id)
        batch.done += 1
    return batch
