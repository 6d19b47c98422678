"""Operations on the minutes that are used and left."""

from typing import Annotated

from fastapi import Query

from app.auth.edge import edge_router
from app.auth.permissions import needs
from app.auth.visit import CurrentVisit, time_of
from app.entitlements.schemas import EntitlementQuery, UsageRead
from app.entitlements.usage import usage_at
from app.infra.ids import ResellerId, encode
from app.infra.wire import rfc3339
from app.resellers.service import get_reseller

router = edge_router("Entitlements")


@router.get("/resellers/{reseller_id}/usage", dependencies=[needs()])
async def get_usage(
    reseller_id: ResellerId, query: Annotated[EntitlementQuery, Query()], visit: CurrentVisit
) -> UsageRead:
    """Read the paid month at an instant: the minutes that it includes, and what is used and left of them.

    The months and the minutes are those of the add-on purchase in force then; without one, `state` is `none`.
    `entries` is the path of the work that was logged in that month.
    """
    reseller = await get_reseller(visit.session, reseller_id)
    at = query.at or await time_of(visit.session, reseller.test_clock_id, visit.wall)
    usage = await usage_at(visit.session, reseller.id, at)
    path = f"/v1/resellers/{encode('rsl', reseller.id)}/usage/entries?at={rfc3339(at)}"
    values = {"state": "none", "used_minutes": 0} if usage is None else usage.model_dump()
    return UsageRead.model_validate({"reseller_id": reseller.id, "at": at, "entries": path, **values})
