"""Refusals that name what is held, what it takes, and what would give it."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.catalogue.queries import list_levels, list_plans, list_products
from app.entitlements.entitlement import Entitlement, Feature
from app.infra.problems import EntitlementRequired


async def entitlement_required(
    session: AsyncSession, entitlement: Entitlement, feature: Feature, what: str
) -> EntitlementRequired:
    """Return the refusal of something that the level held does not include, by the levels' rows."""
    levels = await list_levels(session)
    names = {level.level: f"{level.name} (level {level.level})" for level in levels}
    giving = [level.level for level in levels if getattr(level, feature)]
    plans = [plan for plan in await list_plans(session) if plan.level in giving]
    products = [product for product in await list_products(session) if product.level in giving]
    offers = ", ".join([*(plan.name for plan in plans), *(product.name for product in products)]) or "nothing now"
    lowest = min(giving, default=None)
    takes = "is included in no level" if lowest is None else f"takes {names[lowest]}"
    return EntitlementRequired(
        f"{what} {takes}; held is {names[entitlement.level]}. What gives it: {offers}.",
        level=entitlement.level,
        level_required=lowest,
        plans=[plan.code for plan in plans],
        products=[product.code for product in products],
    )
