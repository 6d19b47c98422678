"""What each moment of a ticket does to its clocks; all times on 2026-06-10, round the clock."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

import pytest

from app.sla import Clock, Metric, Policy, Situation, State, Terms, TermsOf, promises
from app.sla.promises import Book
from tests.sla.desk import POLICY, TECHNICAL, hours, terms
from tests.sla.reference import utc

FIRST, NEXT = Metric.first_response, Metric.next_response
PERIODIC, RESOLUTION = Metric.periodic_update, Metric.resolution
NEW, OPEN = Situation("new"), Situation("open", answered=True)
WAITING = Situation("open", answered=True, waiting=True)
EVERY = MappingProxyType({FIRST: hours(1), NEXT: hours(2), PERIODIC: hours(3), RESOLUTION: hours(8)})


def at(time: str) -> datetime:
    return utc(f"2026-06-10 {time}")


def owing(table: Mapping[Metric, Terms] = EVERY) -> TermsOf:
    return table.get


def without(*metrics: Metric) -> TermsOf:
    return owing({metric: kept for metric, kept in EVERY.items() if metric not in metrics})


@pytest.fixture
def book() -> Book:
    """A ticket opened at noon and not yet answered."""
    return promises.opened(owing(), POLICY, NEW, at("12:00")).after({})


@pytest.fixture
def replied(book: Book) -> Book:
    """The same ticket, answered at 12:30."""
    return promises.answered(book, owing(), POLICY, OPEN, at("12:30")).after(book)


def states(book: Book) -> dict[Metric, State]:
    return {metric: clock.state for metric, clock in book.items()}


def test_opening_starts_what_is_owed_from_the_start(book: Book) -> None:
    assert states(book) == {FIRST: State.running, PERIODIC: State.running, RESOLUTION: State.running}


def test_opening_starts_nothing_without_a_target() -> None:
    def owed(metric: Metric) -> Terms | None:
        return terms(TECHNICAL, "immediate", metric) if metric is FIRST else None

    assert set(promises.opened(owed, POLICY, NEW, at("12:00")).started) == {FIRST}


def test_a_ticket_that_opens_pending_starts_its_pausing_clocks_paused() -> None:
    heard = promises.opened(owing(), POLICY, Situation("pending"), at("12:00"))
    assert states(heard.started) == {FIRST: State.running, PERIODIC: State.paused, RESOLUTION: State.paused}


def test_a_ticket_opened_for_a_caller_is_answered_as_it_is_opened() -> None:
    heard = promises.opened(owing(), POLICY, OPEN, at("12:00"))
    assert heard.started[FIRST].met_at == at("12:00")


def test_an_answer_meets_the_response_and_starts_the_next_update(book: Book) -> None:
    heard = promises.answered(book, owing(), POLICY, OPEN, at("12:30"))
    assert states(heard.changed) == {FIRST: State.met, PERIODIC: State.met}
    assert {metric: clock.due_at for metric, clock in heard.started.items()} == {PERIODIC: at("15:30")}


def test_a_second_answer_changes_the_update_alone(replied: Book) -> None:
    heard = promises.answered(replied, owing(), POLICY, OPEN, at("13:00"))
    assert set(heard.changed) == set(heard.started) == {PERIODIC}


def test_an_answer_while_pending_starts_the_update_paused(book: Book) -> None:
    heard = promises.answered(book, owing(), POLICY, Situation("pending", answered=True), at("12:30"))
    assert heard.started[PERIODIC].state is State.paused


def test_an_answer_on_a_resolved_ticket_starts_nothing(replied: Book) -> None:
    done = promises.resolved(replied, at("13:00")).after(replied)
    assert (
        promises.answered(done, owing(), POLICY, Situation("resolved", answered=True), at("13:10")) == promises.Heard()
    )


def test_a_message_before_the_first_reply_starts_nothing(book: Book) -> None:
    assert promises.wrote(book, owing(), POLICY, NEW, at("12:10")) == promises.Heard()


def test_an_exchange_starts_once_and_ends_with_the_reply(replied: Book) -> None:
    first = promises.wrote(replied, owing(), POLICY, WAITING, at("13:00")).after(replied)
    assert first[NEXT].due_at == at("15:00")
    assert promises.wrote(first, owing(), POLICY, WAITING, at("13:30")) == promises.Heard()
    ended = promises.answered(first, owing(), POLICY, OPEN, at("14:00")).after(first)
    assert ended[NEXT].state is State.met
    again = promises.wrote(ended, owing(), POLICY, WAITING, at("16:00")).after(ended)
    assert again[NEXT].started_at == at("16:00")


def test_no_second_exchange_starts_while_one_is_breached(replied: Book) -> None:
    first = promises.wrote(replied, owing(), POLICY, WAITING, at("13:00")).after(replied)
    breached = {**first, NEXT: first[NEXT].at(at("16:00"))}
    assert breached[NEXT].state is State.breached
    assert promises.wrote(breached, owing(), POLICY, WAITING, at("16:00")) == promises.Heard()


def test_pending_pauses_what_the_policy_says_and_nothing_else(book: Book) -> None:
    paused = promises.status_changed(book, POLICY, "pending", at("12:20"))
    assert states(paused.changed) == {PERIODIC: State.paused, RESOLUTION: State.paused}
    back = promises.status_changed(paused.after(book), POLICY, "open", at("13:00"))
    assert {metric: clock.due_at for metric, clock in back.changed.items()} == {
        PERIODIC: at("15:40"),
        RESOLUTION: at("20:40"),
    }
    assert promises.status_changed(book, POLICY, "on_hold", at("12:20")) == promises.Heard()


def test_a_policy_may_pause_on_hold(book: Book) -> None:
    holding = Policy.from_dict(POLICY.as_dict() | {"pauses": {"resolution": ["pending", "on_hold"]}})
    assert set(promises.status_changed(book, holding, "on_hold", at("12:20")).changed) == {RESOLUTION}


def test_a_status_of_rest_pauses_and_resumes_nothing(book: Book) -> None:
    pending = promises.status_changed(book, POLICY, "pending", at("12:20")).after(book)
    assert promises.status_changed(pending, POLICY, "cancelled", at("13:00")) == promises.Heard()


def test_resolving_meets_everything_unmet(book: Book) -> None:
    heard = promises.resolved(book, at("12:20"))
    assert set(states(heard.changed).values()) == {State.met}
    assert promises.resolved(heard.after(book), at("13:00")) == promises.Heard()


def test_reopening_goes_on_with_the_resolution_and_starts_the_update(book: Book) -> None:
    done = promises.resolved(book, at("12:20")).after(book)
    heard = promises.reopened(done, owing(), POLICY, "open", at("18:00"))
    assert heard.changed[RESOLUTION].due_at == utc("2026-06-11 01:40")
    assert heard.started[PERIODIC].started_at == at("18:00")
    assert heard.after(done)[FIRST].state is State.met


def test_reopening_applies_the_terms_now_in_force(book: Book) -> None:
    done = promises.resolved(book, at("12:20")).after(book)
    tightened = promises.reopened(done, owing({RESOLUTION: hours(1)}), POLICY, "open", at("18:00"))
    assert (tightened.changed[RESOLUTION].due_at, dict(tightened.started)) == (at("19:00"), {})
    lost = promises.reopened(done, without(RESOLUTION), POLICY, "open", at("18:00"))
    assert lost.changed[RESOLUTION].state is State.cancelled


def test_reopening_starts_a_resolution_that_was_never_owed() -> None:
    heard = promises.reopened({}, owing(), POLICY, "open", at("18:00"))
    assert set(heard.started) == {RESOLUTION, PERIODIC}


def test_reopening_after_a_late_resolution_is_breached_again(book: Book) -> None:
    done = promises.resolved(book, at("21:00")).after(book)
    again = promises.reopened(done, owing(), POLICY, "open", at("22:00")).changed[RESOLUTION]
    assert (again.state, again.due_at) == (State.breached, at("20:00"))


def test_cancelling_leaves_what_was_breached(book: Book) -> None:
    heard = promises.cancelled(book, at("13:30"))
    assert states(heard.after(book)) == {FIRST: State.breached, PERIODIC: State.cancelled, RESOLUTION: State.cancelled}
    assert not heard.after(book)[FIRST].counting


def test_a_change_of_terms_reaches_every_live_clock(book: Book) -> None:
    heard = promises.terms_changed(book, owing(dict.fromkeys(Metric, hours(24))), POLICY, NEW, at("12:20"))
    assert {metric: clock.due_at for metric, clock in heard.changed.items()} == dict.fromkeys(
        (FIRST, PERIODIC, RESOLUTION), utc("2026-06-11 12:00")
    )
    assert not heard.started


def test_a_lost_target_cancels_and_a_regained_one_goes_on(book: Book) -> None:
    lost = promises.terms_changed(book, without(RESOLUTION), POLICY, NEW, at("13:00")).after(book)
    assert lost[RESOLUTION].state is State.cancelled
    back = promises.terms_changed(lost, owing(), POLICY, Situation("pending"), at("15:00"))
    assert (back.changed[RESOLUTION].state, back.changed[RESOLUTION].remaining) == (State.paused, hours(7).target)


def test_a_gained_target_starts_a_clock_for_what_is_still_owed(replied: Book) -> None:
    bare = {metric: clock for metric, clock in replied.items() if metric is FIRST}
    heard = promises.terms_changed(
        bare, owing(), POLICY, Situation("pending", answered=True, waiting=True), at("13:00")
    )
    assert states(heard.started) == {NEXT: State.running, PERIODIC: State.paused, RESOLUTION: State.paused}
    assert not heard.changed


def test_a_gained_target_starts_no_exchange_when_nobody_waits(replied: Book) -> None:
    bare = {metric: clock for metric, clock in replied.items() if metric is FIRST}
    assert NEXT not in promises.terms_changed(bare, owing(), POLICY, OPEN, at("13:00")).started


def test_an_answered_ticket_owes_no_first_response() -> None:
    assert FIRST not in promises.terms_changed({}, owing(), POLICY, OPEN, at("13:00")).started


@pytest.mark.parametrize("status", ["resolved", "closed", "cancelled"])
def test_terms_change_nothing_while_a_ticket_rests(book: Book, status: str) -> None:
    cancelled = promises.cancelled(book, at("12:10")).after(book)
    assert promises.terms_changed(cancelled, owing(), POLICY, Situation(status), at("13:00")) == promises.Heard()


def test_an_exchange_after_one_that_ended_starts_anew_when_its_target_comes_back(replied: Book) -> None:
    met = {**replied, NEXT: Clock.start(NEXT, hours(2), at("12:40")).meet(at("12:50"))}
    heard = promises.terms_changed(met, owing(), POLICY, WAITING, at("14:00"))
    assert heard.started[NEXT].due_at == at("16:00")
