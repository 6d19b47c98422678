"""What a deadline costs: the calendar's tables against a naive walk from day to day, in one run.

    python bench/calendar_bench.py

Prints microseconds per deadline for level 1's hours (08:00-18:00 in London), warm, and for a year that has to be built
first. Exits with 1 when a warm deadline costs more than the limit.
"""

import sys
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from time import perf_counter
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from app.sla import DEFAULT_CALENDARS, Calendar
from app.sla.localtime import zone_named
from app.sla.timetable import Timetable

LIMIT = 10.0  # microseconds per warm deadline
LONDON = ZoneInfo("Europe/London")
START = datetime(2026, 6, 10, 16, 30, tzinfo=UTC)
LITE = Calendar.from_dict(DEFAULT_CALENDARS["lite"])


def naive(instant: datetime, span: timedelta) -> datetime:
    """The deadline, found by walking from one day's opening to the next."""
    left, day = span, instant.astimezone(LONDON).date()
    while True:
        opens = datetime.combine(day, time(8), LONDON).astimezone(UTC)
        closes = datetime.combine(day, time(18), LONDON).astimezone(UTC)
        begin = max(instant, opens)
        if begin < closes:
            if closes - begin >= left:
                return begin + left
            left -= closes - begin
        day += timedelta(days=1)


def cost(deadline: Callable[[datetime, timedelta], datetime], span: timedelta, rounds: int) -> float:
    """Microseconds per call, the best of five runs, so that a busy machine does not decide."""
    runs = []
    for _ in range(5):
        began = perf_counter()
        for _ in range(rounds):
            deadline(START, span)
        runs.append((perf_counter() - began) / rounds * 1e6)
    return min(runs)


def building(years: int) -> float:
    """Microseconds to build one year's table."""
    table = Timetable(zone_named(LITE.time_zone), LITE.weekly, dict(LITE.exceptions))
    began = perf_counter()
    for number in range(2_026, 2_026 + years):
        table.year(number)
    return (perf_counter() - began) / years * 1e6


def main() -> int:
    """Prints the figures; gives the exit code."""
    print(f"{'target':>8} {'warm':>9} {'naive':>10} {'ratio':>8}")
    worst = 0.0
    for hours in (1, 8, 48, 2_000):
        span = timedelta(hours=hours)
        assert LITE.advance(START, span) == naive(START, span)
        warm, walked = cost(LITE.advance, span, 20_000), cost(naive, span, max(20, 4_000 // hours))
        worst = max(worst, warm)
        print(f"{hours:>6} h {warm:>6.2f} us {walked:>7.1f} us {walked / warm:>7.1f}x")
    built = building(10)
    print(f"one year built: {built:.0f} us ({built / worst:.0f} warm deadlines)")
    print(f"limit: {LIMIT} us per warm deadline, worst {worst:.2f} us: {'kept' if worst < LIMIT else 'BROKEN'}")
    return 0 if worst < LIMIT else 1


if __name__ == "__main__":
    raise SystemExit(main())
