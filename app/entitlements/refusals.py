"""Refusals that name what is held, what it takes, and what would give it."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.catalogue.queries import list_levels, list_plans, list_products
from app.entitlements.entitlement import Entitlement
from app.infra.problems import EntitlementRequired


async def entitlement_required(
    session: AsyncSession, entitlement: Entitlement, level_required: int, what: str
) -> EntitlementRequired:
    """Return the refusal of something that the level held does not include."""
    names = {level.level: level.name for level in await list_levels(session)}
    plans = [plan for plan in await list_plans(session) if plan.level >= level_required]
    products = [product for product in await list_products(session) if product.level >= level_required]
    offers = ", ".join([*(plan.name for plan in plans), *(product.name for product in products)])
    return EntitlementRequired(
        f"{what} takes {names[level_required]} (level {level_required}); held is {names[entitlement.level]}"
        f" (level {entitlement.level}). What gives it: {offers}.",
        level=entitlement.level,
        level_required=level_required,
        plans=[plan.code for plan in plans],
        products=[product.code for product in products],
    )
