"""Operations on the secrets of endpoints, and their public keys for anybody.

Who reads or rotates a secret is written to the log as ``webhook secret read`` and ``webhook secret rotated``, once that
is so: a reading takes place in a transaction that may not write.
"""

from typing import Annotated

import structlog
from fastapi import Header, Response

from app.auth.edge import edge_router
from app.auth.visit import CurrentVisit, Visit
from app.infra.db import after_commit
from app.infra.etags import check_none_match, etag_of
from app.infra.ids import EndpointId, encode
from app.infra.keyring import SealBroken
from app.infra.problems import Conflict, NotFound
from app.webhooks import queries, secrets
from app.webhooks.models import WebhookEndpoint, WebhookSecret
from app.webhooks.published import cache_control, published, version_of
from app.webhooks.router import WRITE_ONE, seen
from app.webhooks.secret_schemas import PublishedKeys, Rotation, SecretLife, SecretRead

router = edge_router("Webhook endpoints")
_log = structlog.get_logger(__name__)


@router.get("/webhook-endpoints/{endpoint_id}/secret", dependencies=[WRITE_ONE])
async def get_endpoint_secret(endpoint_id: EndpointId, visit: CurrentVisit) -> SecretRead:
    """Read what deliveries to an endpoint are signed with: the newest secret, the newest public key, and what is live.

    It takes the scope to write. Each reading is recorded.
    """
    endpoint = await seen(visit, endpoint_id)
    answer = await _read(visit, endpoint)
    _audit("read", visit, endpoint)
    return answer


@router.post("/webhook-endpoints/{endpoint_id}/rotate-secret", dependencies=[WRITE_ONE])
async def rotate_endpoint_secret(
    endpoint_id: EndpointId, visit: CurrentVisit, body: Rotation | None = None
) -> SecretRead:
    """Make a new secret for an endpoint. The last one goes on signing beside it for a `grace`, a day if none is said.

    At most three secrets of a scheme are live: a further rotation is refused (409) until the oldest has ended, unless
    its grace is `PT0S`. Each rotation is recorded.
    """
    endpoint = await seen(visit, endpoint_id, lock=True)
    wanted = body or Rotation()
    schemes = secrets.schemes_of(wanted.signature or endpoint.signature)
    await secrets.rotate(visit.session, endpoint, schemes, visit.desk.keyring, wanted.grace, visit.wall)
    more = {"schemes": ",".join(schemes), "grace_seconds": int(wanted.grace.total_seconds())}
    after_commit(visit.session, lambda: _audit("rotated", visit, endpoint, **more))
    return await _read(visit, endpoint)


@router.get("/webhook-endpoints/{endpoint_id}/keys")
async def list_endpoint_keys(
    endpoint_id: EndpointId,
    visit: CurrentVisit,
    response: Response,
    if_none_match: Annotated[str | None, Header()] = None,
) -> PublishedKeys:
    """Read the public keys that an endpoint's `v1a` signatures are checked with, as a JWK set."""
    rows = await queries.published_keys(visit.session, endpoint_id, visit.wall)
    if rows is None:
        raise NotFound("there is no such endpoint")
    keys = published(rows)
    version = version_of(keys)
    check_none_match(version, if_none_match)
    response.headers["ETag"] = etag_of(version)
    response.headers["Cache-Control"] = cache_control(keys, visit.wall)
    return keys


async def _read(visit: Visit, endpoint: WebhookEndpoint) -> SecretRead:
    rows = (await secrets.live(visit.session, [endpoint.id], visit.wall))[endpoint.id]
    shared, asymmetric = (secrets.newest(rows, scheme) for scheme in secrets.schemes_of("both"))
    signing = secrets.schemes_of(endpoint.signature)
    return SecretRead(
        secret=None if shared is None else _opened(visit, shared),
        public_key=None if asymmetric is None else asymmetric.public_key,
        live=[SecretLife.model_validate(row) for row in rows if row.scheme in signing],
    )


def _opened(visit: Visit, secret: WebhookSecret) -> str:
    try:
        return secrets.opened(visit.desk.keyring, secret)
    except SealBroken as error:
        endpoint_id = encode("whe", secret.endpoint_id)
        _log.error("a secret does not open", endpoint_id=endpoint_id, error=str(error))
        raise Conflict(
            "this endpoint's secret does not open any more, since its row in the database was changed: the desk's"
            f" operator has to look into it. Make a new one by POST /v1/webhook-endpoints/{endpoint_id}/rotate-secret"
            ' with "grace": "PT0S" and "signature": "v1"'
        ) from error


def _audit(act: str, visit: Visit, endpoint: WebhookEndpoint, **more: object) -> None:
    caller = visit.principal
    _log.info(
        f"webhook secret {act}",
        endpoint_id=encode("whe", endpoint.id),
        api_key_id=encode("key", caller.key_id),
        reseller_id=encode("rsl", caller.reseller_id),
        **more,
    )
