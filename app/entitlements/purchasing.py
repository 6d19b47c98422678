"""Pure: how purchases, and plans, follow one another, with no gap that was not asked for and no overlap."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Protocol


class Lasting(Protocol):
    """What the rule needs of a purchase that is in force or scheduled."""

    starts_at: datetime
    agreed_ends_at: datetime | None


def ends_of(purchases: Sequence[Lasting]) -> list[datetime | None]:
    """Return the end of each purchase, given in order of their starts.

    A purchase ends where its reseller asked for it, or where the next one starts, whichever comes first. So a
    successor that is cancelled before it starts gives back what it took.
    """
    followed = [
        later.starts_at if earlier.agreed_ends_at is None else min(earlier.agreed_ends_at, later.starts_at)
        for earlier, later in pairwise(purchases)
    ]
    return [*followed, purchases[-1].agreed_ends_at] if purchases else []


@dataclass(frozen=True, slots=True)
class PlanFrom:
    """A plan from an instant on, until the next."""

    starts_at: datetime
    plan: str


def with_change(plans: Sequence[PlanFrom], change: PlanFrom) -> list[PlanFrom]:
    """Return a reseller's plans, in order of their starts, with one more change.

    A change at the instant of another replaces it. What changes nothing is left out, so that a change back to the
    plan before withdraws one that was agreed for later.
    """
    agreed = sorted({one.starts_at: one for one in (*plans, change)}.values(), key=lambda one: one.starts_at)
    return agreed[:1] + [later for earlier, later in pairwise(agreed) if later.plan != earlier.plan]
