"""Pure: how a reseller's purchases follow one another, with no gap that was not asked for and no overlap."""

from collections.abc import Sequence
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
