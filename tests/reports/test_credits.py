from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.reports.credits import Miss, credit, months_over, part_of, shared

START = datetime(2026, 6, 10, 11, tzinfo=UTC)
END = START + timedelta(days=30)


def _misses(*terms: tuple[int, int]) -> list[Miss]:
    return [Miss(START + timedelta(hours=n), *term) for n, term in enumerate(terms)]


@pytest.mark.parametrize(
    ("price", "terms", "owed", "capped"),
    [
        (10_000, [], 0, False),
        (10_000, [(500, 2_000)], 500, False),
        (10_000, [(500, 2_000)] * 4, 2_000, False),
        (10_000, [(500, 2_000)] * 5, 2_000, True),
        (10_000, [(800, 2_000)] * 3, 2_000, True),
        (999, [(50, 10_000)], 5, False),  # 4.995
        (100, [(50, 10_000)], 1, False),  # a half is rounded up
        (100, [(49, 10_000)], 0, False),
        (333, [(100, 10_000)] * 3, 10, False),  # 9.99 once, and not 3 x 3
        (10_000, [(500, 1_000), (500, 2_000), (500, 1_000)], 1_000, True),  # the last one's cap is reached already
        (10_000, [(500, 500), (500, 2_000), (500, 2_000)], 1_500, False),
        (1, [(10_000, 10_000)], 1, False),
    ],
)
def test_misses_are_credited(price: int, terms: list[tuple[int, int]], owed: int, capped: bool) -> None:
    found = credit(price, _misses(*terms), START, END)

    assert (found.missed, found.owed_minor, found.capped) == (len(terms), owed, capped)


@pytest.mark.parametrize(
    ("since_hour", "until_hour", "missed", "owed", "capped"),
    [(0, 2, 2, 1_000, False), (2, 4, 2, 500, True), (4, 9, 1, 0, True), (0, 9, 5, 1_500, True), (9, 12, 0, 0, False)],
)
def test_what_was_owed_before_the_span_counts_for_the_cap(
    since_hour: int, until_hour: int, missed: int, owed: int, capped: bool
) -> None:
    misses = _misses(*[(500, 1_500)] * 5)

    found = credit(10_000, misses, START + timedelta(hours=since_hour), START + timedelta(hours=until_hour))

    assert (found.missed, found.owed_minor, found.capped) == (missed, owed, capped)


_TERMS = st.tuples(st.integers(1, 3_000), st.integers(0, 7_000)).map(lambda pair: (pair[0], pair[0] + pair[1]))


@given(st.integers(0, 10**9), st.lists(_TERMS, max_size=30), st.lists(st.integers(0, 31), max_size=4))
def test_spans_that_follow_one_another_add_up_to_a_month_that_stays_below_its_cap(
    price: int, terms: list[tuple[int, int]], cuts: list[int]
) -> None:
    misses = _misses(*terms)
    edges = sorted({START, END, *(START + timedelta(hours=cut) for cut in cuts)})

    parts = [credit(price, misses, since, until) for since, until in pairwise(edges)]
    whole = credit(price, misses, START, END)

    assert sum(part.owed_minor for part in parts) == whole.owed_minor
    assert sum(part.missed for part in parts) == whole.missed == len(terms)
    assert all(part.owed_minor >= 0 for part in parts)
    assert whole.owed_minor <= part_of(price, max((cap for _, cap in terms), default=0))


@given(st.integers(1, 500), st.integers(1, 60))
def test_below_the_cap_shares_add_up_and_at_it_they_stop(per_miss: int, count: int) -> None:
    cap = 10_000

    assert shared(_misses(*[(per_miss, cap)] * count)) == min(per_miss * count, cap)


@pytest.mark.parametrize(
    ("start", "at", "month"),
    [
        ("2026-06-10T11:00:00Z", "2026-06-10T11:00:00Z", "2026-06-10T11:00:00Z"),
        ("2026-06-10T11:00:00Z", "2026-07-10T10:59:59Z", "2026-06-10T11:00:00Z"),
        ("2026-06-10T11:00:00Z", "2026-07-10T11:00:00Z", "2026-07-10T11:00:00Z"),
        ("2026-06-10T11:00:00Z", "2026-11-10T11:59:59Z", "2026-10-10T11:00:00Z"),  # London is an hour nearer in winter
        ("2026-06-10T11:00:00Z", "2026-11-10T12:00:00Z", "2026-11-10T12:00:00Z"),
        ("2026-01-31T12:00:00Z", "2026-03-01T00:00:00Z", "2026-02-28T12:00:00Z"),
        ("2026-01-31T12:00:00Z", "2027-03-31T12:00:00Z", "2027-03-31T11:00:00Z"),
    ],
)
def test_an_instant_lies_in_one_paid_month(start: str, at: str, month: str) -> None:
    began, instant = datetime.fromisoformat(start), datetime.fromisoformat(at)

    found = list(months_over(began, "Europe/London", instant, instant + timedelta(microseconds=1)))

    assert found == [datetime.fromisoformat(month)]


def test_the_months_of_a_span_follow_one_another_from_the_start_on() -> None:
    found = list(months_over(START, "UTC", START - timedelta(days=90), START + timedelta(days=61)))

    assert [month.isoformat()[:10] for month in found] == ["2026-06-10", "2026-07-10"]
