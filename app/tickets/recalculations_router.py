"""The progress of background recalculations."""

from typing import Annotated

from fastapi import Query, Response

from app.auth.edge import edge_router
from app.auth.permissions import STAFF_ONLY
from app.auth.visit import CurrentVisit
from app.clocks.models import Recalculation
from app.infra.ids import RecalculationId, encode
from app.infra.paging import page_of
from app.infra.problems import NotFound
from app.infra.wire import Page
from app.tickets import recalculation_queries as queries
from app.tickets.recalculation_schemas import RecalculationQuery, RecalculationRead

router = edge_router("Recalculations")

_PREFIXES = {"sla_policy": "pol", "maintenance_window": "mwn"}


def _read(row: Recalculation) -> RecalculationRead:
    took = (row.progressed_at - row.started_at).total_seconds() if row.progressed_at and row.started_at else 0
    rate = row.done / took if took > 0 else None
    left = None if row.total is None else max(row.total - row.done - row.failed, 0)
    prefix = _PREFIXES.get(row.cause.partition(".")[0])
    return RecalculationRead.model_validate(
        row.model_dump()
        | {
            "reseller_id": None if row.everyone else row.reseller_id,
            "cause_id": encode(prefix, row.cause_id) if prefix and row.cause_id else None,
            "rate_per_second": None if rate is None else round(rate, 1),
            "eta_seconds": round(left / rate, 1) if rate and left is not None and row.finished_at is None else None,
        }
    )


@router.get("/recalculations", dependencies=[STAFF_ONLY])
async def list_recalculations(
    query: Annotated[RecalculationQuery, Query()], visit: CurrentVisit, response: Response
) -> Page[RecalculationRead]:
    """List recalculations, newest first: one for each change of what resellers are owed."""
    page = page_of(visit.desk.cursors, "recalculations", query, visit.principal.reseller_id)
    rows = await queries.list_recalculations(visit.session, query.state, page.after_id, query.limit + 1)
    return page.answer_by_id(rows, _read, response)


@router.get("/recalculations/{recalculation_id}", dependencies=[STAFF_ONLY])
async def get_recalculation(recalculation_id: RecalculationId, visit: CurrentVisit) -> RecalculationRead:
    """Read how far a recalculation is. On a test clock it is done as the clock passes the instant of the change."""
    row = await queries.find_recalculation(visit.session, recalculation_id)
    if row is None:
        raise NotFound("there is no such recalculation")
    return _read(row)
