"""The edge: one request, one transaction, committed before the answer leaves.

A dependency cannot do this, since it never sees the answer: with ``yield`` it is torn down after the answer was
sent, so that a failed commit would follow a 201. Hence a route class.
"""

from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute, APIRouter
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth import idempotency, queries
from app.auth.idempotency import StoredAnswer
from app.auth.principals import Principal, Role
from app.auth.secrets import hash_of, likely_role
from app.auth.visit import Desk, Visit
from app.infra.db import DatabaseRole
from app.infra.now import wall_now
from app.infra.problems import RateLimited, Unauthenticated, ValidationFailed

_TOUCH_EVERY = timedelta(minutes=1)
_POOLS = {Role.RESELLER: DatabaseRole.TENANT, Role.STAFF: DatabaseRole.OPERATOR}

Handler = Callable[[Request], Awaitable[Response]]


class EdgeRoute(APIRoute):
    """A route whose handler runs inside the caller's transaction."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap FastAPI's own handler."""
        handle = super().get_route_handler()
        takes_query = bool(self.dependant.query_params)

        async def at_the_edge(request: Request) -> Response:
            if request.query_params and not takes_query:
                raise ValidationFailed.at(f"/{next(iter(request.query_params))}", "this operation takes no parameters")
            return await _serve(request, handle)

        return at_the_edge


def edge_router(tag: str) -> APIRouter:
    """Return a router whose operations run at the edge."""
    return APIRouter(route_class=EdgeRoute, tags=[tag])


async def _serve(request: Request, handle: Handler) -> Response:
    desk: Desk = request.app.state.desk
    wall = wall_now()
    secret = _bearer(request)
    told = request.state.told = _limited(desk, secret, wall)  # errors tell it, too
    response, touch = await _in_transaction(request, handle, desk, secret, wall)
    if touch is not None:
        async with desk.database.transaction() as session:
            await queries.touch_key(session, touch.key_id, wall)
    response.headers.update(told)
    return response


def _bearer(request: Request) -> str | None:
    header = request.headers.get("authorization")
    if header is None:
        return None
    scheme, _, secret = header.partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        raise Unauthenticated("the Authorization header is not of the form: Bearer <key>")
    return secret.strip()


def _limited(desk: Desk, secret: str | None, wall: datetime) -> dict[str, str]:
    if secret is None:
        return {}
    verdict = desk.limits.judge(hash_of(secret), wall)
    headers = desk.limits.headers(verdict)
    if verdict.retry_after:
        raise RateLimited("this key's requests come too fast", headers=headers)
    return headers


def _only_looks(request: Request) -> bool:
    return request.method in {"GET", "HEAD"}


async def _in_transaction(
    request: Request, handle: Handler, desk: Desk, secret: str | None, wall: datetime
) -> tuple[Response, Principal | None]:
    if secret is None:
        async with desk.database.transaction(DatabaseRole.TENANT, look=_only_looks(request)) as session:
            request.state.visit = Visit(desk, session, None, wall)
            return await handle(request), None
    for role in (likely_role(secret), *Role):
        async with desk.database.transaction(_POOLS[role], look=_only_looks(request)) as session:
            principal, stale = await _sign_in(session, secret, wall)
            if principal.role is not role:
                continue  # the prefix misled: an operator may choose a key that looks like a reseller's
            request.state.visit = Visit(desk, session, principal, wall)
            response = await _once(request, handle, session, principal, secret, wall)
            return response, principal if stale else None
    raise Unauthenticated("the key is not valid")


async def _sign_in(session: AsyncSession, secret: str, wall: datetime) -> tuple[Principal, bool]:
    row = await queries.sign_in(session, hash_of(secret), wall)
    if row is None:
        raise Unauthenticated("the key is not valid: unknown, expired or revoked")
    found = row._mapping  # noqa: SLF001 - SQLAlchemy's public name for a row's columns
    principal = Principal(
        key_id=found["key_id"],
        key_name=found["name"],
        reseller_id=found["reseller_id"],
        role=Role(found["role"]),
        scopes=frozenset(found["scopes"]),
        staff_id=found["staff_id"],
        test_clock_id=found["test_clock_id"],
    )
    last = found["last_used_at"]
    return principal, last is None or wall - last > _TOUCH_EVERY


async def _once(
    request: Request, handle: Handler, session: AsyncSession, principal: Principal, secret: str, wall: datetime
) -> Response:
    key = request.headers.get("idempotency-key")
    if key is None or request.method != "POST":
        return await handle(request)
    mark = idempotency.fingerprint(principal.key_id, request.method, str(request.url.path), await request.body())
    earlier = await idempotency.claim(session, principal.reseller_id, key, mark, secret, wall)
    if earlier is not None:
        return Response(earlier.body, earlier.status, {**earlier.headers, "Idempotency-Replayed": "true"})
    response = await handle(request)
    answer = StoredAnswer(response.status_code, dict(response.headers), bytes(response.body))
    await idempotency.store(session, principal.reseller_id, key, mark, secret, answer)
    return response
