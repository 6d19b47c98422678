"""Policies to publish: the default one with a few of its fields changed."""

from copy import deepcopy
from typing import Any

from hypothesis import strategies as st

from tests.model.policy import DEFAULT, PRIORITIES

_SPANS = ["PT30M", "PT1H", "PT2H", "PT4H", "PT8H", "PT24H", "PT48H"]
_METRICS = ["first_response", "next_response", "periodic_update", "resolution"]


@st.composite
def policies(draw: st.DrawFn, *, restart: bool) -> dict[str, Any]:
    """A policy of another version."""
    data: dict[str, Any] = deepcopy(DEFAULT)
    for _ in range(draw(st.integers(0, 3))):
        _change_target(draw, data)
    if draw(st.booleans()):
        data["calendars"]["2"] = draw(st.sampled_from(["lite", "round_the_clock"]))
    data["pauses"]["resolution"] = draw(st.sampled_from([["pending"], ["pending", "on_hold"], []]))
    data["steps"][0]["at_share"] = draw(st.sampled_from([7_500, 5_000, 9_000]))
    data["acknowledge_for"] = draw(st.sampled_from([{"immediate": "PT30M"}, {}, {"low": "PT1H"}]))
    if restart:
        data["reopen"] = draw(st.sampled_from(["continue", "restart"]))
    return data


def _change_target(draw: st.DrawFn, data: dict[str, Any]) -> None:
    levels = draw(st.sampled_from(["1", "2", "1234"]))
    priority, metric = draw(st.sampled_from(PRIORITIES)), draw(st.sampled_from(_METRICS))
    span = draw(st.none() | st.sampled_from(_SPANS))
    counting = draw(st.sampled_from(["support_hours", "elapsed"]))
    for level in levels:
        targets = data["targets"][level][priority]
        targets.pop(metric, None)
        if span is not None:
            targets[metric] = {"span": span, "counting": counting}
