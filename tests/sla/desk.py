"""The desk's own figures, as the tests use them."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from app.sla import DEFAULT_CALENDARS, DEFAULT_POLICY_DATA, Calendar, Counting, Metric, Policy, Terms

LONDON = ZoneInfo("Europe/London")
CALENDARS = {code: Calendar.from_dict(data) for code, data in DEFAULT_CALENDARS.items()}
LITE_HOURS, ROUND_THE_CLOCK = CALENDARS["lite"], CALENDARS["round_the_clock"]
POLICY = Policy.from_dict(DEFAULT_POLICY_DATA)
LITE, TECHNICAL = 1, 2


def terms(level: int, priority: str, metric: Metric = Metric.first_response) -> Terms:
    target = POLICY.target(level, priority, metric)
    assert target is not None
    return Terms(target.span, target.counting, CALENDARS[POLICY.calendars[level]])


def hours(count: float, calendar: Calendar = ROUND_THE_CLOCK) -> Terms:
    return Terms(timedelta(hours=count), Counting.support_hours, calendar)


def uk(text: str) -> datetime:
    """An instant as London's clocks show it."""
    return datetime.fromisoformat(text).replace(tzinfo=LONDON)
