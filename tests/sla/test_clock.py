"""The states of a clock and the acts on it; all times on 2026-06-10, round the clock, the target one hour."""

from datetime import datetime, timedelta

import pytest

from app.sla import Clock, IllegalTransition, Metric, OutOfRange, State
from tests.sla.desk import LITE_HOURS, hours
from tests.sla.reference import utc

MINUTE = timedelta(minutes=1)


def at(time: str) -> datetime:
    return utc(f"2026-06-10 {time}")


@pytest.fixture
def running() -> Clock:
    return Clock.start(Metric.resolution, hours(1), at("12:00"))


def test_a_clock_starts_with_the_whole_of_its_target(running: Clock) -> None:
    assert running.state is State.running
    assert running.remaining_at(at("12:00")) == 60 * MINUTE
    assert running.consumed_ratio(at("12:45")) == 0.75
    assert running.counted_at(at("12:45")) == 45 * MINUTE


def test_a_clock_may_start_paused() -> None:
    paused = Clock.start(Metric.resolution, hours(1), at("12:00"), paused=True)
    assert (paused.state, paused.due_at) == (State.paused, None)
    assert paused.resume(at("15:00")).due_at == at("16:00")


def test_pausing_keeps_what_remains_and_takes_the_deadline(running: Clock) -> None:
    paused = running.pause(at("12:20"))
    assert (paused.state, paused.due_at, paused.paused_since) == (State.paused, None, at("12:20"))
    assert paused.remaining_at(at("18:00")) == 40 * MINUTE
    assert paused.resume(at("18:00")).due_at == at("18:40")


def test_what_changes_nothing_gives_the_same_clock(running: Clock) -> None:
    paused, met, cancelled = running.pause(at("12:10")), running.meet(at("12:10")), running.cancel(at("12:10"))
    assert running.resume(at("12:10")) is running
    assert paused.pause(at("12:20")) is paused
    assert met.meet(at("12:20")) is met
    assert met.cancel(at("12:20")) is met
    assert met.change_terms(None, at("12:20")) is met
    assert cancelled.cancel(at("12:20")) is cancelled
    assert cancelled.change_terms(None, at("12:20")) is cancelled
    assert running.change_terms(running.terms, at("12:20")) is running


def test_what_makes_no_sense_is_refused(running: Clock) -> None:
    met, cancelled = running.meet(at("12:10")), running.cancel(at("12:10"))
    for ended in (met, cancelled):
        with pytest.raises(IllegalTransition):
            ended.pause(at("12:20"))
        with pytest.raises(IllegalTransition):
            ended.resume(at("12:20"))
        with pytest.raises(IllegalTransition):
            ended.acknowledge(MINUTE, at("12:20"))
    with pytest.raises(IllegalTransition):
        cancelled.meet(at("12:20"))
    for unmet in (running, running.pause(at("12:10")), cancelled):
        with pytest.raises(IllegalTransition):
            unmet.reopen(at("12:20"))


def test_nothing_happens_before_the_last_that_happened(running: Clock) -> None:
    with pytest.raises(IllegalTransition):
        running.pause(at("11:59"))
    with pytest.raises(IllegalTransition):
        running.meet(at("12:10")).reopen(at("12:09"))
    with pytest.raises(IllegalTransition):
        running.cancel(at("12:10")).change_terms(hours(2), at("12:09"))


def test_a_promise_kept_at_its_deadline_is_kept(running: Clock) -> None:
    assert running.meet(at("13:00")).state is State.met


def test_a_promise_kept_a_moment_after_its_deadline_is_late(running: Clock) -> None:
    late = running.meet(at("13:00") + timedelta(microseconds=1))
    assert (late.state, late.breached_at, late.due_at) == (State.met_late, at("13:00"), at("13:00"))


def test_a_paused_clock_may_be_met(running: Clock) -> None:
    met = running.pause(at("12:20")).meet(at("15:00"))
    assert (met.state, met.counted) == (State.met, 20 * MINUTE)


def test_a_breached_clock_that_pauses_stays_breached_and_its_overrun_stands(running: Clock) -> None:
    breached = running.pause(at("13:10"))
    assert (breached.state, breached.due_at) == (State.breached, at("13:00"))
    assert breached.remaining_at(at("20:00")) == -10 * MINUTE
    again = breached.resume(at("20:00"))
    assert (again.state, again.due_at) == (State.breached, at("13:00"))
    assert again.remaining_at(at("20:05")) == -15 * MINUTE


def test_reopening_goes_on_with_what_was_consumed(running: Clock) -> None:
    again = running.meet(at("12:20")).reopen(at("18:00"))
    assert (again.state, again.due_at, again.met_at) == (State.running, at("18:40"), None)
    paused = running.meet(at("12:20")).reopen(at("18:00"), paused=True)
    assert (paused.state, paused.due_at, paused.remaining) == (State.paused, None, 40 * MINUTE)


def test_reopening_what_was_met_late_is_breached_again_with_its_deadline(running: Clock) -> None:
    again = running.meet(at("13:10")).reopen(at("18:00"))
    assert (again.state, again.due_at, again.met_at) == (State.breached, at("13:00"), None)
    assert again.remaining_at(at("18:05")) == -15 * MINUTE


def test_a_clock_met_at_its_deadline_is_due_as_it_reopens(running: Clock) -> None:
    assert running.meet(at("13:00")).reopen(at("18:00")).due_at == at("18:00")


def test_cancelling_ends_what_is_unmet_and_not_breached(running: Clock) -> None:
    cancelled = running.cancel(at("12:20"))
    assert (cancelled.state, cancelled.due_at, cancelled.remaining) == (State.cancelled, None, 40 * MINUTE)
    assert running.pause(at("12:20")).cancel(at("12:30")).state is State.cancelled
    assert running.cancel(at("13:10")).state is State.breached


def test_a_lost_target_comes_back_with_what_was_consumed(running: Clock) -> None:
    lost = running.change_terms(None, at("12:20"))
    assert lost.state is State.cancelled
    assert lost.change_terms(hours(1), at("18:00")).due_at == at("18:40")
    assert lost.change_terms(hours(2), at("18:00")).due_at == at("19:40")
    paused = lost.change_terms(hours(1), at("18:00"), paused=True)
    assert (paused.state, paused.remaining, paused.due_at) == (State.paused, 40 * MINUTE, None)


def test_the_same_target_on_another_calendar_keeps_what_remains(running: Clock) -> None:
    changed = running.change_terms(hours(1, LITE_HOURS), at("12:20"))
    assert (changed.remaining, changed.due_at) == (40 * MINUTE, at("13:00"))


def test_a_change_after_a_breach_moves_nothing(running: Clock) -> None:
    breached = running.pause(at("13:10"))
    assert breached.change_terms(hours(8), at("13:20")) is breached
    assert breached.change_terms(None, at("13:20")) is breached
    assert running.change_terms(hours(8), at("13:10")).due_at == at("13:00")


def test_equal_deadlines_take_the_new_target_afresh() -> None:
    clock = Clock.start(Metric.resolution, hours(2), at("12:00"))
    changed = clock.change_terms(hours(1), at("13:00"))
    assert (changed.terms.target, changed.fresh, changed.remaining) == (60 * MINUTE, timedelta(0), 60 * MINUTE)


def test_a_paused_clock_is_compared_as_if_it_resumed_at_the_change() -> None:
    clock = Clock.start(Metric.resolution, hours(2), at("10:00")).pause(at("11:30"))
    kept = clock.change_terms(hours(1), at("12:00"))
    assert (kept.terms, kept.remaining, kept.state) == (hours(2), 30 * MINUTE, State.paused)
    earlier = Clock.start(Metric.resolution, hours(2), at("10:00")).pause(at("10:30"))
    assert earlier.change_terms(hours(1), at("12:00")).remaining == 60 * MINUTE


def test_a_change_leaves_the_pause_where_it_is(running: Clock) -> None:
    paused = running.pause(at("12:20")).change_terms(hours(2), at("12:50"))
    assert (paused.state, paused.paused_since, paused.due_at) == (State.paused, at("12:20"), None)
    assert paused.remaining == 100 * MINUTE


def test_an_acknowledgement_lasts_for_some_time(running: Clock) -> None:
    assert running.acknowledge(5 * MINUTE, at("12:20")).quiet_until == 25 * MINUTE
    with pytest.raises(ValueError, match="some time"):
        running.acknowledge(timedelta(0), at("12:20"))


def test_meeting_ends_an_acknowledgement(running: Clock) -> None:
    assert running.acknowledge(5 * MINUTE, at("12:20")).meet(at("12:21")).quiet_until is None


def test_a_target_is_positive_and_within_time() -> None:
    with pytest.raises(ValueError, match="positive"):
        hours(0)
    with pytest.raises(OutOfRange):
        Clock.start(Metric.resolution, hours(1), utc("9999-12-31 23:30"))
