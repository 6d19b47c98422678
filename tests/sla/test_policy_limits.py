"""What docs/policies.md says of each field: in range it is taken, a step further it is refused; and its default."""

import re
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from app.sla import DEFAULT_POLICY_DATA, BadPolicy, Metric, Policy, Reopen

_PAGE = (Path(__file__).parents[2] / "docs" / "policies.md").read_text()
_RESPONSE = ("targets", "1", "immediate", "first_response")
_LOW = {"resolution": {"span": "PT48H", "counting": "elapsed"}}
_STEP = {"code": "late", "role": "desk"}


def _with(path: tuple[str, ...], value: object) -> dict[str, Any]:
    data: dict[str, Any] = deepcopy(DEFAULT_POLICY_DATA)
    data["targets"] = deepcopy(dict(data["targets"]))
    part = data
    for name in path[:-1]:
        part = part.setdefault(name, {})
    part[path[-1]] = value
    return data


def _steps(**trigger: object) -> dict[str, Any]:
    return _with(("steps",), [_STEP | trigger]) | {"held": {}}


_EXAMPLES = [
    (_with((*_RESPONSE, "span"), "P366D"), _with((*_RESPONSE, "span"), "P366DT1S")),
    (_with((*_RESPONSE, "span"), "PT0.000001S"), _with((*_RESPONSE, "span"), "PT0S")),
    (_with((*_RESPONSE, "counting"), "elapsed"), _with((*_RESPONSE, "counting"), "working_days")),
    (_with(("calendars", "9999"), "lite"), _with(("calendars", "10000"), "lite")),
    (_with(("calendars", "5"), "lite"), _with(("calendars", "0"), "lite")),
    (_with(("targets", "1", "low"), _LOW), _with(("targets", "1", "urgent"), _LOW)),
    (_with(("pauses", "first_response"), []), _with(("pauses", "first_response"), ["pending"])),
    (_with(("pauses", "resolution"), ["on_hold"]), _with(("pauses", "resolution"), ["asleep"])),
    (_steps(at_share=1), _steps(at_share=0)),
    (_steps(at_share=10_000), _steps(at_share=10_001)),
    (_steps(after_breach="PT0S"), _steps(after_breach="PT0S", at_share=1)),
    (_steps(after_breach="P366D"), _steps(after_breach="P367D")),
    (_steps(after_targets=0), _steps(after_targets=-1)),
    (_steps(after_targets=100_000), _steps(after_targets=100_001)),
    (_steps(at_share=1), _steps()),
    (_steps(at_share=1), _steps(at_share=1) | {"held": {"1": ["early"]}}),
    (_steps(at_share=1), _steps(at_share=1, role="porter")),
    (_steps(at_share=1), _with(("steps",), [_STEP | {"at_share": 1}] * 2) | {"held": {}}),
    (_with(("acknowledge_for", "low"), "P366D"), _with(("acknowledge_for", "low"), "P367D")),
    (_with(("acknowledge_for", "low"), "PT1S"), _with(("acknowledge_for", "low"), "PT0S")),
    (_with(("reopen",), "restart"), _with(("reopen",), "refuse")),
    (_with(("credits",), {"per_miss": 1, "cap": 1}), _with(("credits",), {"per_miss": 0, "cap": 1})),
    (_with(("credits",), {"per_miss": 10_000, "cap": 10_000}), _with(("credits",), {"per_miss": 1, "cap": 10_001})),
    (_with(("credits",), {"per_miss": 500, "cap": 500}), _with(("credits",), {"per_miss": 501, "cap": 500})),
]


@pytest.mark.parametrize(("taken", "refused"), _EXAMPLES)
def test_a_field_in_range_is_taken_and_a_step_further_it_is_refused(
    taken: dict[str, Any], refused: dict[str, Any]
) -> None:
    Policy.from_dict(taken)

    with pytest.raises(BadPolicy):
        Policy.from_dict(refused)


def test_what_is_left_out_has_the_default_that_the_page_says() -> None:
    targets = DEFAULT_POLICY_DATA["targets"]
    policy = Policy.from_dict({"calendars": dict.fromkeys("1234", "lite"), "targets": targets})

    assert Policy.from_dict({}).targets == {}
    assert (policy.steps, policy.ladder(2).held, policy.credits) == ((), frozenset(), None)
    assert policy.reopen is Reopen.goes_on
    assert not any(policy.pauses_in(metric, "pending") for metric in Metric)


def test_the_page_has_every_field_of_a_policy() -> None:
    told = set(re.findall(r"^\| `([a-z_]+)", _PAGE, re.MULTILINE))

    assert told == {*DEFAULT_POLICY_DATA, "credits"}
