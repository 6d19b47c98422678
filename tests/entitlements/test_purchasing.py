"""How purchases and plans follow one another, and the months that are paid: as rules, without a database."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.entitlements.months import month_of, month_start, period_end
from app.entitlements.purchasing import PlanFrom, ends_of, with_change

ZONES = ["Europe/London", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "UTC"]
DAY0 = datetime(2026, 1, 1, tzinfo=UTC)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@dataclass
class Bought:
    starts_at: datetime
    agreed_ends_at: datetime | None = None


@st.composite
def lives(draw: st.DrawFn) -> list[Bought]:
    starts = draw(st.lists(st.integers(0, 60), min_size=1, max_size=8, unique=True))
    lasts = st.none() | st.integers(1, 40)
    found = [(DAY0 + timedelta(days=day), draw(lasts)) for day in sorted(starts)]
    return [Bought(start, None if days is None else start + timedelta(days=days)) for start, days in found]


def in_force(bought: list[Bought], instant: datetime) -> Bought | None:
    """The rule as it is said: the latest that has begun, unless its reseller ended it."""
    latest = max((one for one in bought if one.starts_at <= instant), key=lambda one: one.starts_at, default=None)
    ended = latest is not None and latest.agreed_ends_at is not None and latest.agreed_ends_at <= instant
    return None if ended else latest


def covering(bought: list[Bought], instant: datetime) -> list[Bought]:
    ends = ends_of(bought)
    return [
        one
        for one, end in zip(bought, ends, strict=True)
        if one.starts_at <= instant and (end is None or instant < end)
    ]


@given(lives(), st.integers(0, 120))
def test_at_every_instant_holds_the_one_that_was_asked_for_and_no_other(bought: list[Bought], day: int) -> None:
    instant = DAY0 + timedelta(days=day)
    wanted = in_force(bought, instant)

    assert covering(bought, instant) == ([] if wanted is None else [wanted])


PLANS = st.sampled_from(["lite", "professional", "ultimate"])


def plan_on(plans: list[PlanFrom], instant: datetime) -> str:
    return [one.plan for one in plans if one.starts_at <= instant][-1]


@given(PLANS, st.lists(st.tuples(st.integers(0, 9), PLANS), min_size=1, max_size=12))
def test_a_change_of_plan_holds_until_the_next_that_was_agreed(first: str, changes: list[tuple[int, str]]) -> None:
    plans = [PlanFrom(DAY0, first)]
    for day, plan in changes:
        start = DAY0 + timedelta(days=day)
        before, plans = plans, with_change(plans, PlanFrom(start, plan))
        until = min((one.starts_at for one in before if one.starts_at > start), default=DAY0 + timedelta(days=10))

        for instant in (DAY0 + timedelta(days=day) for day in range(10)):
            assert plan_on(plans, instant) == (plan if start <= instant < until else plan_on(before, instant))
        assert all(one.plan != following.plan for one, following in pairwise(plans))


@pytest.mark.parametrize(
    ("start", "zone", "k", "begins"),
    [
        ("2026-01-31T09:00:00+00:00", "Europe/London", 1, "2026-02-28T09:00:00+00:00"),
        ("2026-01-31T09:00:00+00:00", "Europe/London", 2, "2026-03-31T08:00:00+00:00"),
        ("2024-02-29T00:00:00+00:00", "UTC", 12, "2025-02-28T00:00:00+00:00"),
        ("2024-02-29T00:00:00+00:00", "UTC", 48, "2028-02-29T00:00:00+00:00"),
        # 01:30 on 2026-03-29 does not exist in London: the first instant after the gap.
        ("2026-02-28T01:30:00+00:00", "Europe/London", 1, "2026-03-28T01:30:00+00:00"),
        ("2026-01-29T01:30:00+00:00", "Europe/London", 2, "2026-03-29T01:00:00+00:00"),
        # 01:30 on 2026-10-25 comes twice in London: the earlier.
        ("2026-09-25T00:30:00+00:00", "Europe/London", 1, "2026-10-25T00:30:00+00:00"),
        # the later 01:30, where the purchase itself began then
        ("2026-10-25T01:30:00+00:00", "Europe/London", 0, "2026-10-25T01:30:00+00:00"),
        ("2026-10-25T01:30:00+00:00", "Europe/London", 1, "2026-11-25T01:30:00+00:00"),
        # 31 May in the zone, though it is 30 May in UTC.
        ("2026-05-30T20:00:00+00:00", "Australia/Sydney", 1, "2026-06-29T20:00:00+00:00"),
        ("9999-11-15T00:00:00+00:00", "UTC", 1, "9999-12-31T23:59:59.999999+00:00"),
        ("9999-12-31T23:59:59+00:00", "Pacific/Apia", 1, "9999-12-31T23:59:59.999999+00:00"),
    ],
)
def test_months_are_clamped_and_follow_the_clocks_of_the_zone(start: str, zone: str, k: int, begins: str) -> None:
    assert month_start(at(start), zone, k) == at(begins)


@given(
    start=st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - zones follow
    later=st.timedeltas(timedelta(0), timedelta(days=900)),
    zone=st.sampled_from(ZONES),
)
def test_an_instant_lies_in_one_paid_month(start: datetime, later: timedelta, zone: str) -> None:
    now = start + later
    month = month_of(start, zone, now)

    starts = [month_start(start, zone, k) for k in range(40)]
    assert starts == sorted(set(starts))
    assert month.starts_at <= now < month.ends_at
    assert starts.index(month.ends_at) == starts.index(month.starts_at) + 1
    assert period_end(start, zone, now) == month.ends_at
    assert month.ends_at.astimezone(ZoneInfo(zone)).day <= start.astimezone(ZoneInfo(zone)).day
