"""Public keys as a JWK set, for anybody: with them a receiver checks `v1a` signatures and holds no secret."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from app.webhooks.secret_schemas import PublishedKey, PublishedKeys
from app.webhooks.signature import public_bytes

KEPT_FOR = timedelta(minutes=5)  # how long a receiver may use what it read


@dataclass(slots=True)
class KeySetVersion:
    """What tells a set of keys from another."""

    id: UUID
    version: int


def published(rows: Sequence[tuple[str, datetime | None]]) -> PublishedKeys:
    """Return the set of some `whpk_` keys, each with its end."""
    return PublishedKeys(keys=[_jwk(public, expires_at) for public, expires_at in rows])


def version_of(keys: PublishedKeys) -> KeySetVersion:
    """Return the version of a set: another as soon as one comes, goes, or is given an end."""
    digest = sha256(keys.model_dump_json().encode()).digest()
    return KeySetVersion(UUID(bytes=digest[:16]), len(keys.keys))


def cache_control(keys: PublishedKeys, wall: datetime) -> str:
    """Return how long a set may be kept: not beyond the end of one of its keys."""
    ends = [key.expires_at - wall for key in keys.keys if key.expires_at is not None]
    return f"public, max-age={max(0, int(min([KEPT_FOR, *ends]).total_seconds()))}"


def _jwk(public: str, expires_at: datetime | None) -> PublishedKey:
    x = _base64url(public_bytes(public))
    members = json.dumps({"crv": "Ed25519", "kty": "OKP", "x": x}, separators=(",", ":"))
    kid = _base64url(sha256(members.encode("ascii")).digest())
    return PublishedKey(kid=kid, x=x, whpk=public, expires_at=expires_at)


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")
