"""Operations on the catalogue: open to every key, and without one."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.edge import edge_router
from app.auth.visit import CurrentVisit
from app.catalogue import queries
from app.catalogue.hours import hours_of
from app.catalogue.schemas import (
    CalendarRead,
    LevelRead,
    Levels,
    PlanRead,
    Plans,
    ProductRead,
    Products,
    PromiseRead,
    SlaPolicyRead,
    StepRead,
)
from app.catalogue.versions import PolicyVersion, policy_version
from app.infra.problems import NotFound
from app.infra.wire import Code

router = edge_router("Catalogue")
_BASIS_POINTS = 10_000


async def _in_force(session: AsyncSession, visit: CurrentVisit) -> PolicyVersion:
    row = await queries.policy_in_force(session, visit.wall)
    return await policy_version(session, row.id)


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
    policy = await _in_force(visit.session, visit)
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


@router.get("/sla")
async def get_sla(visit: CurrentVisit) -> SlaPolicyRead:
    """Read the SLA policy in force: the promises, the ladder, what pauses a clock, the calendars."""
    return _read(await _in_force(visit.session, visit))


def _read(version: PolicyVersion) -> SlaPolicyRead:
    policy = version.policy
    return SlaPolicyRead(
        id=version.id,
        version=version.version,
        effective_at=version.effective_at,
        promises=[
            PromiseRead(level=level, priority=priority, metric=metric, target=target.span, counting=target.counting)
            for (level, priority, metric), target in policy.targets.items()
        ],
        pauses={metric: sorted(statuses) for metric, statuses in policy.pauses.items()},
        ladder=[
            StepRead(
                code=step.code,
                role=step.role,
                at_share=None if step.at_share is None else step.at_share / _BASIS_POINTS,
                after_breach=step.after_breach,
                after_targets=None if step.after_targets is None else step.after_targets / _BASIS_POINTS,
                levels=[level for level, held in policy.held.items() if step.code in held],
            )
            for step in policy.steps
        ],
        acknowledge_for=dict(policy.acknowledge_for),
        calendars=[
            CalendarRead(
                id=calendar_id,
                code=code,
                levels=[level for level, named in policy.calendars.items() if named == code],
                hours=hours_of(calendar),
                time_zone=calendar.time_zone,
            )
            for code, (calendar_id, calendar) in version.calendars.items()
        ],
    )
