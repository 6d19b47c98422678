"""Pure: what missed promises are worth, in whole minor units, month by month of a purchase."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.entitlements.months import month_start
from app.sla.steps import WHOLE

LONGEST_MONTH = timedelta(days=32)  # of a purchase: 31 days, and the hour by which the clocks go back


@dataclass(frozen=True, slots=True)
class Miss:
    """A promise that was missed, and what its policy credits, in basis points of the month's price."""

    at: datetime
    per_miss: int
    cap: int


@dataclass(frozen=True, slots=True)
class Credit:
    """What is owed for the misses of a span in one paid month; ``capped`` where a cap held something back."""

    missed: int
    owed_minor: int
    capped: bool


def months_over(start: datetime, time_zone: str, since: datetime, until: datetime) -> Iterator[datetime]:
    """Yield the beginnings of the paid months of a purchase that touch [since, until), in order."""
    k = max((since.year - start.year) * 12 + since.month - start.month - 1, 0)
    while (begins := month_start(start, time_zone, k)) < until:
        k += 1
        if month_start(start, time_zone, k) > since:
            yield begins


def credit(price_minor: int, misses: Iterable[Miss], since: datetime, until: datetime) -> Credit:
    """Return what the misses in [since, until) add to what is owed for their month.

    The whole month counts for the cap: what is owed is the difference between the month as it stood at the two
    instants. So the reports of spans that follow one another add up to the month, which is rounded once and never
    goes above its cap.

    Args:
        price_minor: The month's price.
        misses: Every miss of the month before ``until``.
        since: From when misses are told.
        until: Until when they count.
    """
    known = sorted((miss for miss in misses if miss.at < until), key=lambda miss: miss.at)
    earlier = [miss for miss in known if miss.at < since]
    told = known[len(earlier) :]
    before, after = shared(earlier), shared(known)
    return Credit(
        missed=len(told),
        owed_minor=part_of(price_minor, after) - part_of(price_minor, before),
        capped=after - before < sum(miss.per_miss for miss in told),
    )


def shared(misses: Sequence[Miss]) -> int:
    """Return the share that misses, in their order, come to: each adds its own, up to its own policy's cap."""
    share = 0
    for miss in misses:
        share = max(share, min(share + miss.per_miss, miss.cap))
    return share


def part_of(price_minor: int, basis_points: int) -> int:
    """Return a share of a price, halves rounded up."""
    return (2 * price_minor * basis_points + WHOLE) // (2 * WHOLE)
