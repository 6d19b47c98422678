"""Operations on alarms."""

from typing import Annotated

from fastapi import Query, Response

from app.alarms import queries
from app.alarms.schemas import AlarmQuery, AlarmRead, AlarmReceipt, AlarmSent, read
from app.alarms.service import Sender, receive
from app.auth.edge import edge_router
from app.auth.permissions import needs, visible_by
from app.auth.principals import Scope
from app.auth.visit import CurrentVisit
from app.infra.ids import AlarmId
from app.infra.paging import page_of
from app.infra.problems import NotFound
from app.infra.wire import Page
from app.tickets.actors import actor_of

router = edge_router("Alarms")


alarm_visible = visible_by("alm", "alarm_id", queries.find_alarm)


@router.post("/alarms", dependencies=[needs(Scope.ALARMS_WRITE)])
async def create_alarm(body: AlarmSent, visit: CurrentVisit) -> AlarmReceipt:
    """Report an alarm.

    Reports with the same reseller, `source` and `dedup_key` are of one alarm. The first `trigger` opens a ticket, on
    the priority of its severity; those that follow are counted on it while there is work on it, and a graver one
    raises its priority. `acknowledge` is noted on the ticket and stops no escalation. `resolve` resolves the ticket;
    the next `trigger` opens another. A key of the operator's names the reseller.
    """
    principal = visit.principal
    return await receive(visit, Sender(principal, actor_of(principal)), body)


@router.get("/alarms", dependencies=[needs(Scope.TICKETS_READ)])
async def list_alarms(
    query: Annotated[AlarmQuery, Query()], visit: CurrentVisit, response: Response
) -> Page[AlarmRead]:
    """List alarms, newest first; with ``ticket_id``, those that a ticket was opened by."""
    page = page_of(visit.desk.cursors, "alarms", query, visit.principal.reseller_id)
    filters = query.model_dump(include={"state", "source", "ticket_id", "reseller_id"})
    rows = await queries.list_alarms(visit.session, page.after_id, query.limit + 1, **filters)
    return page.answer_by_id(rows, read, response)


@router.get("/alarms/{alarm_id}", dependencies=[needs(Scope.TICKETS_READ, visible=alarm_visible)])
async def get_alarm(alarm_id: AlarmId, visit: CurrentVisit) -> AlarmRead:
    """Read an alarm, with what was reported last."""
    alarm = await queries.find_alarm(visit.session, alarm_id)
    if alarm is None:
        raise NotFound("there is no such alarm")
    return read(alarm)
