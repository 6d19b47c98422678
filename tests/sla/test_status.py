"""The SLA status of a ticket, worst first; the target one hour from 12:00."""

from datetime import datetime

from app.sla import Clock, Metric, next_due_at, settle, sla_status
from tests.sla.desk import POLICY, hours
from tests.sla.reference import utc

LADDER = POLICY.ladder(1)


def at(time: str) -> datetime:
    return utc(f"2026-06-10 {time}")


RUNNING = Clock.start(Metric.resolution, hours(1), at("12:00"))
WARNED, _ = settle(RUNNING, LADDER, at("12:50"), inclusive=True)
BREACHED, _ = settle(RUNNING, LADDER, at("13:10"), inclusive=True)
PAUSED, MET, LATE = RUNNING.pause(at("12:10")), RUNNING.meet(at("12:10")), BREACHED.meet(at("13:20"))
CANCELLED = RUNNING.cancel(at("12:10"))


def test_the_worst_clock_gives_the_status() -> None:
    worst_first = [BREACHED, WARNED, RUNNING, PAUSED, MET, CANCELLED]
    told = [sla_status(worst_first[index:], "warning") for index in range(len(worst_first))]
    assert told == ["breached", "at_risk", "on_track", "paused", "met", "none"]


def test_late_is_met_and_no_promise_is_none() -> None:
    assert sla_status([LATE], "warning") == "met"
    assert sla_status([], "warning") == "none"


def test_without_a_warning_nothing_is_at_risk() -> None:
    assert sla_status([WARNED], None) == "on_track"


def test_a_breached_clock_that_is_paused_is_breached() -> None:
    assert sla_status([BREACHED.pause(at("13:20"))], "warning") == "breached"


def test_the_next_deadline_is_the_least_of_the_unmet() -> None:
    later = Clock.start(Metric.first_response, hours(8), at("12:00"))
    assert next_due_at([later, RUNNING, PAUSED, MET, CANCELLED]) == at("13:00")
    assert next_due_at([later, BREACHED.pause(at("13:20"))]) == at("13:00")
    assert next_due_at([PAUSED, LATE, CANCELLED]) is None
