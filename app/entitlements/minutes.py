"""Pure: the minutes of a paid month: what is left, when to warn, what a correction gives back."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

State = Literal["within", "warned", "overrun", "exhausted", "unlimited"]
Mark = Literal["warning", "exhausted"]

_BASIS_POINTS = 10_000


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a month includes; ``included`` None is not limited, ``overrun`` None has no cap."""

    included: int | None
    warn_share: int
    overrun: int | None

    @property
    def cap(self) -> int | None:
        """The minutes at which a month is used up; None where it never is."""
        return None if self.included is None or self.overrun is None else self.included + self.overrun

    def left(self, used: int) -> int | None:
        """Return what is left of the included minutes; None where they are not limited."""
        return None if self.included is None else max(self.included - used, 0)

    def state(self, used: int) -> State:
        """Return how a month stands after so many minutes."""
        if self.included is None:
            return "unlimited"
        if self.cap is not None and used >= self.cap:
            return "exhausted"
        if used > self.included:
            return "overrun"
        return "warned" if self._warns(used) else "within"

    def marks(self, used: int) -> list[Mark]:
        """Return what the reseller is to have heard of, once a month, after so many minutes."""
        if not self._warns(used):
            return []
        return ["warning", "exhausted"] if self.state(used) == "exhausted" else ["warning"]

    def _warns(self, used: int) -> bool:
        return self.included is not None and used > 0 and used * _BASIS_POINTS >= self.included * self.warn_share


M = TypeVar("M", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Taken(Generic[M]):
    """Minutes that were taken from a month, or, below zero, given back to it; None: from no paid month."""

    month: M | None
    minutes: int


def given_back(ledger: Sequence[Taken[M]], minutes: int) -> list[Taken[M]] | None:
    """Return to which months a correction gives ``minutes`` back, the latest first.

    The ledger is a ticket's, oldest first. None where it holds fewer minutes in all.
    """
    totals: dict[M | None, int] = {}
    for entry in ledger:
        totals[entry.month] = totals.get(entry.month, 0) + entry.minutes
    found = []
    for month, total in reversed(totals.items()):
        taken = min(total, minutes)
        if taken > 0:
            found.append(Taken(month, -taken))
            minutes -= taken
    return found if minutes == 0 else None
