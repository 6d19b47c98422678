"""What time alone does; all times on 2026-06-10, round the clock, the target one hour from 12:00 unless told."""

from datetime import datetime, timedelta

import pytest

from app.sla import (
    DEFAULT_STEPS,
    Breached,
    Clock,
    Fact,
    Ladder,
    Metric,
    QuietEnded,
    Step,
    StepReached,
    Terms,
    next_step_at,
    settle,
    wake_at,
)
from app.sla.terms import Counting
from tests.sla.desk import LITE_HOURS, POLICY, ROUND_THE_CLOCK, hours
from tests.sla.reference import utc

WARNING, BREACH, OVERDUE = DEFAULT_STEPS
FULL, LITE_ONLY = POLICY.ladder(2), POLICY.ladder(1)
TICK = timedelta(microseconds=1)
MINUTE = timedelta(minutes=1)


def at(time: str) -> datetime:
    return utc(f"2026-06-10 {time}")


@pytest.fixture
def clock() -> Clock:
    return Clock.start(Metric.resolution, hours(1), at("12:00"))


def facts(clock: Clock, until: datetime, ladder: Ladder = FULL) -> tuple[Fact, ...]:
    return settle(clock, ladder, until, inclusive=True)[1]


def settled(clock: Clock, until: datetime, ladder: Ladder = FULL) -> Clock:
    """As whoever acts at that instant finds it."""
    return settle(clock, ladder, until, inclusive=False)[0]


def test_time_warns_breaches_and_goes_on_calling(clock: Clock) -> None:
    assert facts(clock, at("20:00")) == (
        StepReached(WARNING, at("12:45")),
        Breached(at("13:00")),
        StepReached(BREACH, at("13:00")),
        StepReached(OVERDUE, at("14:00")),
    )


def test_nothing_is_told_twice(clock: Clock) -> None:
    done, _ = settle(clock, FULL, at("20:00"), inclusive=True)
    assert settle(done, FULL, at("23:00"), inclusive=True) == (done, ())


def test_a_breach_waits_until_its_deadline_has_passed(clock: Clock) -> None:
    assert facts(clock, at("13:00")) == (StepReached(WARNING, at("12:45")),)
    assert Breached(at("13:00")) in facts(clock, at("13:00") + TICK)


def test_a_step_is_due_at_its_instant_unless_somebody_acts_then(clock: Clock) -> None:
    assert facts(clock, at("12:45")) == (StepReached(WARNING, at("12:45")),)
    assert settle(clock, FULL, at("12:45"), inclusive=False) == (clock, ())


def test_met_and_cancelled_clocks_have_nothing_to_tell(clock: Clock) -> None:
    for ended in (clock.meet(at("12:10")), clock.cancel(at("12:10"))):
        assert settle(ended, FULL, at("20:00"), inclusive=True) == (ended, ())
        assert wake_at(ended, FULL) is None
        assert next_step_at(ended, FULL) is None


def test_waking_follows_the_steps(clock: Clock) -> None:
    woken = []
    wake = wake_at(clock, FULL)
    while wake is not None:
        woken.append(wake)
        assert settle(clock, FULL, wake - TICK, inclusive=True) == (clock, ())
        clock, told = settle(clock, FULL, wake, inclusive=True)
        assert told
        wake = wake_at(clock, FULL)
    assert woken == [at("12:45"), at("13:00") + TICK, at("14:00")]


def test_people_are_told_the_deadline_itself(clock: Clock) -> None:
    assert next_step_at(clock, FULL) == at("12:45")
    assert next_step_at(settled(clock, at("12:50")), FULL) == at("13:00")
    assert next_step_at(settled(clock, at("13:10")), FULL) == at("14:00")
    assert next_step_at(settled(clock, at("13:10")), LITE_ONLY) is None


def test_a_level_that_lacks_steps_breaches_all_the_same(clock: Clock) -> None:
    assert facts(clock, at("20:00"), LITE_ONLY) == (StepReached(WARNING, at("12:45")), Breached(at("13:00")))


def test_a_step_that_a_level_lacked_is_not_raised_after_an_upgrade(clock: Clock) -> None:
    before = settled(clock, at("13:30"), LITE_ONLY)
    assert facts(before, at("20:00"), FULL) == (StepReached(OVERDUE, at("14:00")),)


def test_later_steps_wait_while_a_breached_clock_is_paused(clock: Clock) -> None:
    paused = settled(clock, at("13:10")).pause(at("13:10"))
    assert facts(paused, at("20:00")) == ()
    assert wake_at(paused, FULL) is None
    assert facts(paused.resume(at("20:00")), at("23:00")) == (StepReached(OVERDUE, at("20:50")),)


def test_later_steps_are_counted_as_the_clock_counts() -> None:
    lite = Clock.start(Metric.resolution, hours(1, LITE_HOURS), at("15:30"))
    assert facts(lite, at("23:00") + timedelta(days=1))[-1] == StepReached(OVERDUE, utc("2026-06-11 07:30"))


def test_a_change_that_puts_a_warning_in_the_past_raises_it_at_once_even_while_paused() -> None:
    clock = Clock.start(Metric.resolution, hours(100), utc("2026-06-08 08:00"))
    clock = clock.change_terms(hours(1), at("00:00")).pause(at("00:10"))
    loosened = clock.change_terms(hours(48), at("00:20"))
    assert facts(clock, at("00:20")) == ()
    assert loosened.remaining == 7 * 60 * MINUTE + 50 * MINUTE
    assert facts(loosened, at("12:00")) == (StepReached(WARNING, at("00:20")),)
    assert wake_at(loosened, FULL) == at("00:20")


def test_a_tightening_on_the_old_terms_keeps_the_old_warning() -> None:
    clock = Clock.start(Metric.resolution, hours(4), at("12:00")).change_terms(hours(2), at("14:30"))
    assert facts(clock, at("15:30")) == (StepReached(WARNING, at("15:00")),)


def test_a_loosening_warns_again_only_where_it_had_not(clock: Clock) -> None:
    warned = settled(clock, at("12:50")).change_terms(hours(8), at("12:50"))
    assert facts(warned, at("19:59")) == ()
    unwarned = settled(clock, at("12:30")).change_terms(hours(8), at("12:30"))
    assert facts(unwarned, at("19:59")) == (StepReached(WARNING, at("18:00")),)


def test_an_acknowledgement_withholds_the_calls_and_never_the_breach(clock: Clock) -> None:
    quiet = settled(clock, at("12:50")).acknowledge(30 * MINUTE, at("12:50"))
    assert facts(quiet, at("15:00")) == (
        Breached(at("13:00")),
        StepReached(BREACH, at("13:00"), withheld=True),
        QuietEnded(at("13:20")),
        StepReached(BREACH, at("13:20")),
        StepReached(OVERDUE, at("14:00")),
    )


def test_what_was_withheld_is_raised_in_order(clock: Clock) -> None:
    quiet = settled(clock, at("12:10")).acknowledge(150 * MINUTE, at("12:10"))
    assert facts(quiet, at("15:00"))[-4:] == (
        QuietEnded(at("14:40")),
        StepReached(WARNING, at("14:40")),
        StepReached(BREACH, at("14:40")),
        StepReached(OVERDUE, at("14:40")),
    )


def test_withheld_steps_that_the_level_has_lost_are_not_raised(clock: Clock) -> None:
    quiet = settled(clock.acknowledge(90 * MINUTE, at("12:00")), at("13:10"))
    assert quiet.withheld == ("warning", "breach")
    assert facts(quiet, at("13:30"), LITE_ONLY) == (QuietEnded(at("13:30")), StepReached(WARNING, at("13:30")))


def test_a_step_at_the_very_expiry_is_called(clock: Clock) -> None:
    quiet = clock.acknowledge(45 * MINUTE, at("12:00"))
    assert facts(quiet, at("12:50")) == (StepReached(WARNING, at("12:45")), QuietEnded(at("12:45")))


def test_an_expiry_at_the_deadline_comes_after_the_breach(clock: Clock) -> None:
    quiet = settled(clock, at("12:50")).acknowledge(10 * MINUTE, at("12:50"))
    assert facts(quiet, at("13:00")) == ()
    assert wake_at(quiet, FULL) == at("13:00") + TICK
    assert facts(quiet, at("13:01")) == (
        Breached(at("13:00")),
        StepReached(BREACH, at("13:00")),
        QuietEnded(at("13:00")),
    )


def test_an_acknowledgement_waits_while_paused_and_ends_with_the_meeting(clock: Clock) -> None:
    quiet = clock.acknowledge(30 * MINUTE, at("12:00")).pause(at("12:10"))
    assert facts(quiet, at("20:00")) == ()
    assert facts(quiet.resume(at("20:00")), at("20:30")) == (QuietEnded(at("20:20")),)
    assert facts(quiet.meet(at("20:00")), at("23:00")) == ()


def test_reopening_raises_nothing_again(clock: Clock) -> None:
    late = settled(clock, at("13:10")).meet(at("13:10")).reopen(at("18:00"))
    assert facts(late, at("23:00")) == (StepReached(OVERDUE, at("18:50")),)


def test_shares_are_floored_to_the_microsecond() -> None:
    terms = Terms(timedelta(microseconds=3), Counting.elapsed, ROUND_THE_CLOCK)
    clock = Clock.start(Metric.resolution, terms, at("12:00"))
    assert facts(clock, at("12:01"))[0] == StepReached(WARNING, at("12:00") + 2 * TICK)


def test_a_step_beyond_time_never_wakes_anybody() -> None:
    clock = Clock.start(Metric.resolution, hours(1), utc("9999-12-31 22:00"))
    breached, _ = settle(clock, FULL, utc("9999-12-31 23:30"), inclusive=True)
    assert wake_at(breached, FULL) is None


@pytest.mark.parametrize(
    "step",
    [
        {},
        {"at_share": 1, "after_targets": 1},
        {"at_share": 0},
        {"at_share": 10_001},
        {"after_targets": -1},
    ],
)
def test_a_step_has_one_trigger_within_bounds(step: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"step|share"):
        Step("odd", "desk", at_share=step.get("at_share"), after_targets=step.get("after_targets"))


def test_a_step_after_the_breach_is_not_before_it() -> None:
    with pytest.raises(ValueError, match="before it"):
        Step("odd", "desk", after_breach=-TICK)
