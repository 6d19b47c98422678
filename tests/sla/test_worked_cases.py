"""The worked cases of what is promised, row by row."""

from datetime import timedelta

from app.sla import Clock, Metric, StepReached, settle
from tests.sla.desk import LITE, POLICY, TECHNICAL, terms, uk

FIRST = Metric.first_response


def test_lite_immediate_goes_on_the_next_morning() -> None:
    assert Clock.start(FIRST, terms(LITE, "immediate"), uk("2026-06-10 17:30")).due_at == uk("2026-06-11 08:30")


def test_technical_immediate_runs_through_the_evening() -> None:
    assert Clock.start(FIRST, terms(TECHNICAL, "immediate"), uk("2026-06-10 17:30")).due_at == uk("2026-06-10 18:30")


def test_lite_priority_passes_the_night_on_which_clocks_go_back() -> None:
    assert Clock.start(FIRST, terms(LITE, "priority"), uk("2026-10-24 16:00")).due_at == uk("2026-10-25 14:00")


def test_an_upgrade_to_professional_lets_the_hour_run_on() -> None:
    clock = Clock.start(FIRST, terms(LITE, "immediate"), uk("2026-06-10 17:30"))
    assert clock.change_terms(terms(TECHNICAL, "immediate"), uk("2026-06-10 17:45")).due_at == uk("2026-06-10 18:30")


def test_an_hour_opened_an_hour_before_closing_is_due_at_the_closing() -> None:
    assert Clock.start(FIRST, terms(LITE, "immediate"), uk("2026-06-10 17:00")).due_at == uk("2026-06-10 18:00")


def test_low_raised_to_immediate_has_an_hour_from_then() -> None:
    clock = Clock.start(FIRST, terms(TECHNICAL, "low"), uk("2026-06-10 12:00"))
    assert clock.change_terms(terms(TECHNICAL, "immediate"), uk("2026-06-10 22:00")).due_at == uk("2026-06-10 23:00")


def test_immediate_lowered_to_priority_keeps_what_it_consumed() -> None:
    clock = Clock.start(FIRST, terms(TECHNICAL, "immediate"), uk("2026-06-10 12:00"))
    lowered = clock.change_terms(terms(TECHNICAL, "priority"), uk("2026-06-10 12:20"))
    assert lowered.due_at == uk("2026-06-10 12:20") + timedelta(hours=7, minutes=40)


def test_low_raised_and_lowered_counts_from_the_raise() -> None:
    clock = Clock.start(FIRST, terms(TECHNICAL, "low"), uk("2026-06-10 12:00"))
    clock = clock.change_terms(terms(TECHNICAL, "immediate"), uk("2026-06-10 22:00"))
    assert clock.change_terms(terms(TECHNICAL, "priority"), uk("2026-06-10 22:20")).due_at == uk("2026-06-11 06:00")


def test_a_raise_taken_back_restores_the_old_deadline() -> None:
    clock = Clock.start(FIRST, terms(TECHNICAL, "low"), uk("2026-06-10 12:00"))
    clock = clock.change_terms(terms(TECHNICAL, "immediate"), uk("2026-06-10 22:00"))
    assert clock.change_terms(terms(TECHNICAL, "low"), uk("2026-06-10 22:20")).due_at == uk("2026-06-12 12:00")


def test_a_raise_never_moves_a_deadline_later() -> None:
    clock = Clock.start(FIRST, terms(LITE, "low"), uk("2026-06-10 20:00"))
    raised = clock.change_terms(terms(LITE, "immediate"), uk("2026-06-12 17:45"))
    assert raised.due_at == uk("2026-06-12 20:00")
    assert raised.terms == terms(LITE, "low")


def test_the_warning_of_a_raised_ticket_is_at_three_quarters_of_the_new_target() -> None:
    clock = Clock.start(FIRST, terms(TECHNICAL, "low"), uk("2026-06-10 12:00"))
    clock = clock.change_terms(terms(TECHNICAL, "immediate"), uk("2026-06-10 22:00"))
    _, facts = settle(clock, POLICY.ladder(TECHNICAL), uk("2026-06-10 22:59"), inclusive=True)
    assert facts == (StepReached(POLICY.steps[0], uk("2026-06-10 22:45")),)
