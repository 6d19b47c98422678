"""Operations on the operator's people."""

from typing import Annotated

from fastapi import Header, Query, Response
from sqlalchemy.exc import IntegrityError

from app.auth import queries
from app.auth.edge import edge_router
from app.auth.models import Staff
from app.auth.permissions import STAFF_ONLY
from app.auth.schemas import StaffChange, StaffCreate, StaffRead
from app.auth.visit import CurrentVisit
from app.infra.etags import check_match, etag_of
from app.infra.ids import StaffId, new_id
from app.infra.paging import PageQuery, page_of
from app.infra.problems import Conflict, NotFound
from app.infra.wire import Page

router = edge_router("Staff")


@router.post("/staff", status_code=201, dependencies=[STAFF_ONLY])
async def create_staff(body: StaffCreate, visit: CurrentVisit, response: Response) -> StaffRead:
    """Add a person whom ladders may call and tickets may be assigned to."""
    person = Staff(id=new_id(), name=body.name, email=body.email.lower(), roles=list(body.roles), created_at=visit.wall)
    visit.session.add(person)
    await _flush(visit, body.email)
    response.headers["ETag"] = etag_of(person)
    return StaffRead.model_validate(person)


@router.get("/staff", dependencies=[STAFF_ONLY])
async def list_staff(query: Annotated[PageQuery, Query()], visit: CurrentVisit, response: Response) -> Page[StaffRead]:
    """List the operator's people, oldest first."""
    page = page_of(visit.desk.cursors, "staff", query, visit.principal.reseller_id)
    rows = await queries.list_staff(visit.session, page.after_id, query.limit + 1)
    return page.answer_by_id(rows, StaffRead.model_validate, response)


@router.patch("/staff/{staff_id}", dependencies=[STAFF_ONLY])
async def change_staff(
    staff_id: StaffId,
    body: StaffChange,
    visit: CurrentVisit,
    response: Response,
    if_match: Annotated[str | None, Header()] = None,
) -> StaffRead:
    """Change a person's name, address or roles."""
    person = await queries.lock_staff(visit.session, staff_id)
    if person is None:
        raise NotFound("there is no such person")
    check_match(person, if_match)
    given = body.model_dump(exclude_unset=True)
    if body.email is not None:
        given["email"] = body.email.lower()
    person.sqlmodel_update(given)
    person.version += 1
    await _flush(visit, person.email)
    response.headers["ETag"] = etag_of(person)
    return StaffRead.model_validate(person)


async def _flush(visit: CurrentVisit, email: str) -> None:
    try:
        await visit.session.flush()
    except IntegrityError as error:
        raise Conflict(f"somebody with the address {email} is there already") from error
