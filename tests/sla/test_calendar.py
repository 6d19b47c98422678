"""Openings around changes of the clocks, the ends of time, and calendars that are refused."""

from collections.abc import Mapping
from dataclasses import FrozenInstanceError
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from app.sla import ALWAYS, BadCalendar, Calendar, Opening, OutOfRange
from tests.sla.desk import LITE_HOURS, ROUND_THE_CLOCK, uk
from tests.sla.reference import utc

HOUR = timedelta(hours=1)
DAILY = range(7)


def daily(zone: str, *hours: tuple[str, str], exceptions: Mapping[date, list[Opening]] | None = None) -> Calendar:
    openings = [Opening.parse(opens, closes) for opens, closes in hours]
    return Calendar(zone, dict.fromkeys(DAILY, openings), exceptions or {})


@pytest.mark.parametrize(
    ("zone", "hours", "day", "expected"),
    [
        ("Europe/London", ("00:00", "06:00"), "2026-03-29", 5),
        ("Europe/London", ("00:00", "06:00"), "2026-10-25", 7),
        ("Europe/London", ("01:30", "06:00"), "2026-03-29", 4),  # 01:30 is not: it opens as the gap ends
        ("Europe/London", ("00:00", "01:30"), "2026-03-29", 1),  # and closes there as well
        ("Europe/London", ("01:15", "01:45"), "2026-03-29", 0),
        ("Europe/London", ("01:30", "06:00"), "2026-10-25", 5.5),  # the earlier 01:30
        ("Europe/London", ("00:00", "01:30"), "2026-10-25", 2.5),  # the later 01:30
        ("America/Sao_Paulo", ("00:00", "06:00"), "2015-10-18", 5),
        ("America/Sao_Paulo", ("00:30", "06:00"), "2015-10-18", 5),
        ("America/Havana", ("00:00", "06:00"), "2020-11-01", 7),
        ("Australia/Lord_Howe", ("00:00", "06:00"), "2026-04-05", 6.5),
        ("Australia/Lord_Howe", ("00:00", "01:30"), "2026-04-05", 2),  # shown as the clocks go back, and after it
        ("Australia/Lord_Howe", ("00:00", "06:00"), "2026-10-04", 5.5),
        ("Pacific/Apia", ("08:00", "18:00"), "2011-12-30", 0),
        ("Asia/Kathmandu", ("08:00", "18:00"), "2026-10-25", 10),
    ],
)
def test_an_opening_lasts_the_physical_time_between_its_local_times(
    zone: str, hours: tuple[str, str], day: str, expected: float
) -> None:
    on = date.fromisoformat(day)
    other = [Opening.parse("12:00", "12:01")]
    only = Calendar(
        zone,
        {on.weekday(): [Opening.parse(*hours)]},
        {on + timedelta(days=shift): other for shift in (-7, 7)},
    )
    noon = datetime(on.year, on.month, on.day, 12, tzinfo=UTC)
    assert only.elapsed(noon - timedelta(days=3), noon + timedelta(days=3)) == expected * HOUR


def test_a_skipped_date_is_no_time_at_all() -> None:
    apia = daily("Pacific/Apia", ("00:00", "24:00"), exceptions={date(2011, 12, 30): []})
    assert apia.elapsed(utc("2011-12-29"), utc("2012-01-02")) == 4 * 24 * HOUR


def test_an_evening_opening_runs_into_a_closed_date() -> None:
    nights = daily("Europe/London", ("22:00", "06:00"), exceptions={date(2026, 12, 25): []})
    assert nights.is_open(utc("2026-12-25 05:59"))
    assert not nights.is_open(utc("2026-12-25 23:00"))
    assert not nights.is_open(utc("2026-12-26 05:00"))


def test_time_that_two_openings_cover_counts_once() -> None:
    early = {date(2026, 12, 25): [Opening.parse("04:00", "08:00")]}
    nights = daily("Europe/London", ("22:00", "06:00"), exceptions=early)
    assert nights.elapsed(utc("2026-12-24 22:00"), utc("2026-12-25 12:00")) == 10 * HOUR


def test_a_closing_is_reached_before_the_next_opening() -> None:
    assert LITE_HOURS.advance(uk("2026-06-10 17:00"), HOUR) == uk("2026-06-10 18:00")
    assert LITE_HOURS.retreat(uk("2026-06-11 09:00"), HOUR) == uk("2026-06-11 08:00")
    assert not LITE_HOURS.is_open(uk("2026-06-10 18:00"))
    assert LITE_HOURS.is_open(uk("2026-06-10 08:00"))


def test_nothing_is_reached_at_once_even_while_closed() -> None:
    night = uk("2026-06-10 23:00")
    assert LITE_HOURS.advance(night, timedelta(0)) == night
    assert LITE_HOURS.retreat(night, timedelta(0)) == night


def test_touching_openings_are_one() -> None:
    split = daily("UTC", ("08:00", "12:00"), ("12:00", "18:00"))
    assert list(split.segments(utc("2026-01-01 09:00"), utc("2026-01-01 17:00"))) == [
        (utc("2026-01-01 09:00"), utc("2026-01-01 17:00"), True)
    ]


def test_openings_meet_across_new_year() -> None:
    nights = daily("UTC", ("22:00", "06:00"))
    assert list(nights.segments(utc("2026-12-31 20:00"), utc("2027-01-01 07:00"))) == [
        (utc("2026-12-31 20:00"), utc("2026-12-31 22:00"), False),
        (utc("2026-12-31 22:00"), utc("2027-01-01 06:00"), True),
        (utc("2027-01-01 06:00"), utc("2027-01-01 07:00"), False),
    ]


def test_round_the_clock_is_physical_time() -> None:
    assert ROUND_THE_CLOCK.advance(utc("2026-03-28 20:00"), 24 * HOUR) == utc("2026-03-29 20:00")
    assert ALWAYS.retreat(utc("2026-03-29 20:00"), 24 * HOUR) == utc("2026-03-28 20:00")
    assert ROUND_THE_CLOCK.is_open(utc("2026-03-29 01:00"))
    assert list(ALWAYS.segments(utc("2026-01-01"), utc("2026-01-02"))) == [(utc("2026-01-01"), utc("2026-01-02"), True)]


def test_round_the_clock_may_close_on_a_date() -> None:
    closed = daily("Europe/London", ("00:00", "24:00"), exceptions={date(2026, 12, 25): []})
    assert closed.advance(utc("2026-12-24 23:00"), 2 * HOUR) == utc("2026-12-26 01:00")


@pytest.mark.parametrize("calendar", [ALWAYS, LITE_HOURS], ids=["always", "lite"])
def test_a_deadline_after_the_last_year_is_refused(calendar: Calendar) -> None:
    with pytest.raises(OutOfRange):
        calendar.advance(utc("9999-12-30"), 100 * HOUR)
    with pytest.raises(OutOfRange):
        calendar.retreat(utc("0001-01-02"), 100 * HOUR)


def test_the_last_days_still_count() -> None:
    assert LITE_HOURS.advance(utc("9999-12-30 17:00"), 2 * HOUR) == utc("9999-12-31 09:00")
    assert LITE_HOURS.elapsed(utc("0001-01-01"), utc("0001-01-02")) == 10 * HOUR


def test_instants_of_other_zones_are_the_same_instants() -> None:
    east = timezone(5 * HOUR)
    start = utc("2026-12-31 20:00")
    assert LITE_HOURS.advance(start.astimezone(east), HOUR) == LITE_HOURS.advance(start, HOUR)
    assert LITE_HOURS.elapsed(start.astimezone(east), utc("2027-01-01 09:00").astimezone(east)) == HOUR


def test_naive_instants_and_negative_spans_are_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        LITE_HOURS.advance(datetime(2026, 1, 1), HOUR)  # noqa: DTZ001 - the naive instant is the case
    with pytest.raises(ValueError, match="negative"):
        LITE_HOURS.advance(utc("2026-01-01"), -HOUR)


def test_a_calendar_is_a_value() -> None:
    again = daily("Europe/London", ("08:00", "18:00"))
    assert again == LITE_HOURS
    assert {again: "found"}[LITE_HOURS] == "found"
    assert daily("Europe/Dublin", ("08:00", "18:00")) != LITE_HOURS
    with pytest.raises(FrozenInstanceError):
        again.time_zone = "UTC"  # type: ignore[misc] # the refusal is the case


def test_years_are_built_again_when_too_many_were_asked_for() -> None:
    calendar = daily("Asia/Tokyo", ("09:00", "17:00"))
    assert (
        calendar.elapsed(utc("1950-01-01"), utc("2150-01-01"))
        == 8 * HOUR * (utc("2150-01-01") - utc("1950-01-01")).days
    )
    assert calendar.advance(utc("1950-01-01"), HOUR) == utc("1950-01-01 01:00")


@pytest.mark.parametrize(
    ("opens", "closes", "pair"),
    [
        ("22:00", "06:00", ["22:00", "06:00"]),
        ("00:00", "24:00", ["00:00", "24:00"]),
        ("08:00:30", "18:00", ["08:00:30", "18:00"]),
        ("22:00", "46:00", ["22:00", "46:00"]),
        ("22:00", "30:00", ["22:00", "06:00"]),
        ("22:00", "00:00", ["22:00", "24:00"]),
    ],
)
def test_an_opening_reads_and_writes_its_times(opens: str, closes: str, pair: list[str]) -> None:
    opening = Opening.parse(opens, closes)
    assert opening.as_pair() == pair
    assert Opening.parse(*opening.as_pair()) == opening


@pytest.mark.parametrize(
    ("opens", "closes", "reason"),
    [
        (timedelta(hours=9), timedelta(hours=9), "same time"),
        (timedelta(hours=9), timedelta(hours=8), "before it opens"),
        (timedelta(hours=24), timedelta(hours=25), "between 00:00 and 24:00"),
        (timedelta(hours=-1), timedelta(hours=5), "between 00:00 and 24:00"),
        (timedelta(hours=1), timedelta(hours=26), "more than 24 hours"),
        (timedelta(microseconds=1), timedelta(hours=2), "whole seconds"),
    ],
)
def test_an_opening_that_cannot_be_is_refused(opens: timedelta, closes: timedelta, reason: str) -> None:
    with pytest.raises(BadCalendar, match=reason):
        Opening(opens, closes)


WEEKDAY = {"mon": [["08:00", "18:00"]]}


@pytest.mark.parametrize(
    ("data", "reasons"),
    [
        (None, ["a calendar is an object"]),
        ({}, ["time_zone: the IANA name", "weekly: the calendar has no open time"]),
        ({"time_zone": "Mars/Base", "weekly": WEEKDAY}, ["no time zone is named 'Mars/Base'"]),
        ({"time_zone": "../etc/passwd", "weekly": WEEKDAY}, ["no time zone is named"]),
        ({"time_zone": "UTC", "weekly": WEEKDAY, "colour": 1}, ["colour: no such field"]),
        ({"time_zone": "UTC", "weekly": []}, ["weekly: an object of days"]),
        ({"time_zone": "UTC", "weekly": {"mon": []}}, ["weekly: the calendar has no open time"]),
        ({"time_zone": "UTC", "weekly": {}, "exceptions": {"2026-01-01": [["08:00", "09:00"]]}}, ["no open time"]),
        ({"time_zone": "UTC", "weekly": {"monday": [["08:00", "18:00"]]}}, ["weekly.monday: a day is one of mon"]),
        ({"time_zone": "UTC", "weekly": {"mon": "08:00"}}, ["weekly.mon: a list of openings"]),
        ({"time_zone": "UTC", "weekly": {"mon": [["08:00"]]}}, ["weekly.mon[0]: an opening is two times"]),
        ({"time_zone": "UTC", "weekly": {"mon": [[8, 18]]}}, ["weekly.mon[0]: an opening is two times"]),
        ({"time_zone": "UTC", "weekly": {"mon": [["8", "18:00"]]}}, ["weekly.mon[0]: '8' is no time"]),
        ({"time_zone": "UTC", "weekly": {"mon": [["08:00", "08:00"]]}}, ["weekly.mon[0]: opens and closes"]),
        ({"time_zone": "UTC", "weekly": {"mon": [["08:61", "09:00"]]}}, ["'08:61' is no time"]),
        ({"time_zone": "UTC", "weekly": {1: [["08:00", "09:00"]]}}, ["weekly.1: a day is one of"]),
        (
            {"time_zone": "UTC", "weekly": {"mon": [["08:00", "12:00"], ["11:00", "13:00"]]}},
            ["mon 08:00-12:00 overlaps mon 11:00-13:00"],
        ),
        (
            {"time_zone": "UTC", "weekly": {"mon": [["22:00", "06:00"]], "tue": [["05:00", "07:00"]]}},
            ["mon 22:00-06:00 overlaps tue 05:00-07:00"],
        ),
        (
            {"time_zone": "UTC", "weekly": {"mon": [["05:00", "07:00"]], "sun": [["22:00", "06:00"]]}},
            ["sun 22:00-06:00 overlaps mon 05:00-07:00"],
        ),
        (
            {
                "time_zone": "UTC",
                "weekly": WEEKDAY,
                "exceptions": {"2026-12-25": [["08:00", "12:00"], ["09:00", "10:00"]]},
            },
            ["exceptions.2026-12-25: 08:00-12:00 overlaps 09:00-10:00"],
        ),
        ({"time_zone": "UTC", "weekly": WEEKDAY, "exceptions": {"25/12/2026": []}}, ["exceptions.25/12/2026: no date"]),
        ({"time_zone": "UTC", "weekly": WEEKDAY, "exceptions": {"2026-12-25": None}}, ["a list of openings is needed"]),
        (
            {"time_zone": 7, "weekly": {"mon": [["x", "y"]], "day": 1}, "exceptions": 3},
            ["time_zone", "weekly.mon[0]: 'x'", "weekly.day", "exceptions: an object"],
        ),
    ],
)
def test_bad_data_is_refused_with_all_that_is_wrong_and_where(data: object, reasons: list[str]) -> None:
    with pytest.raises(BadCalendar) as refusal:
        Calendar.from_dict(data)
    assert len(refusal.value.reasons) == len(reasons)
    for given, expected in zip(refusal.value.reasons, reasons, strict=True):
        assert expected in given


def test_days_beyond_the_week_are_refused() -> None:
    with pytest.raises(BadCalendar, match="7 is no day of the week"):
        Calendar("UTC", {7: [Opening(timedelta(0), HOUR)]})


def test_openings_that_touch_are_accepted_around_the_week() -> None:
    always = daily("Europe/London", ("08:00", "08:00:01"), ("08:00:01", "32:00"))
    assert always.advance(utc("2026-03-29 00:30"), 24 * HOUR) == utc("2026-03-30 00:30")
