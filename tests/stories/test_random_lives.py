"""Random lives of resellers and tickets, held after every step against a plain reference model (``tests/model``).

The model is written from what the desk promises, and shares no code with it. `make test` plays 5,000 steps, the same
ones every time; `make nightly` plays as many as it is told, others every night.
"""

import asyncio
import os
import sys
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import pytest
import uvloop
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from tests.conftest import STAFF_KEY
from tests.desk import Desk, open_test_desk
from tests.model.policy import PLAN_LEVELS, PRIORITIES, PRODUCT_LEVELS
from tests.model.ticket import AT_WORK, RESELLER_MOVES, STAFF_MOVES
from tests.stories.comparing import Held, Lived, Run
from tests.stories.draws import LATE, OFFSETS, PICK, SPAN, STARTS
from tests.stories.lives import Life
from tests.stories.policies import policies

pytestmark = pytest.mark.timeout(1800)

# What the desk has by now; every rule of the machine is guarded by one of these or by none.
FEATURES: frozenset[str] = frozenset({"windows", "policies", "restart"})

_NIGHTLY = int(os.environ.get("TRUNKLINE_LIVES_STEPS", "0"))
_RUNS = 10
_STEPS = 50
_LIVES = max(10, _NIGHTLY // _RUNS // _STEPS)
_SETTINGS = settings(
    max_examples=_LIVES,
    stateful_step_count=_STEPS,
    deadline=None,
    database=None,
    print_blob=True,
    report_multiple_bugs=False,
    phases=[Phase.generate, Phase.shrink] if _NIGHTLY else [Phase.generate],
    suppress_health_check=list(HealthCheck),
)

_LONDON = ZoneInfo("Europe/London")


def play(**arguments: Any) -> Callable[[Callable[..., None]], Any]:
    """A rule of the machine, counted by its name."""

    def counted(function: Callable[..., None]) -> Any:
        @wraps(function)
        def counting(self: "Lives", **drawn: Any) -> None:
            self.played[function.__name__] += 1
            function(self, **drawn)

        ruled: Any = rule(**arguments)
        return ruled(counting)

    return counted


class Lives(RuleBasedStateMachine):
    """One life at a time, on a desk that is opened once."""

    run: ClassVar[Run]
    desk: ClassVar[Desk]
    played: ClassVar[Counter[str]]
    life: Life

    @initialize(
        start=st.sampled_from(STARTS),
        plan=st.sampled_from(["lite", "lite", "professional"]),
        priority=st.sampled_from(PRIORITIES),
    )
    def begin(self, start: str, plan: str, priority: str) -> None:
        self.life = Life(type(self).run, self.desk, datetime.fromisoformat(start).astimezone(UTC))
        self.life.open(self.life.join(plan), priority, by_telephone=False)

    # --- tickets -----------------------------------------------------------------------------------------------

    @precondition(lambda self: len(self.at(*AT_WORK)) < 3)
    @play(pick=PICK, priority=st.sampled_from(PRIORITIES))
    def opens_a_ticket(self, pick: int, priority: str) -> None:
        self.life.open(self.reseller(pick), priority, by_telephone=False)

    @precondition(lambda self: self.telephone() and len(self.at(*AT_WORK)) < 3)
    @play(priority=st.sampled_from(PRIORITIES))
    def calls_by_telephone(self, priority: str) -> None:
        self.life.open(self.telephone()[0], priority, by_telephone=True)

    @precondition(lambda self: self.at(*AT_WORK, "resolved"))
    @play(pick=PICK)
    def desk_replies(self, pick: int) -> None:
        self.life.write(self.one(pick, *AT_WORK, "resolved"), by_desk=True)

    @precondition(lambda self: self.life.tickets)
    @play(pick=PICK)
    def customer_writes(self, pick: int) -> None:
        self.life.write(self.life.tickets[pick % len(self.life.tickets)], by_desk=False)

    @precondition(lambda self: self.at("new", "open", "resolved"))
    @play(pick=PICK, member=st.sampled_from([{"automatic": True}, {"visibility": "internal"}]))
    def desk_says_what_answers_nothing(self, pick: int, member: dict[str, Any]) -> None:
        self.life.write(self.one(pick, "new", "open", "resolved"), by_desk=True, **member)

    @precondition(lambda self: self.at(*AT_WORK))
    @play(pick=PICK, to=st.sampled_from(["open", "pending", "pending", "on_hold"]))
    def staff_hold_or_pend(self, pick: int, to: str) -> None:
        lived = self.one(pick, *AT_WORK)
        if lived.model.status != to:
            self.life.move(lived, to, by_desk=True)

    @precondition(lambda self: self.at(*AT_WORK))
    @play(pick=PICK, by_desk=st.booleans())
    def resolve(self, pick: int, by_desk: bool) -> None:
        self.life.move(self.one(pick, *AT_WORK), "resolved", by_desk=by_desk)

    @precondition(lambda self: self.at("resolved"))
    @play(pick=PICK, by_desk=st.booleans())
    def reopen(self, pick: int, by_desk: bool) -> None:
        self.life.move(self.one(pick, "resolved"), "open", by_desk=by_desk)

    @precondition(lambda self: self.at("resolved"))
    @play(pick=PICK)
    def close(self, pick: int) -> None:
        self.life.move(self.one(pick, "resolved"), "closed", by_desk=False)

    @precondition(lambda self: self.at(*AT_WORK, "resolved"))
    @play(pick=PICK, by_desk=st.booleans())
    def cancel(self, pick: int, by_desk: bool) -> None:
        self.life.move(self.one(pick, *AT_WORK, "resolved"), "cancelled", by_desk=by_desk)

    @precondition(lambda self: self.life.tickets)
    @play(pick=PICK, to=st.sampled_from([*AT_WORK[1:], "resolved", "closed", "cancelled"]), by_desk=st.booleans())
    def try_a_move_that_is_not_there(self, pick: int, to: str, by_desk: bool) -> None:
        lived = self.life.tickets[pick % len(self.life.tickets)]
        if lived.model.status != to and to not in (STAFF_MOVES if by_desk else RESELLER_MOVES)[lived.model.status]:
            self.life.move(lived, to, by_desk=by_desk)

    @precondition(lambda self: self.at(*AT_WORK, "resolved"))
    @play(pick=PICK, priority=st.sampled_from(PRIORITIES), by_desk=st.booleans())
    def change_priority(self, pick: int, priority: str, by_desk: bool) -> None:
        lived = self.one(pick, *AT_WORK, "resolved")
        if lived.model.priority != priority:
            self.life.set_priority(lived, priority, by_desk=by_desk)

    # --- escalations -------------------------------------------------------------------------------------------

    @precondition(lambda self: self.at(*AT_WORK))
    @play(pick=PICK)
    def escalate_by_hand(self, pick: int) -> None:
        self.life.escalate(self.one(pick, *AT_WORK))

    @precondition(lambda self: self.open_escalations())
    @play(pick=PICK)
    def acknowledge(self, pick: int) -> None:
        found = self.open_escalations()
        lived, number = found[pick % len(found)]
        self.life.acknowledge(lived, lived.model.ladder.raised[number])

    # --- what resellers hold -------------------------------------------------------------------------------------

    @precondition(lambda self: len(self.life.resellers) < 2)
    @play(plan=st.sampled_from([*PLAN_LEVELS]))
    def another_joins(self, plan: str) -> None:
        self.life.join(plan)

    @play(pick=PICK, plan=st.sampled_from([*PLAN_LEVELS, "lite"]), near=PICK, later=st.none() | SPAN)
    def change_plan(self, pick: int, plan: str, near: int, later: timedelta | None) -> None:
        self.life.change_plan(self.reseller(pick), plan, self.later(near, later))

    @play(pick=PICK, product=st.sampled_from([*PRODUCT_LEVELS]), near=PICK, later=st.none() | SPAN)
    def buy_an_add_on(self, pick: int, product: str, near: int, later: timedelta | None) -> None:
        self.life.buy(self.reseller(pick), product, self.later(near, later))

    @precondition(lambda self: any(self.purchases(held) for held in self.life.resellers))
    @play(pick=PICK, at_period_end=st.booleans())
    def stop_an_add_on(self, pick: int, at_period_end: bool) -> None:
        buyers = [held for held in self.life.resellers if self.purchases(held)]
        held = buyers[pick % len(buyers)]
        purchases = self.purchases(held)
        number = purchases[pick // len(buyers) % len(purchases)]
        if held.model.purchases[number].starts_at == self.life.now:
            return  # KNOWN
        self.life.stop(held, held.model.purchases[number], at_period_end=at_period_end)

    # --- what the operator promises ------------------------------------------------------------------------------

    @precondition(lambda _: "policies" in FEATURES)
    @play(data=policies(restart="restart" in FEATURES), near=PICK, later=st.none() | SPAN)
    def publish_a_policy(self, data: dict[str, Any], near: int, later: timedelta | None) -> None:
        self.life.publish(data, self.later(near, later))

    @precondition(lambda _: "windows" in FEATURES)
    @play(pick=PICK, near=PICK, later=st.none() | SPAN, lasts=SPAN)
    def declare_a_window(self, pick: int, near: int, later: timedelta | None, lasts: timedelta) -> None:
        start = self.later(near, later)
        covered = self.life.resellers if pick == 0 else [self.reseller(pick)]
        self.life.declare([*covered], start, start + lasts)

    @precondition(lambda self: self.windows())
    @play(pick=PICK)
    def end_a_window(self, pick: int) -> None:
        found = self.windows()
        self.life.end_window(found[pick % len(found)])

    # --- time --------------------------------------------------------------------------------------------------

    @precondition(lambda self: self.life.world.next_instants())
    @play(near=PICK, offset=st.sampled_from(OFFSETS), late=LATE)
    def advance_to_what_is_next(self, near: int, offset: timedelta, late: bool) -> None:
        instants = self.life.world.next_instants()
        self.advance(instants[min(near, len(instants) - 1)] + offset, late=late)

    @play(span=SPAN, late=LATE)
    def advance_by_a_span(self, span: timedelta, late: bool) -> None:
        self.advance(self.life.now + span, late=late)

    @play(hour=st.sampled_from([0, 1, 2, 8, 18]), offset=st.sampled_from(OFFSETS), late=LATE)
    def advance_to_an_edge_of_the_day(self, hour: int, offset: timedelta, late: bool) -> None:
        local = self.life.now.astimezone(_LONDON)
        edge = local.replace(hour=hour, minute=0, second=0, microsecond=0)
        edge += timedelta(days=1) if edge <= local else timedelta(0)
        self.advance(edge.astimezone(UTC) + offset, late=late)

    def advance(self, to: datetime, *, late: bool) -> None:
        self.life.advance(max(to, self.life.now), late=late)

    # --- who and when --------------------------------------------------------------------------------------------

    def at(self, *statuses: str) -> list[Lived]:
        return [lived for lived in self.life.tickets if lived.model.status in statuses]

    def one(self, pick: int, *statuses: str) -> Lived:
        found = self.at(*statuses)
        return found[pick % len(found)]

    def reseller(self, pick: int) -> Held:
        return self.life.resellers[pick % len(self.life.resellers)]

    def later(self, near: int, span: timedelta | None) -> datetime:
        """Now, or an instant to come: at times the very one at which something else happens."""
        if span is None:
            return self.life.now
        instants = self.life.world.next_instants()
        return instants[near] if near < 3 and near < len(instants) else self.life.now + span

    def telephone(self) -> list[Held]:
        holding = [(held, held.model.purchase(self.life.now)) for held in self.life.resellers]
        return [held for held, one in holding if one and one.product == "branded_intelligent_hands_telephone"]

    def purchases(self, held: Held) -> list[int]:
        live = {"active", "scheduled"}
        found = enumerate(held.model.purchases)
        return [number for number, one in found if held.model.state(one, self.life.now) in live]

    def open_escalations(self) -> list[tuple[Lived, int]]:
        every = [(lived, number) for lived in self.life.tickets for number in range(len(lived.model.ladder.raised))]
        return [(lived, number) for lived, number in every if lived.model.ladder.raised[number].state == "open"]

    def windows(self) -> list[str]:
        return [key for key, (window, _) in self.life.windows.items() if window.ends_at > self.life.now]

    def teardown(self) -> None:
        if sys.exc_info()[0] is None:  # a life that went astray has been told of already
            self.life.compare_all()


@pytest.mark.parametrize("number", range(_RUNS))
def test_random_lives_are_as_the_model_has_them(
    database_url: str, number: int, capsys: pytest.CaptureFixture[str]
) -> None:
    played: Counter[str] = Counter()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        opening = open_test_desk(database_url, STAFF_KEY, rate_limit_per_minute=10**6, rate_limit_burst=10**6)
        desk = runner.run(opening.__aenter__())
        members = {"run": staticmethod(runner.run), "desk": desk, "played": played}
        machine = type("Lives", (Lives,), members)
        try:
            run_state_machine_as_test(machine if _NIGHTLY else seed(number)(machine), settings=_SETTINGS)
        finally:
            runner.run(opening.__aexit__(None, None, None))
    with capsys.disabled():
        print(f"\n{sum(played.values())} steps: {dict(played.most_common())}")  # noqa: T201 - to be seen
