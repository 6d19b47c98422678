"""The secrets of endpoints: made, sealed, rotated, and opened to sign with.

In the database they are sealed (`app/infra/keyring.py`), each for its own row. The newest of a scheme has no end; when
another is made it lives on for a grace, in which deliveries carry the signatures of both.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from app.infra.ids import encode, new_id
from app.infra.keyring import Keyring, SealBroken, UnknownKey
from app.infra.problems import Conflict
from app.webhooks import custom_headers, queries
from app.webhooks.models import WebhookEndpoint, WebhookSecret
from app.webhooks.signature import new_private_key, new_secret, public_key_of

MOST_LIVE = 3  # secrets of one scheme: the newest, and those in their grace
SHARED, ASYMMETRIC = "v1", "v1a"
_log = structlog.get_logger(__name__)


def schemes_of(signature: str) -> tuple[str, ...]:
    """Return the schemes that an endpoint's deliveries are signed by."""
    return (SHARED, ASYMMETRIC) if signature == "both" else (signature,)


def binding(endpoint_id: UUID, secret_id: UUID, scheme: str) -> bytes:
    """Return what a secret is sealed for: its own row alone."""
    return b"webhook_secrets:" + endpoint_id.bytes + secret_id.bytes + scheme.encode("ascii")


def opened(keyring: Keyring, secret: WebhookSecret) -> str:
    """Return a secret as it was made.

    Raises:
        UnknownKey: it is sealed with a key that is not on the ring.
        SealBroken: the row was changed by somebody else.
    """
    return keyring.open(secret.sealed, binding(secret.endpoint_id, secret.id, secret.scheme)).decode("ascii")


def make(endpoint: WebhookEndpoint, scheme: str, keyring: Keyring, wall: datetime) -> tuple[WebhookSecret, str]:
    """Return a new secret of an endpoint as a row, and as it is used."""
    plain = new_secret() if scheme == SHARED else new_private_key()
    secret_id = new_id()
    row = WebhookSecret(
        reseller_id=endpoint.reseller_id,
        id=secret_id,
        endpoint_id=endpoint.id,
        scheme=scheme,
        sealed=keyring.seal(plain.encode("ascii"), binding(endpoint.id, secret_id, scheme)),
        key_id=keyring.current,
        public_key=None if scheme == SHARED else public_key_of(plain),
        created_at=wall,
    )
    return row, plain


def newest(rows: Sequence[WebhookSecret], scheme: str) -> WebhookSecret | None:
    """Return the newest of some live secrets, as `live` returns them."""
    return next((row for row in rows if row.scheme == scheme), None)


async def live(session: AsyncSession, endpoint_ids: Sequence[UUID], wall: datetime) -> dict[UUID, list[WebhookSecret]]:
    """Return the live secrets of each endpoint, newest first."""
    found: dict[UUID, list[WebhookSecret]] = {endpoint_id: [] for endpoint_id in endpoint_ids}
    for row in await queries.live_secrets(session, endpoint_ids, wall):
        found[row.endpoint_id].append(row)
    return found


async def signing_keys(
    session: AsyncSession, keyring: Keyring, endpoint: WebhookEndpoint, wall: datetime
) -> list[str] | None:
    """Return what deliveries to an endpoint are signed with now, newest first, by the schemes of the endpoint.

    None where its secrets do not open, and the log says why: nothing is sent to it that its receiver could not verify.
    """
    schemes = schemes_of(endpoint.signature)
    rows = (await live(session, [endpoint.id], wall))[endpoint.id]
    try:
        return [opened(keyring, row) for row in rows if row.scheme in schemes]
    except (UnknownKey, SealBroken) as error:
        _log.error("nothing can be signed", endpoint_id=encode("whe", endpoint.id), error=str(error))
        return None


def own_headers(keyring: Keyring, endpoint: WebhookEndpoint) -> dict[str, str] | None:
    """Return an endpoint's own header fields as they are sent; None where one does not open, and the log says why."""
    try:
        return custom_headers.opened(endpoint.headers, keyring, endpoint.id)
    except (UnknownKey, SealBroken) as error:
        _log.error("a header field does not open", endpoint_id=encode("whe", endpoint.id), error=str(error))
        return None


async def ensure(session: AsyncSession, endpoint: WebhookEndpoint, keyring: Keyring, wall: datetime) -> dict[str, str]:
    """Make what an endpoint's signature needs and has not yet; return what was made, by its scheme."""
    there = {row.scheme for row in (await live(session, [endpoint.id], wall))[endpoint.id] if row.expires_at is None}
    made: dict[str, str] = {}
    for scheme in schemes_of(endpoint.signature):
        if scheme not in there:
            row, made[scheme] = make(endpoint, scheme, keyring, wall)
            session.add(row)
    await session.flush()
    return made


async def rotate(
    session: AsyncSession,
    endpoint: WebhookEndpoint,
    schemes: Sequence[str],
    keyring: Keyring,
    grace: timedelta,
    wall: datetime,
) -> None:
    """Make a new secret of each scheme, and let those before it end: the last after its grace, or all at once.

    The endpoint is to be locked, so that two rotations take turns.

    Raises:
        Conflict: as many are live as may be.
    """
    before = (await live(session, [endpoint.id], wall))[endpoint.id]
    for scheme in schemes:
        older = [row for row in before if row.scheme == scheme]
        if grace:
            _check_room(older, scheme)
        for row in older:
            if not grace:
                await session.delete(row)
            elif row.expires_at is None:
                row.expires_at = wall + grace
        await session.flush()  # the newest has its end before there is another
        session.add(make(endpoint, scheme, keyring, wall)[0])
    await session.flush()


def _check_room(older: Sequence[WebhookSecret], scheme: str) -> None:
    ends = sorted(row.expires_at for row in older if row.expires_at is not None)
    if len(older) < MOST_LIVE:
        return
    first = ends[0].isoformat().replace("+00:00", "Z")
    raise Conflict(
        f"{MOST_LIVE} secrets of the scheme {scheme} are live, and no more may be: the oldest ends at {first}."
        ' Rotate after that, or with "grace": "PT0S", which ends all older ones at once',
        expires_at=first,
    )
