"""Sealing every secret anew with the current key, so that an older one may be dropped; and seeing that none lacks.

Rooms say what they keep sealed (``SealedColumn``); ``app/registry.py`` has the list. A batch is a transaction, and what
is done is known by its key's id: stopped and run again, it goes on with the rest.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.infra.db import Database
from app.infra.keyring import Keyring, SealBroken, key_id_of
from app.infra.settings import SettingsError

BATCH = 500
_NONE = UUID(int=0)
_THERE = text("""
select exists (select from pg_attribute where attrelid = to_regclass(:table) and attname = :name and not attisdropped)
""")
_log = structlog.get_logger(__name__)

Told = Callable[[int, int], None]
"""Is told how much is done, of how much."""


class _Row(Protocol):
    id: UUID


R = TypeVar("R", bound=_Row)


@dataclass(frozen=True, slots=True)
class SealedColumn(Generic[R]):
    """A column of sealed values, and what only its room knows of it."""

    table: type[R]
    name: str
    stale: Callable[[str], ColumnElement[bool]]
    """Which rows a key may not have sealed yet."""
    key_ids: Callable[[AsyncSession], Awaitable[set[str]]]
    """The keys that something in it is sealed with."""
    reseal: Callable[[R, Keyring], bool]
    """Seals a row anew; False if it was sealed with the current key. A row that raises is as it was."""
    whose: Callable[[R], Mapping[str, str]]
    """How the log names a row."""


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


async def rewrap(
    url: str,
    keyring: Keyring,
    columns: Sequence[SealedColumn[Any]],
    told: Told = lambda _done, _total: None,
    size: int = BATCH,
) -> Rewrapped:
    """Seal anew what is not sealed with the current key.

    Raises:
        UnknownKey: a key is missing from the ring; what was done before stays done.
    """
    async with _opened(url) as database:
        async with database.transaction() as session:
            total = sum([await _count(session, column, keyring.current) for column in columns])
        all_of_it = _Batch()
        for column in columns:
            after: UUID | None = _NONE
            while after is not None:
                async with database.transaction() as session:
                    made = await _reseal(session, column, keyring, after, size)
                all_of_it.add(made)
                told(all_of_it.seen, total)
                after = made.last
        async with database.transaction() as session:
            in_use = await key_ids_in_use(session, columns)
        return Rewrapped(all_of_it.done, all_of_it.broken, tuple(sorted(in_use)))


async def check_ring(url: str, keyring: Keyring, columns: Sequence[SealedColumn[Any]]) -> None:
    """See that the ring has every key that sealed something; a database that is behind is for ``/readyz`` to tell.

    Raises:
        SettingsError: one is missing; the text names it.
    """
    async with _opened(url) as database, database.transaction() as session:
        there = [column for column in columns if await _is_there(session, column)]
        missing = sorted(await key_ids_in_use(session, there) - set(keyring.key_ids))
    if missing:
        named = ", ".join(f"'{key_id}'" for key_id in missing)
        raise SettingsError(
            f"TRUNKLINE_SECRET_KEYS lacks the key {named}, which secrets in this database are sealed with:"
            " put it back behind the current one"
        )


async def key_ids_in_use(session: AsyncSession, columns: Sequence[SealedColumn[Any]]) -> set[str]:
    """Return the ids of the keys that something is sealed with."""
    found: set[str] = set()
    for column in columns:
        found |= await column.key_ids(session)
    return found


def legible_key_ids(sealed: Iterable[bytes]) -> set[str]:
    """Return the ids of the keys that sealed these."""
    found = set()
    for value in sealed:
        with suppress(SealBroken):  # what is broken is no key's
            found.add(key_id_of(value))
    return found


@asynccontextmanager
async def _opened(url: str) -> AsyncIterator[Database]:
    database = Database(url, pool_size=1)
    try:
        yield database
    finally:
        await database.close()


async def _is_there(session: AsyncSession, column: SealedColumn[Any]) -> bool:
    return bool(await session.scalar(_THERE, {"table": column.table.__tablename__, "name": column.name}))


async def _count(session: AsyncSession, column: SealedColumn[Any], current: str) -> int:
    """Count the rows that may have to be sealed anew."""
    return await session.scalar(select(func.count()).select_from(column.table).where(column.stale(current))) or 0


async def _reseal(session: AsyncSession, column: SealedColumn[R], keyring: Keyring, after: UUID, size: int) -> _Batch:
    row_id = col(column.table.id)
    query = select(column.table).where(row_id > after, column.stale(keyring.current)).order_by(row_id).limit(size)
    batch = _Batch()
    for row in (await session.scalars(query.with_for_update())).all():
        batch.last, batch.seen = row.id, batch.seen + 1
        try:
            batch.done += column.reseal(row, keyring)
        except SealBroken as error:
            batch.broken += 1
            _log.error("a secret does not open", column=_named(column), **column.whose(row), error=str(error))
    return batch


def _named(column: SealedColumn[Any]) -> str:
    return f"{column.table.__tablename__}.{column.name}"
