"""What a handler is handed: the transaction, the caller, the wall's time, and the desk's services."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth import queries
from app.auth.principals import Principal, signed_in
from app.auth.rate_limits import RateLimits
from app.infra.agenda import Source
from app.infra.db import Database
from app.infra.keyring import Keyring
from app.infra.outbound.resolver import Resolver
from app.infra.paging import Cursors
from app.infra.problems import NotFound
from app.infra.settings import Settings


@dataclass(frozen=True, slots=True)
class Desk:
    """The services that live as long as the process."""

    settings: Settings
    database: Database
    cursors: Cursors
    limits: RateLimits
    resolver: Resolver
    keyring: Keyring
    sources: Sequence[Source] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class Visit:
    """One request inside its transaction; ``held`` is None on a route that does its work outside of one."""

    desk: Desk
    held: AsyncSession | None
    caller: Principal | None
    wall: datetime

    @property
    def session(self) -> AsyncSession:
        """The session of the request's transaction."""
        assert self.held is not None, "a long route opens transactions of its own"
        return self.held

    @property
    def principal(self) -> Principal:
        """The signed-in caller.

        Raises:
            Unauthenticated: there is none.
        """
        return signed_in(self.caller)


async def current_visit(request: Request) -> Visit:
    """Hand the visit that the edge opened to a handler."""
    visit: Visit = request.state.visit
    return visit


CurrentVisit = Annotated[Visit, Depends(current_visit)]


async def time_of(session: AsyncSession, test_clock_id: UUID | None, wall: datetime) -> datetime:
    """Return the present instant of whoever lives on a test clock, or the wall's where there is none.

    A test clock that was read stays where it is until the transaction ends.
    """
    if test_clock_id is None:
        return wall
    now = await queries.test_clock_now(session, test_clock_id)
    if now is None:
        raise NotFound("the test clock of this reseller is gone")
    return now
