"""The cases of other desks' test suites (``tests/data/deadline_cases.json``), pauses through a clock."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import BaseModel

from app.sla import BadCalendar, Calendar, Clock, Counting, Metric, Opening, Terms

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Hours = list[tuple[str, str]]


class Case(BaseModel):
    id: str
    timezone: str
    weekly_hours: dict[str, Hours]
    date_overrides: dict[date, Hours] = {}
    holidays: list[date]
    start: datetime
    end: datetime | None = None
    budget_minutes: float = 0
    pauses: list[dict[str, datetime]]
    direction: str = "forward"
    expected_due: datetime | None = None
    expected_elapsed_seconds: int | None = None
    expected_error: str | None = None

    def calendar(self) -> Calendar:
        weekly = {DAYS.index(day): _openings(hours) for day, hours in self.weekly_hours.items()}
        exceptions: dict[date, list[Opening]] = {day: [] for day in self.holidays}
        exceptions |= {day: _openings(hours) for day, hours in self.date_overrides.items()}
        return Calendar(self.timezone, weekly, exceptions)

    def clock(self, budget: timedelta) -> Clock:
        """A clock of that budget, led through the pauses."""
        clock = Clock.start(Metric.resolution, Terms(budget, Counting.support_hours, self.calendar()), self.start)
        for pause in self.pauses:
            clock = clock.pause(pause["from"]).resume(pause["to"])
        return clock


def _openings(hours: Hours) -> list[Opening]:
    return [Opening.parse(opens, closes) for opens, closes in hours]


CASES = [Case(**case) for case in json.loads(Path("tests/data/deadline_cases.json").read_text(encoding="utf-8"))]


def named(case: Case) -> str:
    return case.id


def test_all_the_cases_are_here() -> None:
    assert len(CASES) == 31


@pytest.mark.parametrize("case", [case for case in CASES if case.expected_due], ids=named)
def test_a_deadline_falls_where_the_case_says(case: Case) -> None:
    budget = timedelta(minutes=case.budget_minutes)
    if case.direction == "backward":
        assert case.calendar().retreat(case.start, budget) == case.expected_due
    else:
        assert case.clock(budget).due_at == case.expected_due


@pytest.mark.parametrize("case", [case for case in CASES if case.expected_elapsed_seconds is not None], ids=named)
def test_what_elapsed_is_what_the_case_says(case: Case) -> None:
    assert case.end is not None
    expected = timedelta(seconds=case.expected_elapsed_seconds or 0)
    if case.end < case.start:
        assert case.calendar().elapsed(case.start, case.end) == expected
    else:
        assert case.clock(timedelta(days=365)).counted_at(case.end.astimezone(UTC)) == expected


@pytest.mark.parametrize("case", [case for case in CASES if case.expected_error], ids=named)
def test_a_calendar_that_never_opens_is_refused(case: Case) -> None:
    with pytest.raises(BadCalendar, match=case.expected_error):
        case.calendar()
