"""Alarms that prove by a signature who sends them: Standard Webhooks, the other way round."""

import hashlib
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

import structlog
from fastapi import Depends, Header, Request
from fastapi.responses import JSONResponse, Response
from sqlalchemy import Row

from app.alarms import queries, secrets
from app.alarms.schemas import AlarmReceipt, AlarmSent
from app.alarms.service import Sender, receive
from app.auth.edge import edge_router, once
from app.auth.idempotency import Asked
from app.auth.principals import Key, Principal, Role, Scope
from app.auth.visit import Visit
from app.infra.ids import AlarmSourceId, encode
from app.infra.keyring import SealBroken
from app.infra.problems import Conflict, RateLimited, SignatureNeeded
from app.tickets.actors import Actor
from app.webhooks.signature import verify

router = edge_router("Alarms")
_log = structlog.get_logger(__name__)

Signed = Annotated[str | None, Header(description="As the Standard Webhooks specification has it.")]


@dataclass(frozen=True, slots=True)
class Proven:
    """A sender whose signature is its source's, and what makes two of its messages the same one."""

    visit: Visit
    sender: Sender
    asked: Asked


async def proven(
    request: Request,
    source_id: AlarmSourceId,
    webhook_id: Signed = None,
    webhook_timestamp: Signed = None,
    webhook_signature: Signed = None,
) -> Proven:
    """Check a signature before anything else is looked at, and let the transaction be its reseller's.

    Raises:
        SignatureNeeded: there is no such source, or the signature is not its.
        RateLimited: the source's messages come too fast.
        Conflict: its secret does not open any more.
    """
    visit: Visit = request.state.visit
    found = await queries.source_of_anyone(visit.session, source_id)
    body = await request.body()
    headers = {
        "webhook-id": webhook_id or "",
        "webhook-timestamp": webhook_timestamp or "",
        "webhook-signature": webhook_signature or "",
    }
    secret = "" if found is None else _opened(visit, source_id, bytes(found.secret))
    if found is None or not verify([secret], headers, body, now=int(visit.wall.timestamp())):
        raise SignatureNeeded(
            "no source has signed this: check the source's id, its secret, that the bytes that are signed are those "
            "that are sent, and that the sender's clock is right to five minutes"
        )
    _limit(request, visit, source_id)
    await queries.name_tenant(visit.session, found.reseller_id)
    principal = _principal(source_id, found, visit)
    told_apart_by = hashlib.sha256(source_id.bytes + body).digest()
    # A line break: no key that a caller sends by Idempotency-Key has one.
    key = f"webhook-id\n{source_id}\n{webhook_id}"
    actor = Actor("key", encode("als", source_id), principal.key_name, "customer")
    return Proven(visit, Sender(principal, actor), Asked(principal.reseller_id, key, told_apart_by, secret))


@router.post("/alarm-sources/{source_id}/alarms", response_model=AlarmReceipt)
async def receive_alarm(request: Request, body: AlarmSent, sender: Annotated[Proven, Depends(proven)]) -> Response:
    """Report an alarm under a signature, for senders that can set a URL and a secret but no key.

    The body is that of `POST /v1/alarms`, signed with the source's secret by the Standard Webhooks specification. A
    `webhook-id` stands for its message for 24 hours: sent again, it is answered as it was, and has no second effect.
    """

    async def handle(_: Request) -> Response:
        answer = await receive(sender.visit, sender.sender, body)
        return JSONResponse(answer.model_dump(mode="json"))

    return await once(request, handle, sender.visit.session, sender.asked, sender.visit.wall)


def _opened(visit: Visit, source_id: UUID, kept: bytes) -> str:
    try:
        return secrets.opened(visit.desk.keyring, source_id, kept)
    except SealBroken as error:
        _log.error("a secret does not open", source_id=encode("als", source_id), error=str(error))
        raise Conflict(
            "this source's secret does not open any more, since its row in the database was changed: the desk's"
            " operator has to look into it. Remove the source and make another"
        ) from error


def _limit(request: Request, visit: Visit, source_id: UUID) -> None:
    limits = visit.desk.limits
    verdict = limits.judge(source_id.bytes, visit.wall)
    request.state.told.update(limits.headers(verdict))
    if verdict.retry_after:
        raise RateLimited("this source's alarms come too fast", headers=limits.headers(verdict))


def _principal(source_id: UUID, found: Row[tuple[object, ...]], visit: Visit) -> Principal:
    row = found._mapping  # noqa: SLF001 - SQLAlchemy's public name for a row's columns
    return Principal(
        key_id=source_id,
        key_name=row["name"],
        key=Key("", None, None, visit.wall),
        reseller_id=row["reseller_id"],
        role=Role.RESELLER,
        scopes=frozenset({Scope.ALARMS_WRITE}),
        test_clock_id=row["test_clock_id"],
    )
