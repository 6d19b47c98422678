"""Operations on the sources that sign their alarms."""

from typing import Annotated

from fastapi import Query, Response

from app.alarms import queries, secrets
from app.alarms.models import AlarmSource
from app.alarms.schemas import AlarmSourceCreate, AlarmSourceCreated, AlarmSourceRead
from app.auth.edge import edge_router
from app.auth.permissions import needs, visible_by
from app.auth.principals import Scope
from app.auth.visit import CurrentVisit
from app.infra.ids import AlarmSourceId, new_id
from app.infra.paging import PageQuery, page_of
from app.infra.problems import NotFound
from app.infra.wire import Page
from app.resellers.service import act_for
from app.webhooks.signature import new_secret

router = edge_router("Alarms")


source_visible = visible_by("als", "source_id", queries.find_source)


@router.post("/alarm-sources", status_code=201, dependencies=[needs(Scope.WEBHOOKS_WRITE)])
async def create_alarm_source(body: AlarmSourceCreate, visit: CurrentVisit) -> AlarmSourceCreated:
    """Add a source of alarms that signs what it sends; the answer holds its secret, this once.

    It posts to `/v1/alarm-sources/{id}/alarms` and needs no key. A sender's own key, with `alarms:write` alone, makes
    no sources: a secret would outlive it.
    """
    reseller, _ = await act_for(visit.session, visit.principal, body.reseller_id, visit.wall)
    visit.principal.require_staff_for(reseller.id)
    secret, source_id = new_secret(), new_id()
    source = AlarmSource(
        reseller_id=reseller.id,
        id=source_id,
        name=body.name,
        secret=secrets.sealed(visit.desk.keyring, source_id, secret),
        created_at=visit.wall,
    )
    visit.session.add(source)
    await visit.session.flush()
    return AlarmSourceCreated.model_validate(source.model_dump() | {"secret": secret})


@router.get("/alarm-sources", dependencies=[needs(Scope.WEBHOOKS_READ)])
async def list_alarm_sources(
    query: Annotated[PageQuery, Query()], visit: CurrentVisit, response: Response
) -> Page[AlarmSourceRead]:
    """List the sources of alarms, newest first."""
    principal = visit.principal
    page = page_of(visit.desk.cursors, "alarm-sources", query, principal.reseller_id)
    whose = None if principal.is_staff else principal.reseller_id
    rows = await queries.list_sources(visit.session, whose, page.after_id, query.limit + 1)
    return page.answer_by_id(rows, AlarmSourceRead.model_validate, response)


@router.delete(
    "/alarm-sources/{source_id}",
    status_code=204,
    dependencies=[needs(Scope.WEBHOOKS_WRITE, visible=source_visible)],
)
async def delete_alarm_source(source_id: AlarmSourceId, visit: CurrentVisit) -> None:
    """Remove a source: what it signs is refused from here on."""
    source = await queries.find_source(visit.session, source_id)
    if source is None:
        raise NotFound("there is no such source")
    await visit.session.delete(source)
