"""What a reseller holds at an instant: its plan, its add-on, its windows."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from tests.model.calendar import Interval, instants_of
from tests.model.policy import PLAN_LEVELS, PRODUCT_LEVELS, Policy
from tests.model.terms import Terms

_DECEMBER = 12
BEGINNING = datetime(1, 1, 1, tzinfo=UTC)


@dataclass
class Purchase:
    """A purchase; ``wished_end`` is the end that was asked for, apart from what another purchase trims."""

    product: str
    starts_at: datetime
    wished_end: datetime | None = None
    cancelled: bool = False


@dataclass
class Window:
    """A maintenance window, from its start to its end or to the instant at which it was ended."""

    starts_at: datetime
    ends_at: datetime
    cancelled: bool = False


@dataclass
class Reseller:
    """Everything effective-dated of one reseller."""

    plans: dict[datetime, str]
    policies: list[tuple[datetime, Policy]]
    purchases: list[Purchase] = field(default_factory=list)
    windows: list[Window] = field(default_factory=list)
    zone: str = "Europe/London"

    def plan(self, at: datetime) -> str:
        """ "A plan or purchase holds from its instant, inclusive, to its end, exclusive"."""
        return self.plans[max(start for start in self.plans if start <= at)]

    def change_plan(self, plan: str, at: datetime) -> bool:
        """A change supersedes one at its instant, and one that changes nothing is none; False where nothing changes."""
        after: dict[datetime, str] = {}
        for start, held in sorted({**self.plans, at: plan}.items()):
            if not after or held != after[max(after)]:
                after[start] = held
        changed, self.plans = after != self.plans, after
        return changed

    def policy(self, at: datetime) -> Policy:
        """The version in force; of two from the same instant the one published last."""
        found = [(start, number) for number, (start, _) in enumerate(self.policies) if start <= at]
        return self.policies[max(found)[1]][1]

    def level(self, at: datetime) -> int:
        """ "The highest of its plan's level and its active add-on's level"."""
        held = self.purchase(at)
        return max(PLAN_LEVELS[self.plan(at)], PRODUCT_LEVELS[held.product] if held else 0)

    def terms(self, at: datetime, priority: str, metric: str) -> Terms | None:
        """The terms of a metric at an instant, if it has a target."""
        policy, level = self.policy(at), self.level(at)
        target = policy.target(level, priority, metric)
        return None if target is None else Terms(*target, policy.calendar(level), self.known_windows())

    def known_windows(self) -> tuple[Interval, ...]:
        """The windows that cover it, as they are declared now."""
        return tuple((each.starts_at, each.ends_at) for each in self.windows if not each.cancelled)

    def changes_after(self, at: datetime) -> list[datetime]:
        """The instants at which what it holds changes by time alone."""
        instants = {*self.plans, *(start for start, _ in self.policies)}
        for each in self.purchases:
            end = self.end_of(each)
            instants |= set() if each.cancelled else {each.starts_at} | ({end} if end else set())
        return sorted(instant for instant in instants if instant > at)

    # --- purchases ---------------------------------------------------------------------------------------------

    def purchase(self, at: datetime) -> Purchase | None:
        """The purchase in force: there is at most one."""
        found = [each for each in self.purchases if self.state(each, at) == "active"]
        assert len(found) <= 1
        return found[0] if found else None

    def end_of(self, purchase: Purchase) -> datetime | None:
        """ "Another product trims its predecessor at its start; cancelled before it starts, it gives that back."""
        later = [each.starts_at for each in self.purchases if not each.cancelled]
        ends = [start for start in later if start > purchase.starts_at]
        return min([*ends, *([purchase.wished_end] if purchase.wished_end else [])], default=None)

    def state(self, purchase: Purchase, at: datetime) -> str:
        """ "`scheduled` -> `active` -> `ended`, with `cancelled` for one that never started"."""
        end = self.end_of(purchase)
        if purchase.cancelled:
            return "cancelled"
        if at < purchase.starts_at:
            return "scheduled"
        return "active" if end is None or at < end else "ended"

    def may_buy(self, product: str, starts_at: datetime, now: datetime) -> bool:
        """ "The same product in force or scheduled, or the same start: 409."""
        live = [each for each in self.purchases if self.state(each, now) in {"active", "scheduled"}]
        return all(each.product != product and each.starts_at != starts_at for each in live)

    def cancel(self, purchase: Purchase, now: datetime, *, at_period_end: bool) -> None:
        """ "Cancelling ends it now or at the end of the paid month"; one that has not begun is cancelled whole."""
        never_held = purchase.starts_at == now and not at_period_end  # it gives back what it took
        if self.state(purchase, now) == "scheduled" or never_held:
            purchase.cancelled = True
        else:
            purchase.wished_end = self.period_end(purchase, now) if at_period_end else now

    def period_end(self, purchase: Purchase, now: datetime) -> datetime:
        """The first beginning of a paid month after an instant."""
        months = 1
        while (begins := self._month(purchase, months)) <= now:
            months += 1
        return begins

    def _month(self, purchase: Purchase, months: int) -> datetime:
        # "Month *k* begins *k* calendar months after the start in the reseller's zone, clamped to the month's end".
        local = purchase.starts_at.astimezone(ZoneInfo(self.zone)).replace(tzinfo=None, fold=0)
        years, month = divmod(local.month - 1 + months, _DECEMBER)
        day = local.day
        while True:
            try:
                begins = local.replace(year=local.year + years, month=month + 1, day=day)
            except ValueError:
                day -= 1
            else:
                return instants_of(self.zone, begins)[0]
