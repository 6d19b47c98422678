"""The worked cases and the turns of a clock, explained in words."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.sla import Clock, Counting, Metric, State, Terms
from app.sla.durations import span
from app.sla.explanation import Explanation, Line, Time, Turn, explained
from app.sla.narrative import Told
from tests.sla.desk import LITE, LITE_HOURS, LONDON, TECHNICAL, terms, uk
from tests.sla.lives import line

FIRST, RESOLUTION = Metric.first_response, Metric.resolution
Act = Callable[[Clock, datetime], Clock]


def led(metric: Metric, first: Terms, opened: str, *acts: tuple[str, str, Act]) -> list[Line]:
    """The ledger of a clock that people act on before its deadline passes."""
    clock = Clock.start(metric, first, uk(opened))
    ledger = [line(clock, clock.started_at, "started")]
    for at, why, act in acts:
        clock = act(clock, uk(at))
        ledger.append(line(clock, uk(at), why))
    return ledger


def onto(wanted: Terms) -> Act:
    return lambda clock, now: clock.change_terms(wanted, now)


def words(metric: Metric, told: Explanation) -> str:
    hours = {LITE_HOURS: "Mon-Sun 08:00-18:00 Europe/London"}
    return Told(LONDON, lambda at: hours.get(at.terms.calendar, "24/7"), lambda at: at.why).paragraph(metric, told)


RAISED = "the priority changed from low to immediate"
LITE_HOUR, HOUR, LOW = terms(LITE, "immediate"), terms(TECHNICAL, "immediate"), terms(TECHNICAL, "low")
CASES: dict[str, tuple[Metric, list[Line], str]] = {
    "lite over a night": (
        FIRST,
        led(FIRST, LITE_HOUR, "2026-06-10 17:30"),
        (
            "A first response within 1 hour of support hours (Mon-Sun 08:00-18:00 Europe/London): "
            "started Wed 10 Jun 2026 17:30 BST. 30 minutes counted until 18:00 BST, 30 minutes left; "
            "closed until Thu 11 Jun 2026 08:00 BST; 30 minutes counted until 08:30 BST, nothing left. "
            "Due Thu 11 Jun 2026 08:30 BST."
        ),
    ),
    "the night on which the clocks go back": (
        FIRST,
        led(FIRST, terms(LITE, "priority"), "2026-10-24 16:00"),
        (
            "A first response within 8 hours of support hours (Mon-Sun 08:00-18:00 Europe/London): "
            "started Sat 24 Oct 2026 16:00 BST. 2 hours counted until 18:00 BST, 6 hours left; "
            "closed until Sun 25 Oct 2026 08:00 GMT; 6 hours counted until 14:00 GMT, nothing left. "
            "Due Sun 25 Oct 2026 14:00 GMT."
        ),
    ),
    "due at the closing": (
        FIRST,
        led(FIRST, LITE_HOUR, "2026-06-10 17:00"),
        (
            "A first response within 1 hour of support hours (Mon-Sun 08:00-18:00 Europe/London): "
            "started Wed 10 Jun 2026 17:00 BST. 1 hour counted until 18:00 BST, nothing left. "
            "Due Wed 10 Jun 2026 18:00 BST."
        ),
    ),
    "upgraded": (
        FIRST,
        led(
            FIRST,
            LITE_HOUR,
            "2026-06-10 17:30",
            ("2026-06-10 17:45", "the plan changed from lite to professional", onto(HOUR)),
        ),
        (
            "A first response within 1 hour of support hours (Mon-Sun 08:00-18:00 Europe/London): "
            "started Wed 10 Jun 2026 17:30 BST. 15 minutes counted until 17:45 BST, 45 minutes left. "
            "At 17:45 BST the plan changed from lite to professional: now 1 hour of support hours (24/7), 45 minutes "
            "left; the deadline moves from Thu 11 Jun 2026 08:30 BST to Wed 10 Jun 2026 18:30 BST. "
            "45 minutes counted until 18:30 BST, nothing left. Due Wed 10 Jun 2026 18:30 BST."
        ),
    ),
    "raised and taken back": (
        FIRST,
        led(
            FIRST,
            LOW,
            "2026-06-10 12:00",
            ("2026-06-10 22:00", RAISED, onto(HOUR)),
            ("2026-06-10 22:20", "the priority changed from immediate to low", onto(LOW)),
        ),
        (
            "A first response within 48 hours of elapsed time: started Wed 10 Jun 2026 12:00 BST. "
            "10 hours counted until 22:00 BST, 38 hours left. "
            "At 22:00 BST the priority changed from low to immediate: now 1 hour of support hours (24/7), 1 hour left; "
            "the deadline moves from Fri 12 Jun 2026 12:00 BST to Wed 10 Jun 2026 23:00 BST. "
            "20 minutes counted until 22:20 BST, 40 minutes left. "
            "At 22:20 BST the priority changed from immediate to low: now 48 hours of elapsed time, 37 hours 40 "
            "minutes left; the deadline moves from 23:00 BST to Fri 12 Jun 2026 12:00 BST. "
            "37 hours 40 minutes counted until 12:00 BST, nothing left. Due Fri 12 Jun 2026 12:00 BST."
        ),
    ),
    "raised, and no earlier": (
        FIRST,
        led(FIRST, terms(LITE, "low"), "2026-06-10 20:00", ("2026-06-12 17:45", RAISED, onto(LITE_HOUR))),
        (
            "A first response within 48 hours of elapsed time: started Wed 10 Jun 2026 20:00 BST. "
            "45 hours 45 minutes counted until Fri 12 Jun 2026 17:45 BST, 2 hours 15 minutes left. "
            "At 17:45 BST the priority changed from low to immediate: the new terms would end no earlier, so the "
            "deadline stays. 2 hours 15 minutes counted until 20:00 BST, nothing left. Due Fri 12 Jun 2026 20:00 BST."
        ),
    ),
    "paused": (
        RESOLUTION,
        led(RESOLUTION, LOW, "2026-06-10 12:00", ("2026-06-10 13:00", "the ticket became pending", Clock.pause)),
        (
            "A resolution within 48 hours of elapsed time: started Wed 10 Jun 2026 12:00 BST. "
            "1 hour counted until 13:00 BST, 47 hours left. "
            "At 13:00 BST the ticket became pending, which pauses the clock, 47 hours left. "
            "Paused until Thu 11 Jun 2026 08:00 BST. It is paused: there is no deadline until it goes on."
        ),
    ),
    "paused, resolved, reopened": (
        RESOLUTION,
        led(
            RESOLUTION,
            LOW,
            "2026-06-10 12:00",
            ("2026-06-10 13:00", "the ticket became pending", Clock.pause),
            ("2026-06-11 09:00:30", "the ticket became open", Clock.resume),
            ("2026-06-11 10:00:30", "the ticket was resolved", Clock.meet),
            ("2026-06-13 10:00:30", "the ticket was reopened", Clock.reopen),
        ),
        (
            "A resolution within 48 hours of elapsed time: started Wed 10 Jun 2026 12:00 BST. "
            "1 hour counted until 13:00 BST, 47 hours left. "
            "At 13:00 BST the ticket became pending, which pauses the clock, 47 hours left. "
            "Paused until Thu 11 Jun 2026 09:00:30 BST. "
            "At 09:00:30 BST the ticket became open, and the clock goes on, 47 hours left; "
            "due Sat 13 Jun 2026 08:00:30 BST. 1 hour counted until Thu 11 Jun 2026 10:00:30 BST, 46 hours left. "
            "At 10:00:30 BST the ticket was resolved: the promise is kept, 46 hours left. "
            "Resolved until Sat 13 Jun 2026 10:00:30 BST, which does not count. "
            "At 10:00:30 BST the ticket was reopened, and the clock goes on: 48 hours of elapsed time, 46 hours left; "
            "due Mon 15 Jun 2026 08:00:30 BST. 46 hours counted until 08:00:30 BST, nothing left. "
            "Due Mon 15 Jun 2026 08:00:30 BST."
        ),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_deadline_is_told_in_words(case: str) -> None:
    metric, ledger, said = CASES[case]

    assert words(metric, explained(ledger, uk("2026-06-11 08:00"))) == said


def test_a_missed_promise_is_told_to_its_deadline_and_then_as_overrun() -> None:
    ledger = led(FIRST, LITE_HOUR, "2026-06-10 17:30")
    clock = Clock.start(FIRST, LITE_HOUR, uk("2026-06-10 17:30")).at(uk("2026-06-11 08:30:01"))
    broken = replace(ledger[0], why="breached", state=clock.state, at=uk("2026-06-11 08:30"), counted=HOUR.target)
    told = explained([*ledger, replace(broken, remaining=timedelta(0))], uk("2026-06-12 08:30"))

    assert [segment.time for segment in told.segments] == [Time.open, Time.closed, Time.open, Time.overrun]
    assert (told.segments[-1].counted, told.segments[-1].remaining) == (timedelta(hours=10), timedelta(hours=-10))
    assert words(FIRST, told).endswith(
        "The deadline passed unmet. 10 hours more counted until Fri 12 Jun 2026 08:30 BST, 10 hours over. "
        "It was due Thu 11 Jun 2026 08:30 BST."
    )


def test_a_window_takes_time_out_of_a_promise_and_is_named() -> None:
    ledger = led(FIRST, LITE_HOUR, "2026-06-10 17:30")
    window = (uk("2026-06-10 17:40"), uk("2026-06-11 09:00"), "new line cards")
    moved = replace(ledger[0], windows=(window,), due_at=uk("2026-06-11 09:50"))
    told = explained([moved], uk("2026-06-10 17:30"))

    assert [(segment.time, segment.reason) for segment in told.segments] == [
        (Time.open, None),
        (Time.maintenance, "new line cards"),
        (Time.open, None),
    ]
    assert told.segments[-1].remaining == timedelta(0)
    assert "maintenance (new line cards) until Thu 11 Jun 2026 09:00 BST" in words(FIRST, told)


def test_a_window_in_an_overrun_is_not_overrun() -> None:
    broken = replace(led(FIRST, HOUR, "2026-06-10 12:00")[0], state=State.breached, remaining=timedelta(0))
    window = (uk("2026-06-10 13:00"), uk("2026-06-10 14:00"), "new line cards")
    told = explained([replace(broken, windows=(window,))], uk("2026-06-10 15:00"))

    assert [(segment.time, segment.counted) for segment in told.segments] == [(Time.overrun, timedelta(hours=2))]


def test_a_promise_lost_and_regained_leaves_out_the_time_between() -> None:
    lost = ("2026-06-10 13:00", "the level changed", lambda clock, now: clock.change_terms(None, now))
    ledger = led(RESOLUTION, LOW, "2026-06-10 12:00", lost, ("2026-06-10 15:00", "the level changed", onto(LOW)))
    told = explained(ledger, uk("2026-06-10 16:00"))

    assert [segment.time for segment in told.segments] == [Time.open, Time.cancelled, Time.open]
    assert [change.turn for change in told.changes] == [Turn.started, Turn.cancelled, Turn.regained]
    assert told.until == uk("2026-06-12 14:00")


def test_taking_a_call_is_nothing_to_the_deadline() -> None:
    taken = ("2026-06-10 12:30", "acknowledged", lambda clock, now: clock.acknowledge(timedelta(minutes=30), now))
    told = explained(led(FIRST, HOUR, "2026-06-10 12:00", taken), uk("2026-06-10 12:40"))

    assert [(segment.time, segment.counted) for segment in told.segments] == [(Time.open, timedelta(hours=1))]
    assert len(told.changes) == 1


def test_many_openings_are_told_by_their_sum() -> None:
    long = Terms(timedelta(hours=95), Counting.support_hours, LITE_HOURS)
    said = words(FIRST, explained(led(FIRST, long, "2026-06-10 17:00"), uk("2026-06-10 17:00")))

    assert "95 hours counted in 11 openings until Sat 20 Jun 2026 12:00 BST, nothing left." in said


@pytest.mark.parametrize(
    ("length", "said"),
    [
        (timedelta(0), "no time"),
        (timedelta(hours=1), "1 hour"),
        (timedelta(hours=7, minutes=40), "7 hours 40 minutes"),
        (timedelta(days=3, minutes=1), "72 hours 1 minute"),
        (timedelta(seconds=1), "1 second"),
        (timedelta(minutes=2, microseconds=1), "2 minutes 0.000001 seconds"),
        (timedelta(seconds=1, milliseconds=500), "1.5 seconds"),
    ],
)
def test_a_span_is_told_in_words(length: timedelta, said: str) -> None:
    assert span(length) == said


def test_a_repeated_hour_is_told_apart() -> None:
    half = Terms(timedelta(minutes=90), Counting.elapsed, LITE_HOURS)
    opened = datetime(2026, 10, 25, 0, 15, tzinfo=UTC)  # 01:15, for the first time
    clock = Clock.start(FIRST, half, opened)

    said = words(FIRST, explained([line(clock, opened, "started")], opened))

    assert "started Sun 25 Oct 2026 01:15 BST" in said
    assert said.endswith("Due Sun 25 Oct 2026 01:45 GMT.")
