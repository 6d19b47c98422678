"""Pure: what a reseller is owed at an instant, from everything that was ever agreed with it."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Generic, Literal, TypeVar
from uuid import UUID

from app.catalogue.versions import PolicyVersion
from app.sla.terms import Metric, Terms
from app.sla.windows import Window, Windows, joined

Source = Literal["plan", "add_on"]


class Feature(StrEnum):
    """What a support level may include besides its hours and promises: the columns of its row."""

    MAY_ESCALATE = "may_escalate"
    TASK_TICKETS = "task_tickets"
    BRANDED = "branded"


@dataclass(frozen=True, slots=True)
class PlanHeld:
    """A plan, the level that it includes, and what that level does."""

    code: str
    level: int
    features: frozenset[Feature] = frozenset()


@dataclass(frozen=True, slots=True)
class AddOnHeld:
    """A purchase and what its product gives."""

    purchase_id: UUID
    product: str
    level: int
    telephone: bool
    features: frozenset[Feature] = frozenset()


V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Held(Generic[V]):
    """A value that holds from an instant, inclusive, to another, exclusive; None is open."""

    value: V
    starts_at: datetime | None
    ends_at: datetime | None = None

    def covers(self, at: datetime) -> bool:
        """Tell whether it holds at an instant."""
        return (self.starts_at is None or self.starts_at <= at) and (self.ends_at is None or at < self.ends_at)


@dataclass(frozen=True, slots=True)
class WindowHeld:
    """A maintenance window as it was declared, and when it was called off, if it was."""

    starts_at: datetime
    ends_at: datetime
    declared_at: datetime
    called_off_at: datetime | None
    reason: str

    def known(self, at: datetime) -> Window | None:
        """Return the span that it covers, as far as is known at an instant; None before it was declared."""
        if self.declared_at > at:
            return None
        called_off = self.called_off_at is not None and self.called_off_at <= at
        return self.starts_at, (min(self.called_off_at or self.ends_at, self.ends_at) if called_off else self.ends_at)


@dataclass(frozen=True, slots=True)
class Entitlement:
    """What holds at one instant: the higher of the plan's level and the add-on's, and the windows known then."""

    plan: PlanHeld
    add_on: AddOnHeld | None
    policy: PolicyVersion
    windows: Windows = ()

    @property
    def level(self) -> int:
        """The effective support level."""
        return max(self.plan.level, self.add_on.level if self.add_on else 0)

    @classmethod
    def remembered(cls, plan: PlanHeld, level: int, policy: PolicyVersion) -> "Entitlement":
        """Return an entitlement of which only the level and the policy are known."""
        return cls(PlanHeld(plan.code, level), None, policy)

    @property
    def source(self) -> Source:
        """Where the level comes from."""
        return "add_on" if self.add_on and self.add_on.level > self.plan.level else "plan"

    def includes(self, feature: Feature) -> bool:
        """Tell whether the effective level includes something, by its row in the catalogue."""
        higher = self.add_on if self.add_on and self.source == "add_on" else self.plan
        return feature in higher.features

    @property
    def telephone(self) -> bool:
        """Whether the telephone variant is held."""
        return self.add_on is not None and self.add_on.telephone

    def terms(self, priority: str, metric: Metric) -> Terms | None:
        """Return what a metric promises under this entitlement."""
        return self.policy.terms(self.level, priority, metric)


@dataclass(frozen=True)
class Timeline:
    """The whole history of what a reseller is owed, and what is already agreed for later.

    Between two edges the same holds: it is made up once, when first asked for.
    """

    plans: Sequence[Held[PlanHeld]]
    add_ons: Sequence[Held[AddOnHeld]]
    policies: Sequence[Held[PolicyVersion]]
    windows: Sequence[WindowHeld] = ()

    @cached_property
    def _edges(self) -> list[datetime]:
        edges = {*_edges(self.plans), *_edges(self.add_ons), *_edges(self.policies)}
        for window in self.windows:
            edges.update(at for at in (window.declared_at, window.called_off_at) if at is not None)
        return sorted(edges)

    @cached_property
    def _between(self) -> dict[int, Entitlement | None]:
        return {}

    def at(self, instant: datetime) -> Entitlement | None:
        """Return what holds at an instant; None before the reseller's first plan."""
        place = bisect_right(self._edges, instant)
        if place not in self._between:
            self._between[place] = self._made_up(instant)
        return self._between[place]

    def _made_up(self, instant: datetime) -> Entitlement | None:
        plan = _held(self.plans, instant)
        policy = _held(self.policies, instant)
        if plan is None or policy is None:
            return None
        known = (window.known(instant) for window in self.windows)
        windows = joined(window for window in known if window is not None)
        return Entitlement(plan, _held(self.add_ons, instant), policy, windows)

    def in_force(self, instant: datetime) -> Entitlement:
        """Return what holds at an instant; before the first plan, what that plan gives.

        Machines' clocks differ a little: a ticket may be opened a moment before its reseller was made.
        """
        held = self.at(instant) or self.at(self.plans[0].starts_at or instant)
        assert held is not None, "every reseller has a plan, and a policy was always in force"
        return held

    def changes(self, after: datetime, until: datetime) -> list[datetime]:
        """Return the instants in (after, until] at which something begins or ends, in order."""
        return self._edges[bisect_right(self._edges, after) : bisect_right(self._edges, until)]


def _edges(values: Sequence[Held[V]]) -> Iterator[datetime]:
    for held in values:
        yield from (edge for edge in (held.starts_at, held.ends_at) if edge is not None)


def _held(values: Sequence[Held[V]], instant: datetime) -> V | None:
    return next((held.value for held in reversed(values) if held.covers(instant)), None)
