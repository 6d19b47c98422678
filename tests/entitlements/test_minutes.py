"""The minutes of a paid month, as rules."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.entitlements.minutes import Allowance, Taken, given_back

amounts = st.none() | st.integers(0, 200)
allowances = st.builds(Allowance, amounts, st.integers(1, 10_000), amounts)


@pytest.mark.parametrize(
    ("included", "warn_share", "overrun", "used", "state", "left"),
    [
        (None, 8_000, None, 0, "unlimited", None),
        (None, 8_000, 0, 9_999, "unlimited", None),
        (100, 8_000, 20, 0, "within", 100),
        (100, 8_000, 20, 79, "within", 21),
        (100, 8_000, 20, 80, "warned", 20),
        (100, 8_000, 20, 100, "warned", 0),
        (100, 8_000, 20, 101, "overrun", 0),
        (100, 8_000, 20, 119, "overrun", 0),
        (100, 8_000, 20, 120, "exhausted", 0),
        (100, 8_000, 20, 500, "exhausted", 0),
        (100, 10_000, 0, 99, "within", 1),
        (100, 10_000, 0, 100, "exhausted", 0),
        (100, 8_000, None, 5_000, "overrun", 0),
        (0, 8_000, 0, 0, "exhausted", 0),
        (0, 8_000, 30, 0, "within", 0),
        (0, 8_000, 30, 1, "overrun", 0),
        (3, 5_000, 0, 1, "within", 2),
        (3, 5_000, 0, 2, "warned", 1),
    ],
)
def test_a_month_stands_as_the_table_says(
    included: int | None, warn_share: int, overrun: int | None, used: int, state: str, left: int | None
) -> None:
    allowance = Allowance(included, warn_share, overrun)

    assert (allowance.state(used), allowance.left(used)) == (state, left)


ORDER = ["within", "warned", "overrun", "exhausted"]


@given(allowances, st.integers(0, 500), st.integers(0, 500))
def test_more_minutes_never_make_a_month_stand_better(allowance: Allowance, used: int, more: int) -> None:
    before, after = allowance.state(used), allowance.state(used + more)

    assert (before == "unlimited") == (after == "unlimited") == (allowance.included is None)
    assert before == "unlimited" or ORDER.index(before) <= ORDER.index(after)
    assert set(allowance.marks(used)) <= set(allowance.marks(used + more))


@given(allowances, st.integers(1, 500))
def test_a_month_that_is_used_up_was_warned_of_and_one_that_is_not_is_not_said_to_be(
    allowance: Allowance, used: int
) -> None:
    marks = allowance.marks(used)

    assert ("exhausted" in marks) == (allowance.cap is not None and used >= allowance.cap)
    assert marks == ["warning", "exhausted"][: len(marks)]


@given(st.lists(st.tuples(st.sampled_from(["may", "june", None]), st.integers(1, 90)), max_size=9), st.data())
def test_a_correction_takes_from_no_month_more_than_was_logged_in_it(
    worked: list[tuple[str | None, int]], data: st.DataObject
) -> None:
    ledger = [Taken(month, minutes) for month, minutes in worked]
    total = sum(entry.minutes for entry in ledger)
    while total:
        minutes = data.draw(st.integers(1, total))
        parts = given_back(ledger, minutes)
        assert parts is not None
        ledger += parts
        total -= minutes
        assert sum(part.minutes for part in parts) == -minutes
        assert all(
            sum(entry.minutes for entry in ledger if entry.month == month) >= 0 for month in ("may", "june", None)
        )

    assert given_back(ledger, 1) is None


def test_the_latest_month_is_given_back_to_first() -> None:
    ledger = [Taken("may", 60), Taken("june", 30), Taken("june", 10)]

    assert given_back(ledger, 50) == [Taken("june", -40), Taken("may", -10)]
    assert given_back(ledger, 101) is None
