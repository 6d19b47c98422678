"""Idempotency keys: the claim and the answer are rows in the transaction of the effect itself.

So an effect without its answer, or an answer without its effect, cannot be. The semantics follow
draft-ietf-httpapi-idempotency-key-header-07; keys are kept for 24 hours.
"""

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from python_multipart.multipart import parse_options_header
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.principals import Principal
from app.auth.sealing import seal, unseal
from app.infra.problems import IdempotencyInProgress, IdempotencyKeyReused, ValidationFailed

KEPT_FOR = timedelta(hours=24)
_LONGEST = 255
_KEPT_HEADERS = {"location", "etag", "content-type"}

# One statement: the advisory lock tells a request under way (it holds the lock until it ends) from an old one.
_CLAIM = text("""
insert into idempotent_answers (reseller_id, key, fingerprint, created_at)
select :reseller_id, :key, :fingerprint, :now
 where pg_try_advisory_xact_lock(hashtextextended(:lock, 0))
on conflict (reseller_id, key) do update
   set fingerprint = excluded.fingerprint, status = null, headers = null, body = null, created_at = excluded.created_at
 where idempotent_answers.created_at < :expired
returning key
""")
_FIND = text("""
select fingerprint, status, headers, body from idempotent_answers
 where reseller_id = :reseller_id and key = :key and created_at >= :expired
""")
_STORE = text("""
update idempotent_answers set status = :status, headers = cast(:headers as jsonb), body = :body
 where reseller_id = :reseller_id and key = :key
""")


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """The first answer to a request."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Asked:
    """A request under an idempotency key: whose, and what makes two such requests the same one.

    An answer is for the API key that it was given to: ``secret`` is that key, which the stored answer is sealed with.
    """

    reseller_id: UUID
    key: str
    fingerprint: bytes
    secret: str = field(repr=False)


def asked(caller: Principal, secret: str, key: str, method: str, path: str, body: bytes) -> Asked:
    """Return a request as its key stands for it.

    Raises:
        ValidationFailed: the key is not of the form that a key has.
    """
    if not key.isascii() or not key.isprintable() or not 1 <= len(key) <= _LONGEST:
        raise ValidationFailed.at("/Idempotency-Key", f"1 to {_LONGEST} printable ASCII characters")
    told_apart_by = (caller.key_id.bytes, method.encode(), path.encode(), body)
    return Asked(caller.reseller_id, key, hashlib.sha256(b"\x00".join(told_apart_by)).digest(), secret)


def without_boundary(body: bytes, content_type: str) -> bytes:
    """Return a body as it is compared: of a form with files, the boundary is drawn anew each time it is sent."""
    kind, options = parse_options_header(content_type)
    boundary = options.get(b"boundary")
    return body.replace(b"--" + boundary, b"--") if kind == b"multipart/form-data" and boundary else body


async def claim(session: AsyncSession, request: Asked, wall: datetime) -> StoredAnswer | None:
    """Claim a key for this request, or return the answer that an earlier one got.

    Raises:
        IdempotencyKeyReused: the key stands for another request.
        IdempotencyInProgress: the first request is still under way.
    """
    names = {"reseller_id": request.reseller_id, "key": request.key}
    lock = f"{request.reseller_id}:{request.key}"
    claimed = await session.execute(
        _CLAIM, names | {"fingerprint": request.fingerprint, "now": wall, "lock": lock, "expired": wall - KEPT_FOR}
    )
    if claimed.first() is not None:
        return None
    earlier = await find(session, request, wall)
    if earlier is None:
        raise IdempotencyInProgress("the first request with this key has not ended", headers={"Retry-After": "1"})
    return earlier


async def find(session: AsyncSession, request: Asked, wall: datetime) -> StoredAnswer | None:
    """Return the answer that an earlier request with this key got.

    Raises:
        IdempotencyKeyReused: the key stands for another request.
    """
    names = {"reseller_id": request.reseller_id, "key": request.key, "expired": wall - KEPT_FOR}
    row = (await session.execute(_FIND, names)).first()
    if row is None or row.status is None:
        return None
    if bytes(row.fingerprint) != request.fingerprint:
        raise IdempotencyKeyReused("this key was used for another request, or by another API key")
    return StoredAnswer(row.status, row.headers, unseal(request.secret, bytes(row.body), request.fingerprint))


async def store(session: AsyncSession, request: Asked, answer: StoredAnswer) -> None:
    """Keep the answer beside the effect, sealed: it may hold a secret that is shown this once."""
    kept = {name: value for name, value in answer.headers.items() if name in _KEPT_HEADERS}
    await session.execute(
        _STORE,
        {
            "reseller_id": request.reseller_id,
            "key": request.key,
            "status": answer.status,
            "headers": json.dumps(kept),
            "body": seal(request.secret, answer.body, request.fingerprint),
        },
    )
