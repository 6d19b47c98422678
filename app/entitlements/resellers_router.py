"""Operations on resellers: who they are, which plan they are on, their keys."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Header, Query, Response
from sqlalchemy.exc import IntegrityError

from app.auth.edge import edge_router
from app.auth.models import ApiKey
from app.auth.permissions import STAFF_ONLY, needs, visible_by
from app.auth.principals import Role, Scope
from app.auth.secrets import hash_of, new_secret
from app.auth.visit import CurrentVisit, Visit, time_of
from app.entitlements import queries
from app.entitlements.models import PlanPeriod
from app.entitlements.plan_changes import begin_plan, change_plan
from app.entitlements.schemas import (
    KeyCreate,
    KeyCreated,
    PlanChangeCreate,
    PlanChanged,
    PlanChangeListed,
    ResellerChange,
    ResellerCreate,
    ResellerRead,
)
from app.infra.etags import check_match, check_none_match, etag_of
from app.infra.ids import ResellerId, new_id
from app.infra.paging import PageQuery, page_of
from app.infra.problems import NotFound, ValidationFailed
from app.infra.wire import Page
from app.resellers.mail_domains import set_mail_domains
from app.resellers.models import Reseller
from app.resellers.queries import find_reseller, list_resellers, lock_reseller, mail_domains_of
from app.resellers.service import act_for, get_reseller

router = edge_router("Resellers")


reseller_visible = visible_by("rsl", "reseller_id", find_reseller)
STAFF_ON_ONE = needs(Scope.STAFF, visible=reseller_visible)


async def _read(visit: Visit, reseller: Reseller) -> ResellerRead:
    now = await time_of(visit.session, reseller.test_clock_id, visit.wall)
    period = await queries.period_covering(visit.session, reseller.id, now)
    domains = await mail_domains_of(visit.session, [reseller.id])
    return _shown(reseller, period.plan if period else "", domains[reseller.id])


def _shown(reseller: Reseller, plan: str, domains: list[str]) -> ResellerRead:
    return ResellerRead.model_validate(reseller.model_dump() | {"plan": plan, "mail_domains": domains})


@router.post("/resellers", status_code=201, dependencies=[STAFF_ONLY])
async def create_reseller(body: ResellerCreate, visit: CurrentVisit, response: Response) -> ResellerRead:
    """Add a reseller, on its plan from now on. With a `test_clock_id` it lives on that clock."""
    try:
        now = await time_of(visit.session, body.test_clock_id, visit.wall)
    except NotFound:
        raise ValidationFailed.at("/test_clock_id", "there is no such test clock") from None
    values = body.model_dump(exclude={"plan", "brand", "mail_domains"})
    brand = body.brand.model_dump() if body.brand else None
    reseller = Reseller(id=new_id(), created_at=now, brand=brand, **values)
    visit.session.add(reseller)
    await _flush(visit)
    await set_mail_domains(visit.session, reseller, body.mail_domains)
    await begin_plan(visit.session, reseller, body.plan, now)
    response.headers["ETag"] = etag_of(reseller)
    return await _read(visit, reseller)


@router.get("/resellers", dependencies=[STAFF_ONLY])
async def list_all_resellers(
    query: Annotated[PageQuery, Query()], visit: CurrentVisit, response: Response
) -> Page[ResellerRead]:
    """List resellers, newest first."""
    page = page_of(visit.desk.cursors, "resellers", query, visit.principal.reseller_id)
    rows = await list_resellers(visit.session, page.after_id, query.limit + 1)
    ids = [row.id for row in rows]
    plans = await queries.plans_now(visit.session, ids, visit.wall)
    domains = await mail_domains_of(visit.session, ids)
    return page.answer_by_id(rows, lambda row: _shown(row, plans.get(row.id, ""), domains[row.id]), response)


@router.get("/resellers/{reseller_id}", dependencies=[needs()])
async def read_reseller(
    reseller_id: ResellerId,
    visit: CurrentVisit,
    response: Response,
    if_none_match: Annotated[str | None, Header()] = None,
) -> ResellerRead:
    """Read a reseller; a reseller may read itself with any key, the operator others with the scope `staff`."""
    reseller = await get_reseller(visit.session, reseller_id)
    visit.principal.require_staff_for(reseller.id)
    check_none_match(reseller, if_none_match)
    response.headers["ETag"] = etag_of(reseller)
    return await _read(visit, reseller)


@router.patch("/resellers/{reseller_id}", dependencies=[needs(Scope.CONTACTS_WRITE, visible=reseller_visible)])
async def change_reseller(
    reseller_id: ResellerId,
    body: ResellerChange,
    visit: CurrentVisit,
    response: Response,
    if_match: Annotated[str | None, Header()] = None,
) -> ResellerRead:
    """Change a reseller: its brand by its own key, everything by staff.

    A brand that is given replaces the whole of the one before, and so do domains of mail. On the operator's own row,
    the two people are the default ones for their roles.
    """
    reseller = await lock_reseller(visit.session, reseller_id)
    if reseller is None:
        raise NotFound("there is no such reseller")
    given = body.model_dump(exclude_unset=True)
    domains = given.pop("mail_domains", None)
    if visit.principal.is_staff or domains is not None or given.keys() - {"brand"}:
        visit.principal.require(Scope.STAFF)
    check_match(reseller, if_match)
    reseller.sqlmodel_update(given)
    reseller.version += 1
    await _flush(visit)
    if domains is not None:
        await set_mail_domains(visit.session, reseller, domains)
    response.headers["ETag"] = etag_of(reseller)
    return await _read(visit, reseller)


@router.post("/resellers/{reseller_id}/plan-changes", status_code=201, dependencies=[STAFF_ON_ONE])
async def create_plan_change(reseller_id: ResellerId, body: PlanChangeCreate, visit: CurrentVisit) -> PlanChanged:
    """Put a reseller on another plan, at once or from an instant on.

    Live deadlines follow: what was counted stays counted, and what remains runs under the new terms from that
    instant on. The past does not change. A change that was agreed for the same instant is superseded; a change back
    to the plan before withdraws it.
    """
    await get_reseller(visit.session, reseller_id)
    reseller, now = await act_for(visit.session, visit.principal, reseller_id, visit.wall, exclusive=True)
    effective_at = body.effective_at or now
    digest = body.notify == "digest"
    walk = await change_plan(visit.session, reseller, body.plan, effective_at, now, digest=digest)
    return PlanChanged(reseller_id=reseller.id, plan=body.plan, effective_at=effective_at, recalculation_id=walk)


@router.get("/resellers/{reseller_id}/plan-changes", dependencies=[needs()])
async def list_plan_changes(
    reseller_id: ResellerId, query: Annotated[PageQuery, Query()], visit: CurrentVisit, response: Response
) -> Page[PlanChangeListed]:
    """List the plans that a reseller was, is and is to be on, the latest start first.

    What is `scheduled` has not begun; a scheduled change that was superseded or withdrawn is not listed.
    """
    reseller = await get_reseller(visit.session, reseller_id)
    now = await time_of(visit.session, reseller.test_clock_id, visit.wall)
    page = page_of(visit.desk.cursors, f"plan-changes:{reseller_id}", query, visit.principal.reseller_id)
    before = None if page.after is None else datetime.fromisoformat(str(page.after[0]))
    rows = await queries.list_periods(visit.session, reseller.id, before, query.limit + 1)
    keys = [[row.starts_at.isoformat()] for row in rows]
    return page.answer(rows, keys, lambda row: _listed(row, now), response)


def _listed(period: PlanPeriod, now: datetime) -> PlanChangeListed:
    ended = period.ends_at is not None and period.ends_at <= now
    state: Literal["ended", "in_force", "scheduled"] = "ended" if ended else "in_force"
    return PlanChangeListed(
        reseller_id=period.reseller_id,
        plan=period.plan,
        effective_at=period.starts_at,
        ends_at=period.ends_at,
        state="scheduled" if period.starts_at > now else state,
    )


@router.post("/resellers/{reseller_id}/api-keys", status_code=201, dependencies=[STAFF_ON_ONE])
async def create_api_key(reseller_id: ResellerId, body: KeyCreate, visit: CurrentVisit) -> KeyCreated:
    """Make an API key. Its secret is in this answer and nowhere else. The operator's own reseller gets staff keys."""
    reseller = await get_reseller(visit.session, reseller_id)
    role = Role.STAFF if reseller.is_operator else Role.RESELLER
    if role is Role.RESELLER and (Scope.STAFF in body.scopes or body.staff_id is not None):
        raise ValidationFailed.at("/scopes", "a reseller's key is not one of the operator's people")
    secret = new_secret(role)
    key = ApiKey(
        reseller_id=reseller.id,
        id=new_id(),
        role=role.value,
        secret_hash=hash_of(secret),
        hint=secret[-4:],
        created_at=visit.wall,
        **body.model_dump(mode="python"),
    )
    visit.session.add(key)
    await _flush(visit)
    return KeyCreated.model_validate(key.model_dump() | {"secret": secret})


async def _flush(visit: Visit) -> None:
    try:
        await visit.session.flush()
    except IntegrityError as error:
        raise ValidationFailed("a member names a person or a test clock that is not there") from error
