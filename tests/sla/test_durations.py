"""ISO 8601 durations of days, hours, minutes and seconds."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.sla import format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("PT8H", timedelta(hours=8)),
        ("PT30M", timedelta(minutes=30)),
        ("PT48H", timedelta(hours=48)),
        ("PT36H", timedelta(hours=36)),
        ("PT1.5S", timedelta(seconds=1.5)),
        ("PT0S", timedelta(0)),
        ("PT0.000001S", timedelta(microseconds=1)),
    ],
)
def test_a_duration_reads_and_writes(text: str, span: timedelta) -> None:
    assert parse_duration(text) == span
    assert format_duration(span) == text


@pytest.mark.parametrize("text", ["P2D", "PT2880M", "PT172800S", "P1DT24H"])
def test_a_duration_has_several_spellings(text: str) -> None:
    assert parse_duration(text) == timedelta(days=2)


@pytest.mark.parametrize(
    "text",
    ["", "P", "PT", "P1DT", "8H", "PT8", "P1W", "P1M", "P1Y", "-PT8H", "PT-8H", "pt8h", "PT8H ", "PT1.S", "PT1H1.5M"],
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no duration"):
        parse_duration(text)


def test_what_is_too_long_is_refused() -> None:
    with pytest.raises(ValueError, match="too long"):
        parse_duration("P999999999DT24H")


def test_a_duration_is_not_negative() -> None:
    with pytest.raises(ValueError, match="negative"):
        format_duration(timedelta(seconds=-1))


@given(st.timedeltas(min_value=timedelta(0)))
def test_every_span_survives_its_duration(span: timedelta) -> None:
    assert parse_duration(format_duration(span)) == span
