"""What is promised, as data: a policy value, and the questions that clocks ask of it.

A published version never changes, so a policy is a frozen value; its rules stand in ``policy_faults``, its shape as
JSON in ``policy_data``, and the desk's own figures in ``defaults``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Self

from app.sla.defaults import DEFAULT_CALENDARS, DEFAULT_POLICY_DATA
from app.sla.errors import BadPolicy
from app.sla.policy_data import policy_as_dict, read_policy
from app.sla.policy_faults import Target, TargetKey, policy_faults
from app.sla.remedies import Credits, Reopen
from app.sla.steps import Ladder, Step
from app.sla.terms import Metric, Terms

__all__ = ["DEFAULT_CALENDARS", "DEFAULT_POLICY_DATA", "Credits", "Policy", "Reopen", "Target"]


@dataclass(frozen=True, slots=True)
class Policy:
    """What each level is promised, and who is called when it is not kept.

    Attributes:
        targets: The target of each (level, priority, metric) that has one.
        pauses: The ticket statuses that pause each metric.
        steps: The ladder, whole.
        held: The codes of the steps that each level has; none where a level is not named.
        acknowledge_for: How long an acknowledgement keeps calls back, by priority; otherwise one target of the clock.
        calendars: The code of each level's support calendar.
        reopen: What reopening a ticket does to its resolution clock.
        credits: What a missed promise is worth; None where nothing is credited.

    Raises:
        BadPolicy: With every reason for which it is refused.
    """

    targets: Mapping[TargetKey, Target]
    pauses: Mapping[Metric, frozenset[str]]
    steps: tuple[Step, ...]
    held: Mapping[int, frozenset[str]]
    acknowledge_for: Mapping[str, timedelta]
    calendars: Mapping[int, str]
    reopen: Reopen = Reopen.goes_on
    credits: Credits | None = None

    def __post_init__(self) -> None:
        faults = policy_faults(self.targets, self.pauses, self.steps, self.held, self.acknowledge_for, self.calendars)
        if faults:
            raise BadPolicy(faults)
        for name in ("targets", "pauses", "held", "acknowledge_for", "calendars"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    @classmethod
    def from_dict(cls, data: object) -> Self:
        """Reads a policy out of data of the shape of ``DEFAULT_POLICY_DATA``.

        Raises:
            BadPolicy: With every reason, malformed data among them, each with its place.
        """
        return cls(*read_policy(data))

    def as_dict(self) -> dict[str, object]:
        """The policy as ``from_dict`` reads it."""
        promised = policy_as_dict(
            self.targets, self.pauses, self.steps, self.held, self.acknowledge_for, self.calendars
        )
        credited = {} if self.credits is None else {"credits": self.credits.as_dict()}
        return {**promised, "reopen": self.reopen.value, **credited}

    def target(self, level: int, priority: str, metric: Metric) -> Target | None:
        """What is promised there, if anything."""
        return self.targets.get((level, priority, metric))

    def ladder(self, level: int) -> Ladder:
        """The ladder that a level climbs."""
        return Ladder(self.steps, self.held.get(level, frozenset()))

    def pauses_in(self, metric: Metric, status: str) -> bool:
        """Whether a ticket's status pauses the metric."""
        return status in self.pauses.get(metric, frozenset())

    def quiet_span(self, priority: str, terms: Terms) -> timedelta:
        """How long an acknowledgement keeps calls back, counted as the clock counts."""
        return self.acknowledge_for.get(priority, terms.target)

    @property
    def warning_code(self) -> str | None:
        """The code of the first step at a share of the target, past which a clock is at risk."""
        return next((step.code for step in self.steps if step.at_share is not None), None)
