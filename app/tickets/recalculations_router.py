"""The progress of background recalculations."""

from fastapi import APIRouter
from pydantic import Field
from sqlalchemy import select
from sqlmodel import col

from app.auth.edge import edge_router
from app.auth.permissions import STAFF_ONLY
from app.auth.visit import CurrentVisit
from app.clocks.models import Recalculation
from app.infra.ids import RecalculationId, ResellerId
from app.infra.problems import NotFound
from app.infra.wire import Answer, Instant

router: APIRouter = edge_router("Recalculations")


class RecalculationRead(Answer):
    """A walk over a reseller's live tickets after its terms changed."""

    id: RecalculationId
    reseller_id: ResellerId
    at: Instant = Field(description="The instant of the change, at which its effect counts.")
    cause: str
    total: int | None
    done: int
    changed: int
    started_at: Instant | None
    finished_at: Instant | None


@router.get("/recalculations/{recalculation_id}", dependencies=[STAFF_ONLY])
async def get_recalculation(recalculation_id: RecalculationId, visit: CurrentVisit) -> RecalculationRead:
    """Read how far a recalculation is."""
    query = select(Recalculation).where(col(Recalculation.id) == recalculation_id)
    row = (await visit.session.scalars(query)).first()
    if row is None:
        raise NotFound("there is no such recalculation")
    return RecalculationRead.model_validate(row)
