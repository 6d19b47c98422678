"""Calendars and instants for the properties, many of them around a change of the clocks."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import strategies as st

from app.sla import Calendar, Opening

# A zone and a UTC date at which something odd happens to its clocks.
ODD_DAYS = (
    ("Europe/London", date(2026, 3, 29)),
    ("Europe/London", date(2026, 10, 25)),
    ("Europe/Dublin", date(2026, 10, 25)),
    ("America/Sao_Paulo", date(2015, 10, 18)),  # 00:00 does not exist
    ("America/Sao_Paulo", date(2016, 2, 21)),  # 23:00 to 24:00 twice
    ("America/Havana", date(2020, 11, 1)),  # 00:00 twice
    ("America/St_Johns", date(2008, 11, 2)),  # changes at 00:01
    ("Pacific/Apia", date(2011, 12, 30)),  # a date that does not exist
    ("Australia/Lord_Howe", date(2026, 4, 5)),  # half an hour
    ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("Asia/Kathmandu", date(1986, 1, 1)),  # 05:30 became 05:45
    ("Africa/Casablanca", date(2026, 3, 22)),
    ("Antarctica/Troll", date(2026, 3, 29)),  # two hours
    ("Asia/Kolkata", date(2023, 12, 31)),
    ("UTC", date(2024, 2, 29)),
    ("Pacific/Kiritimati", date(2026, 12, 31)),
)
WEEK_MINUTES = 7 * 1440


@st.composite
def weeks(draw: st.DrawFn) -> dict[int, list[Opening]]:
    """Weekly openings: the same every day, or anywhere in the week, over midnight and over Sunday's end."""
    if draw(st.booleans()):
        cuts = _paired(draw(st.lists(st.integers(0, 1440), min_size=2, max_size=6, unique=True)))
        return {day: [_opening(opens, closes) for opens, closes in cuts] for day in range(7)}
    points = sorted(draw(st.lists(st.integers(0, WEEK_MINUTES - 1), min_size=2, max_size=12, unique=True)))
    if draw(st.booleans()):
        points = [*points[1:], points[0] + WEEK_MINUTES]
    week: dict[int, list[Opening]] = {}
    for opens, closes in _paired(points):
        day, since = divmod(opens, 1440)
        week.setdefault(day, []).append(_opening(since, min(since + closes - opens, since + 1440)))
    return week


@st.composite
def calendars(draw: st.DrawFn, zone: str, around: date) -> Calendar:
    exceptions = {}
    for offset in draw(st.lists(st.integers(-3, 4), max_size=3, unique=True)):
        cuts = draw(st.lists(st.integers(0, 2 * 1440), max_size=4, unique=True))
        exceptions[around + timedelta(days=offset)] = [
            _opening(opens, min(closes, opens + 1440)) for opens, closes in _paired(cuts) if opens < 1440
        ]
    return Calendar(zone, draw(weeks()), exceptions)


@st.composite
def places(draw: st.DrawFn) -> tuple[Calendar, datetime]:
    """A calendar, and the UTC midnight two days before an odd day in its zone."""
    zone, day = draw(st.sampled_from(ODD_DAYS))
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return draw(calendars(zone, day)), midnight - timedelta(days=2)


def spans(days: int = 5) -> st.SearchStrategy[timedelta]:
    """Whole seconds, whole minutes the more often, so that edges are met."""
    minutes = st.integers(0, days * 1440).map(lambda count: timedelta(minutes=count))
    return minutes | st.integers(0, days * 86_400).map(lambda count: timedelta(seconds=count))


def _paired(cuts: list[int]) -> list[tuple[int, int]]:
    points = sorted(cuts)
    return list(zip(points[::2], points[1::2], strict=False))


def _opening(opens: int, closes: int) -> Opening:
    return Opening(timedelta(minutes=opens), timedelta(minutes=closes))
