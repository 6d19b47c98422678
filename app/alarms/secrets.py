"""The secrets of sources: each is sealed for its own row, and opened to check a signature or to be sealed anew."""

from uuid import UUID

from sqlalchemy import ColumnElement, func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.alarms import queries
from app.alarms.models import AlarmSource
from app.infra.ids import encode
from app.infra.keyring import Keyring, head_of
from app.infra.rewrapping import SealedColumn, legible_key_ids


def sealed(keyring: Keyring, source_id: UUID, secret: str) -> bytes:
    """Return a secret as it is kept."""
    return keyring.seal(secret.encode("ascii"), _binding(source_id))


def opened(keyring: Keyring, source_id: UUID, kept: bytes) -> str:
    """Return a secret as it was made.

    Raises:
        UnknownKey: it is sealed with a key that is not on the ring.
        SealBroken: the row was changed by somebody else.
    """
    return keyring.open(kept, _binding(source_id)).decode("ascii")


def _binding(source_id: UUID) -> bytes:
    return b"alarm_sources:" + source_id.bytes


def _stale(current: str) -> ColumnElement[bool]:
    head = head_of(current)
    return func.substring(col(AlarmSource.secret), 1, len(head)) != head


async def _key_ids(session: AsyncSession) -> set[str]:
    return legible_key_ids(await queries.sealed_secrets(session))


def _reseal(row: AlarmSource, keyring: Keyring) -> bool:
    row.secret = sealed(keyring, row.id, opened(keyring, row.id, row.secret))
    return True


SECRETS = SealedColumn(
    AlarmSource,
    "secret",
    stale=_stale,
    key_ids=_key_ids,
    reseal=_reseal,
    whose=lambda row: {"source_id": encode("als", row.id)},
)
