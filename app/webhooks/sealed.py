"""What endpoints keep sealed, for whoever changes the ring of keys: their secrets, and header fields of their own."""

from contextlib import suppress

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.infra.ids import encode
from app.infra.keyring import Keyring, SealBroken
from app.infra.rewrapping import SealedColumn, legible_key_ids
from app.webhooks import custom_headers, queries, secrets
from app.webhooks.models import WebhookEndpoint, WebhookSecret


def _reseal_secret(row: WebhookSecret, keyring: Keyring) -> bool:
    plain = secrets.opened(keyring, row)
    row.sealed = keyring.seal(plain.encode("ascii"), secrets.binding(row.endpoint_id, row.id, row.scheme))
    row.key_id = keyring.current
    return True


async def _keys_of_headers(session: AsyncSession) -> set[str]:
    found: set[str] = set()
    for headers in await queries.headers_kept(session):
        found |= _key_ids(headers)
    return found


def _key_ids(headers: dict[str, str]) -> set[str]:
    sealed = []
    for value in headers.values():
        with suppress(SealBroken):  # as with bytes that are broken: no key's
            sealed.append(custom_headers.bytes_of(value))
    return legible_key_ids(sealed)


def _reseal_headers(row: WebhookEndpoint, keyring: Keyring) -> bool:
    if _key_ids(row.headers) == {keyring.current}:
        return False
    plain = custom_headers.opened(row.headers, keyring, row.id)
    row.headers = custom_headers.changed({}, plain, keyring, row.id)
    return True


SECRETS = SealedColumn(
    WebhookSecret,
    "sealed",
    stale=lambda current: col(WebhookSecret.key_id) != current,
    key_ids=queries.key_ids_of_secrets,
    reseal=_reseal_secret,
    whose=lambda row: {"endpoint_id": encode("whe", row.endpoint_id)},
)
HEADERS = SealedColumn(
    WebhookEndpoint,
    "headers",
    stale=lambda _current: col(WebhookEndpoint.headers) != {},
    key_ids=_keys_of_headers,
    reseal=_reseal_headers,
    whose=lambda row: {"endpoint_id": encode("whe", row.id)},
)
