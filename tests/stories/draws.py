"""What random lives are drawn from: instants near the edges of clocks and days, and spans that meet them."""

from datetime import timedelta

from hypothesis import strategies as st

MICROSECOND = timedelta(microseconds=1)
STARTS = [
    "2026-03-28T17:30:00Z",  # the evening before the clocks go forward
    "2026-03-29T00:59:59.999999Z",
    "2026-10-24T15:00:00Z",  # the afternoon before they go back
    "2026-10-25T00:30:00Z",
    "2026-01-31T18:00:00Z",  # a month's end, at a closing
    "2028-02-29T08:00:00Z",
    "2026-06-10T11:00:00Z",
    "2026-12-31T23:59:59.123457Z",
]
SPANS = [
    MICROSECOND,
    timedelta(seconds=1),
    timedelta(minutes=7, seconds=31, microseconds=250_001),
    timedelta(minutes=30),
    timedelta(minutes=45),
    timedelta(hours=1) - MICROSECOND,
    timedelta(hours=1),
    timedelta(hours=6, seconds=13, microseconds=7),
    timedelta(hours=10),
    timedelta(days=1, minutes=3),
    timedelta(days=2),
    timedelta(days=8, microseconds=999_999),
    timedelta(days=31),
]
OFFSETS = [timedelta(0), timedelta(0), timedelta(0), MICROSECOND, MICROSECOND, -MICROSECOND, timedelta(seconds=59)]
PICK = st.integers(0, 5)
SPAN = st.sampled_from(SPANS)
LATE = st.sampled_from([True, True, False])  # whether the sweep looks only once the time is over
