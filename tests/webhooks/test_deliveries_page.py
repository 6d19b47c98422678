"""The numbers and names of `docs/deliveries.md` are those of the code."""

import re
from datetime import timedelta
from typing import get_args

from app.infra.outbound.outcome import Reason
from app.infra.outbound.send import CONNECT_SECONDS, MAX_KEPT, MAX_READ, TOTAL_SECONDS
from app.webhooks import health
from app.webhooks.records import EXPIRED, WORKER_LOST
from app.webhooks.schedule import JITTER, LONGEST, PROFILES
from app.webhooks.schemas import State
from app.webhooks.sending import AT_ONCE_AGAIN
from app.webhooks.taking import MOST_STARTS
from tests.webhooks.pages import PAGE, table

_UNITS = {"h": timedelta(hours=1), "min": timedelta(minutes=1), "s": timedelta(seconds=1)}


def _said(span: timedelta) -> str:
    """Write a span as the page does, in the biggest unit that fits it whole: 30 min, 24 h."""
    unit, size = next((unit, size) for unit, size in _UNITS.items() if not span % size)
    return f"{span // size} {unit}"


def test_the_states_and_reasons_are_all_there_and_no_others() -> None:
    assert list(table("States")) == list(get_args(State))
    assert list(table("Reasons")) == [*Reason, WORKER_LOST, EXPIRED]


def test_the_profiles_are_those_of_the_code() -> None:
    assert table("When it is tried again") == {
        name: [
            str(len(steps) + 1),
            ", ".join(_said(step) for step in steps),
            f"{sum(steps, timedelta()) / timedelta(hours=1):.1f} h",
        ]
        for name, steps in PROFILES.items()
    }


def test_the_numbers_are_those_of_the_code() -> None:
    first, second = health.NOTICES_AFTER
    overloaded = ", ".join(str(int(status)) for status in sorted(health.OVERLOADED))
    statements = [
        f"the first {MAX_KEPT >> 10} KiB of the answer",
        f"has ended or reached {MAX_READ >> 10} KiB",
        f"ends after {TOTAL_SECONDS:.0f} s",
        f"not there in {CONNECT_SECONDS:.0f} s",
        f"stopped our worker, {MOST_STARTS} times",
        f"After {MOST_STARTS} attempts of ours that never came to an end",
        f"fails in less than {AT_ONCE_AGAIN:.0f} s before",
        f"never beyond {_said(LONGEST)}",
        f"After {health.RESTS_AFTER} failures in a row an endpoint rests for {_said(health.FIRST_REST)}",
        f"doubles the rest, up to {_said(health.LONGEST_REST)}",
        f"asks, up to {_said(health.LONGEST_REST)}",
        f"After {overloaded} or no answer in time it has one delivery at a time for {_said(health.SLOW_FOR)}",
        f"nothing has succeeded for {_said(first)}, and again after {_said(second)}, with {health.FAILING_TAKES} fail",
        f"After {_said(health.DISABLED_AFTER)} of this it is disabled",
    ]
    page = re.sub(r"\s+", " ", PAGE)

    assert [statement for statement in statements if statement not in page] == []
    assert JITTER == 1 / 5  # "up to a fifth"
    assert page.count("a fifth") == 2
