"""The steps of a ladder, as data."""

from dataclasses import dataclass
from datetime import timedelta

WHOLE = 10_000  # basis points
ROLES = ("desk", "account_manager", "technical_director")


@dataclass(frozen=True, slots=True)
class Step:
    """Who is called, and when; exactly one of the three triggers is given.

    Attributes:
        code: Its name, which is raised once per clock through all changes of ladder.
        role: Who is called: ``desk``, ``account_manager`` or ``technical_director``.
        at_share: The share of the target consumed, in basis points, from 1 to 10,000.
        after_breach: The time after the breach, counted as the clock counts.
        after_targets: The same as a share of the target that was broken, in basis points.

    Raises:
        ValueError: It has not one trigger, or one that is out of bounds.
    """

    code: str
    role: str
    at_share: int | None = None
    after_breach: timedelta | None = None
    after_targets: int | None = None

    def __post_init__(self) -> None:
        triggers = [self.at_share, self.after_breach, self.after_targets]
        if sum(trigger is not None for trigger in triggers) != 1:
            raise ValueError(f"a step has one of at_share, after_breach and after_targets: {self.code}")
        if self.at_share is not None and not 0 < self.at_share <= WHOLE:
            raise ValueError(f"a share lies between 1 and {WHOLE} basis points: {self.code}")
        if (self.after_breach or timedelta(0)) < timedelta(0) or (self.after_targets or 0) < 0:
            raise ValueError(f"a step after the breach does not come before it: {self.code}")

    def left_at(self, target: timedelta) -> timedelta:
        """What remains of a target when the step is reached, below nothing after the breach; shares are floored."""
        if self.at_share is not None:
            return target - target * self.at_share // WHOLE
        if self.after_breach is not None:
            return -self.after_breach
        assert self.after_targets is not None  # one trigger is given
        return -(target * self.after_targets // WHOLE)


@dataclass(frozen=True, slots=True)
class Ladder:
    """The steps of a policy, and the codes of those that a level has."""

    steps: tuple[Step, ...]
    held: frozenset[str]


DEFAULT_STEPS = (
    Step("warning", "desk", at_share=7_500),
    Step("breach", "account_manager", after_breach=timedelta(0)),
    Step("overdue", "technical_director", after_targets=WHOLE),
)
