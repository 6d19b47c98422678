"""Operations on test clocks."""

from app.auth import test_clocks
from app.auth.edge import LongRoute, edge_router
from app.auth.models import TestClock
from app.auth.permissions import STAFF_ONLY, needs
from app.auth.principals import Scope
from app.auth.schemas import TestClockAdvance, TestClockCreate, TestClockRead
from app.auth.visit import CurrentVisit, Visit
from app.infra.ids import TestClockId
from app.infra.problems import NotFound

router = edge_router("Test clocks")
long_router = edge_router("Test clocks", LongRoute)


def _read(clock: TestClock) -> TestClockRead:
    return TestClockRead(
        id=clock.id,
        now=clock.now_at,
        status="ready" if clock.target_at is None else "advancing",
        target=clock.target_at,
        created_at=clock.created_at,
    )


def _permit(visit: Visit, test_clock_id: TestClockId, own: Scope | None = None) -> None:
    """Staff have every clock, a reseller the one it lives on; ``own`` is the scope that the latter takes."""
    principal = visit.principal
    if principal.is_staff:
        principal.require(Scope.STAFF)
    elif principal.test_clock_id != test_clock_id:
        raise NotFound("there is no such test clock")
    elif own is not None:
        principal.require(own)


@router.post("/test-clocks", status_code=201, dependencies=[STAFF_ONLY])
async def create_test_clock(body: TestClockCreate, visit: CurrentVisit) -> TestClockRead:
    """Make a test clock.

    A reseller made with its id lives on it: `now` is the clock's for its tickets, deadlines, purchases and events.
    Webhooks are sent for real.
    """
    return _read(await test_clocks.make(visit.session, body.now, visit.wall))


@router.get("/test-clocks/{test_clock_id}", dependencies=[needs()])
async def get_test_clock(test_clock_id: TestClockId, visit: CurrentVisit) -> TestClockRead:
    """Read a test clock; a reseller may read the one it lives on. A key of the operator's needs the scope `staff`."""
    _permit(visit, test_clock_id)
    clock = await visit.session.get(TestClock, test_clock_id)
    if clock is None:
        raise NotFound("there is no such test clock")
    return _read(clock)


@long_router.post("/test-clocks/{test_clock_id}/advance", dependencies=[needs()])
async def advance_test_clock(test_clock_id: TestClockId, body: TestClockAdvance, visit: CurrentVisit) -> TestClockRead:
    """Advance a test clock, and answer when all that would have happened on the way has.

    Everything is raised in order and stamped with its own instant. Advancing to the present instant changes
    nothing. A reseller may advance the clock that it lives on, with the scope `tickets:write`; a key of the operator's
    needs the scope `staff`. An advance that is cut short goes on by itself.
    """
    _permit(visit, test_clock_id, Scope.TICKETS_WRITE)
    desk = visit.desk
    return _read(await test_clocks.advance(desk.database, desk.sources, test_clock_id, body.to))


@router.delete("/test-clocks/{test_clock_id}", status_code=204, dependencies=[STAFF_ONLY])
async def delete_test_clock(test_clock_id: TestClockId, visit: CurrentVisit) -> None:
    """Remove a test clock that no reseller lives on."""
    await test_clocks.remove(visit.session, test_clock_id)
