"""Which operation takes which scope: declared on the route, so that OpenAPI and the check cannot differ."""

from collections.abc import Awaitable, Callable

from fastapi import Depends, Request, params

from app.auth.principals import Scope, covers
from app.auth.visit import CurrentVisit, Visit
from app.infra.problems import NotFound


class Needs:
    """A dependency that refuses callers without a scope; with none named, it refuses only the unsigned."""

    def __init__(self, scope: Scope | None, visible: Callable[[Request, Visit], Awaitable[bool]] | None) -> None:
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


def needs(
    scope: Scope | None = None, *, visible: Callable[[Request, Visit], Awaitable[bool]] | None = None
) -> params.Depends:
    """Return the dependency to declare on a route. ``visible`` tells whether the object in the path is there."""
    return Depends(Needs(scope, visible))  # type: ignore[no-any-return]  # FastAPI types its marker as Any


STAFF_ONLY = needs(Scope.STAFF)
"""For the operations of the operator."""
