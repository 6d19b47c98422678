"""Operations on maintenance windows."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import Query, Request, Response

from app.auth.edge import edge_router
from app.auth.permissions import STAFF_ONLY, needs
from app.auth.principals import Scope
from app.auth.visit import CurrentVisit, Visit, time_of
from app.entitlements import window_queries as queries
from app.entitlements.models import MaintenanceWindow
from app.entitlements.window_schemas import WindowCreate, WindowEnd, WindowRead
from app.entitlements.windows import call_off, declare, state_of
from app.infra.ids import WindowId, decode
from app.infra.paging import PageQuery, page_of
from app.infra.problems import NotFound
from app.infra.wire import Page

router = edge_router("Maintenance windows")


async def window_visible(request: Request, visit: Visit) -> bool:
    """Tell whether the window in the path is there for this caller."""
    try:
        window_id = decode("mwn", request.path_params["window_id"])
    except ValueError:
        return False
    return await queries.find_window(visit.session, window_id) is not None


async def _read(visit: Visit, windows: Sequence[MaintenanceWindow]) -> list[WindowRead]:
    covered = await queries.covered(visit.session, [window.id for window in windows])
    clocks = {window.test_clock_id for window in windows}
    now = {clock: await time_of(visit.session, clock, visit.wall) for clock in clocks}
    return [
        WindowRead.model_validate(
            window.model_dump()
            | {"reseller_ids": covered[window.id], "state": state_of(window, now[window.test_clock_id])}
        )
        for window in windows
    ]


@router.post("/maintenance-windows", status_code=201, dependencies=[STAFF_ONLY])
async def declare_maintenance_window(body: WindowCreate, visit: CurrentVisit) -> WindowRead:
    """Declare a maintenance window: its time counts for no clock of whom it covers.

    From this instant on, deadlines leave it out; time that has passed is as it was, and a promise that was missed
    stays missed. Live deadlines are moved in the background.
    """
    window = await declare(visit.session, body, visit.principal.key_name, visit.wall)
    return (await _read(visit, [window]))[0]


@router.get("/maintenance-windows", dependencies=[needs()])
async def list_maintenance_windows(
    query: Annotated[PageQuery, Query()], visit: CurrentVisit, response: Response
) -> Page[WindowRead]:
    """List maintenance windows, the last declared first; a reseller sees those that cover it.

    One for everyone covers those who live on the wall's time, and is not listed on a test clock.
    """
    page = page_of(visit.desk.cursors, "maintenance-windows", query, visit.principal.reseller_id)
    rows = await queries.list_windows(visit.session, page.after_id, query.limit + 1)
    shapes = {shape.id: shape for shape in await _read(visit, rows)}
    return page.answer_by_id(rows, lambda row: shapes[row.id], response)


@router.get("/maintenance-windows/{window_id}", dependencies=[needs()])
async def get_maintenance_window(window_id: WindowId, visit: CurrentVisit) -> WindowRead:
    """Read a maintenance window."""
    window = await queries.find_window(visit.session, window_id)
    if window is None:
        raise NotFound("there is no such maintenance window")
    return (await _read(visit, [window]))[0]


@router.post("/maintenance-windows/{window_id}/end", dependencies=[needs(Scope.STAFF, visible=window_visible)])
async def end_maintenance_window(window_id: WindowId, visit: CurrentVisit, body: WindowEnd | None = None) -> WindowRead:
    """End a running window now, or cancel one that has not begun; what is left of it counts again."""
    window = await call_off(visit.session, window_id, body or WindowEnd(), visit.wall)
    return (await _read(visit, [window]))[0]
