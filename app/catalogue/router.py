"""Operations on the catalogue: open to every key, and without one."""

from typing import Annotated

from fastapi import Header, Response

from app.auth.edge import edge_router
from app.auth.permissions import STAFF_ONLY
from app.auth.visit import CurrentVisit, time_of
from app.catalogue import queries
from app.catalogue.editions import policy_at
from app.catalogue.hours import hours_of
from app.catalogue.schemas import (
    LevelRead,
    Levels,
    PlanRead,
    Plans,
    ProductChange,
    ProductRead,
    Products,
)
from app.infra.etags import check_match, check_none_match, etag_of
from app.infra.problems import NotFound
from app.infra.wire import Code

router = edge_router("Catalogue")


@router.get("/plans")
async def list_plans(visit: CurrentVisit) -> Plans:
    """List the service plans, each with the support level that it includes."""
    return Plans(data=[PlanRead.model_validate(plan) for plan in await queries.list_plans(visit.session)])


@router.get("/plans/{code}")
async def get_plan(code: Code, visit: CurrentVisit) -> PlanRead:
    """Read a service plan."""
    plan = await queries.find_plan(visit.session, code)
    if plan is None:
        raise NotFound("there is no such plan")
    return PlanRead.model_validate(plan)


@router.get("/support-levels")
async def list_support_levels(visit: CurrentVisit) -> Levels:
    """List the support levels: their hours, their channels, what they include."""
    clock = visit.caller.test_clock_id if visit.caller is not None else None
    policy = await policy_at(visit.session, clock, await time_of(visit.session, clock, visit.wall))
    rows = await queries.list_levels(visit.session)
    return Levels(
        data=[
            LevelRead.model_validate(row.model_dump() | {"hours": hours_of(policy.calendar(row.level)[1])})
            for row in rows
        ]
    )


@router.get("/add-ons")
async def list_add_ons(visit: CurrentVisit) -> Products:
    """List the add-on products. One without a price is sold on application."""
    return Products(data=[ProductRead.model_validate(row) for row in await queries.list_products(visit.session)])


@router.get("/add-ons/{code}")
async def get_add_on(
    code: Code, visit: CurrentVisit, response: Response, if_none_match: Annotated[str | None, Header()] = None
) -> ProductRead:
    """Read an add-on product."""
    product = await queries.find_product(visit.session, code)
    if product is None:
        raise NotFound("there is no such add-on")
    check_none_match(product, if_none_match)
    response.headers["ETag"] = etag_of(product)
    return ProductRead.model_validate(product)


@router.patch("/add-ons/{code}", dependencies=[STAFF_ONLY])
async def change_add_on(
    code: Code,
    body: ProductChange,
    visit: CurrentVisit,
    response: Response,
    if_match: Annotated[str | None, Header()] = None,
) -> ProductRead:
    """Change what an add-on costs and includes, for purchases from now on.

    A purchase keeps the price and the minutes that held when it was made. The price goes with its currency: both, or
    both null, which is on application.
    """
    product = await queries.lock_product(visit.session, code)
    if product is None:
        raise NotFound("there is no such add-on")
    check_match(product, if_match)
    product.sqlmodel_update(body.model_dump(exclude_unset=True))
    product.version += 1
    response.headers["ETag"] = etag_of(product)
    return ProductRead.model_validate(product)
