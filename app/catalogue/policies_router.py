"""Operations on versions of the policy and of support calendars."""

from typing import Annotated

from fastapi import Query, Response

from app.auth.edge import edge_router
from app.auth.permissions import STAFF_ONLY
from app.auth.visit import CurrentVisit
from app.catalogue import queries
from app.catalogue.hours import hours_of
from app.catalogue.models import SlaPolicy, SupportCalendar
from app.catalogue.policy_schemas import CalendarCreate, CalendarVersionRead, PolicyCreate, PolicyVersionRead
from app.catalogue.publishing import calendar_ids, publish_calendar, publish_policy
from app.infra.ids import CalendarId, PolicyId
from app.infra.paging import PageQuery, page_of
from app.infra.problems import NotFound
from app.infra.wire import Page
from app.sla.calendar import Calendar

router = edge_router("Policies")


def _calendar(row: SupportCalendar) -> CalendarVersionRead:
    value = Calendar.from_dict(row.definition)
    return CalendarVersionRead.model_validate(row.model_dump() | row.definition | {"hours": hours_of(value)})


def _policy(row: SlaPolicy) -> PolicyVersionRead:
    return PolicyVersionRead.model_validate(
        row.model_dump() | {"policy": row.definition, "calendars": calendar_ids(row)}
    )


@router.post("/calendars", status_code=201, dependencies=[STAFF_ONLY])
async def create_calendar(body: CalendarCreate, visit: CurrentVisit) -> CalendarVersionRead:
    """Publish a version of a support calendar.

    It moves nothing by itself: the next version of the policy that names its code takes it up.
    """
    return _calendar(await publish_calendar(visit.session, body, visit.wall))


@router.get("/calendars", dependencies=[STAFF_ONLY])
async def list_calendars(
    query: Annotated[PageQuery, Query()], visit: CurrentVisit, response: Response
) -> Page[CalendarVersionRead]:
    """List versions of support calendars, newest first."""
    page = page_of(visit.desk.cursors, "calendars", query, visit.principal.reseller_id)
    rows = await queries.list_calendars(visit.session, page.after_id, query.limit + 1)
    return page.answer_by_id(rows, _calendar, response)


@router.get("/calendars/{calendar_id}", dependencies=[STAFF_ONLY])
async def get_calendar(calendar_id: CalendarId, visit: CurrentVisit) -> CalendarVersionRead:
    """Read a version of a support calendar."""
    row = await visit.session.get(SupportCalendar, calendar_id)
    if row is None:
        raise NotFound("there is no such calendar")
    return _calendar(row)


@router.post("/sla-policies", status_code=201, dependencies=[STAFF_ONLY])
async def publish_sla_policy(body: PolicyCreate, visit: CurrentVisit) -> PolicyVersionRead:
    """Publish a version of the SLA policy, in force from now or from an instant on.

    Live deadlines follow at that instant, in the background: what was counted stays counted. `POST
    /v1/sla-policies/preview` tells beforehand what it would move. Resellers on a test clock live under the versions
    that were published before the clock was made, and those published for it.
    """
    return _policy(await publish_policy(visit.session, body, visit.wall))


@router.get("/sla-policies", dependencies=[STAFF_ONLY])
async def list_sla_policies(
    query: Annotated[PageQuery, Query()], visit: CurrentVisit, response: Response
) -> Page[PolicyVersionRead]:
    """List versions of the SLA policy, newest first."""
    page = page_of(visit.desk.cursors, "sla-policies", query, visit.principal.reseller_id)
    rows = await queries.list_policies(visit.session, page.after_id, query.limit + 1)
    return page.answer_by_id(rows, _policy, response)


@router.get("/sla-policies/{policy_id}", dependencies=[STAFF_ONLY])
async def get_sla_policy(policy_id: PolicyId, visit: CurrentVisit) -> PolicyVersionRead:
    """Read a version of the SLA policy."""
    row = await visit.session.get(SlaPolicy, policy_id)
    if row is None:
        raise NotFound("there is no such version of the policy")
    return _policy(row)
