"""The edge: one request, one transaction, committed before the answer leaves.

A dependency cannot do this, since it never sees the answer: with ``yield`` it is torn down after the answer was
sent, so that a failed commit would follow a 201. Hence a route class.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

import structlog
from fastapi import Depends, Request, Response
from fastapi.routing import APIRoute, APIRouter
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth import idempotency, queries
from app.auth.idempotency import StoredAnswer
from app.auth.principals import Key, Principal, Role
from app.auth.secrets import hash_of, likely_role
from app.auth.visit import Desk, Visit
from app.infra.db import DatabaseRole
from app.infra.now import wall_now
from app.infra.problems import RateLimited, Unauthenticated, ValidationFailed

_TOUCH_EVERY = timedelta(minutes=1)
_POOLS = {Role.RESELLER: DatabaseRole.TENANT, Role.STAFF: DatabaseRole.OPERATOR}
_log = structlog.get_logger(__name__)

Handler = Callable[[Request], Awaitable[Response]]
SignedIn = tuple[AsyncSession, Principal]


class EdgeRoute(APIRoute):
    """A route whose handler runs inside the caller's transaction."""

    long = False

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap FastAPI's own handler."""
        handle = super().get_route_handler()
        takes_query = bool(self.dependant.query_params)

        async def at_the_edge(request: Request) -> Response:
            if request.query_params and not takes_query:
                raise ValidationFailed.at(f"/{next(iter(request.query_params))}", "this operation takes no parameters")
            return await _serve(request, handle, long=self.long)

        return at_the_edge


class LongRoute(EdgeRoute):
    """A route that lasts: it signs the caller in, lets that transaction go, and opens others as it needs them.

    So no connection is held idle meanwhile. What such a handler does takes effect step by step; it is to be one that
    may be done again, since only its answer is kept under an idempotency key.
    """

    long = True


def edge_router(tag: str, route_class: type[EdgeRoute] = EdgeRoute) -> APIRouter:
    """Return a router whose operations run at the edge."""
    return APIRouter(route_class=route_class, tags=[tag])


async def _serve(request: Request, handle: Handler, *, long: bool) -> Response:
    desk: Desk = request.app.state.desk
    wall = wall_now()
    secret = _bearer(request)
    told = request.state.told = _limited(desk, secret, wall)  # errors tell it, too
    if secret is None:
        async with desk.database.transaction(DatabaseRole.TENANT, look=_only_looks(request)) as session:
            request.state.visit = Visit(desk, session, None, wall)
            response = await handle(request)
    else:
        response, caller = await (_outside if long else _inside)(request, handle, desk, secret, wall)
        await _touch(desk, caller, wall)
    response.headers.update(told)
    return response


@dataclass(frozen=True, slots=True)
class Door:
    """A way in for the caller of a long route, to be used as often as it takes: each time it is signed in anew."""

    desk: Desk
    secret: str

    @asynccontextmanager
    async def look(self) -> AsyncIterator[SignedIn]:
        """Open a transaction of the caller's that only looks.

        Raises:
            Unauthenticated: the key is no longer valid.
        """
        async with _signed_in(self.desk, self.secret, wall_now(), look=True) as signed_in:
            yield signed_in


async def caller_door(request: Request) -> Door:
    """Hand a handler the way in of its caller."""
    secret = _bearer(request)
    if secret is None:
        raise Unauthenticated("no API key was sent")
    return Door(request.app.state.desk, secret)


CallerDoor = Annotated[Door, Depends(caller_door)]


async def _touch(desk: Desk, caller: Principal, wall: datetime) -> None:
    """Note when a key was last used, once a minute. The request has taken effect: no failure may say otherwise."""
    last = caller.key.last_used_at
    if last is not None and wall - last <= _TOUCH_EVERY:
        return
    try:
        async with desk.database.transaction() as session:
            await queries.touch_key(session, caller.key_id, wall)
    except Exception:  # noqa: BLE001 - whatever it is, the answer stands
        _log.exception("the use of a key was not noted", key_id=str(caller.key_id))


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


async def _inside(
    request: Request, handle: Handler, desk: Desk, secret: str, wall: datetime
) -> tuple[Response, Principal]:
    async with _signed_in(desk, secret, wall, look=_only_looks(request)) as (session, caller):
        request.state.visit = Visit(desk, session, caller, wall)
        asked = await _asked(request, caller, secret)
        return await once(request, handle, session, asked, wall), caller


def _only_looks(request: Request) -> bool:
    return request.method in {"GET", "HEAD"}


async def _outside(
    request: Request, handle: Handler, desk: Desk, secret: str, wall: datetime
) -> tuple[Response, Principal]:
    async with _signed_in(desk, secret, wall) as (session, caller):
        asked = await _asked(request, caller, secret)
        earlier = None if asked is None else await idempotency.find(session, asked, wall)
    if earlier is not None:
        return _replayed(earlier), caller
    request.state.visit = Visit(desk, None, caller, wall)
    response = await handle(request)
    if asked is not None:
        async with _signed_in(desk, secret, wall) as (session, _):
            if await idempotency.claim(session, asked, wall) is None:
                await idempotency.store(session, asked, _kept(response))
    return response, caller


@asynccontextmanager
async def _signed_in(desk: Desk, secret: str, wall: datetime, *, look: bool = False) -> AsyncIterator[SignedIn]:
    """Open the caller's transaction, in the pool of its role; one that only looks sees one instant."""
    likely = likely_role(secret)
    role = likely
    async with desk.database.transaction(_POOLS[likely], look=look) as session:
        caller = await _sign_in(session, secret, wall)
        role = caller.role
        if role is likely:
            yield session, caller
    if role is not likely:  # the prefix misled: an operator may choose a key that looks like a reseller's
        async with desk.database.transaction(_POOLS[role], look=look) as session:
            yield session, await _sign_in(session, secret, wall)


async def _sign_in(session: AsyncSession, secret: str, wall: datetime) -> Principal:
    row = await queries.sign_in(session, hash_of(secret), wall)
    if row is None:
        raise Unauthenticated("the key is not valid: unknown, expired or revoked")
    found = row._mapping  # noqa: SLF001 - SQLAlchemy's public name for a row's columns
    return Principal(
        key_id=found["key_id"],
        key_name=found["name"],
        key=Key(found["hint"], found["expires_at"], found["last_used_at"], found["created_at"]),
        reseller_id=found["reseller_id"],
        role=Role(found["role"]),
        scopes=frozenset(found["scopes"]),
        staff_id=found["staff_id"],
        test_clock_id=found["test_clock_id"],
    )


async def _asked(request: Request, caller: Principal, secret: str) -> idempotency.Asked | None:
    key = request.headers.get("idempotency-key")
    if key is None or request.method != "POST":
        return None
    body = idempotency.without_boundary(await request.body(), request.headers.get("content-type", ""))
    return idempotency.asked(caller, secret, key, request.method, request.url.path, body)


async def once(
    request: Request, handle: Handler, session: AsyncSession, asked: idempotency.Asked | None, wall: datetime
) -> Response:
    """Handle a request once for its idempotency key; the next with this key is answered as the first was.

    Raises:
        IdempotencyKeyReused: the key stands for another request.
        IdempotencyInProgress: the first request is still under way.
    """
    if asked is None:
        return await handle(request)
    earlier = await idempotency.claim(session, asked, wall)
    if earlier is not None:
        return _replayed(earlier)
    response = await handle(request)
    await idempotency.store(session, asked, _kept(response))
    return response


def _replayed(earlier: StoredAnswer) -> Response:
    return Response(earlier.body, earlier.status, {**earlier.headers, "Idempotency-Replayed": "true"})


def _kept(response: Response) -> StoredAnswer:
    return StoredAnswer(response.status_code, dict(response.headers), bytes(response.body))
