"""Which operation takes which scope: declared on the route, so that OpenAPI and the check cannot differ."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from fastapi import Depends, Request, params
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.principals import Scope, covers
from app.auth.visit import CurrentVisit, Visit
from app.infra.ids import decode
from app.infra.problems import NotFound

Visible = Callable[[Request, Visit], Awaitable[bool]]


class Needs:
    """A dependency that refuses callers without a scope; with none named, it refuses only the unsigned."""

    def __init__(self, scope: Scope | None, visible: Visible | None) -> None:
        self.scope = scope
        self._visible = visible

    async def __call__(self, request: Request, visit: CurrentVisit) -> None:
        """Check the caller. A foreign object is not found before any scope is looked at."""
        principal = visit.principal
        if self.scope is None or covers(principal.scopes, self.scope):
            return
        if self._visible is not None and not await self._visible(request, visit):
            raise NotFound("there is no such object")
        principal.require(self.scope)


def visible_by(prefix: str, name: str, find: Callable[[AsyncSession, UUID], Awaitable[object | None]]) -> Visible:
    """Return what tells whether the object that a path names is there for its caller, under the caller's policies."""

    async def visible(request: Request, visit: Visit) -> bool:
        try:
            wanted = decode(prefix, request.path_params[name])
        except ValueError:
            return False
        return await find(visit.session, wanted) is not None

    return visible


def needs(scope: Scope | None = None, *, visible: Visible | None = None) -> params.Depends:
    """Return the dependency to declare on a route. ``visible`` tells whether the object in the path is there."""
    return Depends(Needs(scope, visible))  # type: ignore[no-any-return]  # FastAPI types its marker as Any


STAFF_ONLY = needs(Scope.STAFF)
"""For the operations of the operator."""
