"""What is promised, as data, and what is refused."""

from copy import deepcopy
from datetime import timedelta

import pytest

from app.sla import (
    DEFAULT_CALENDARS,
    DEFAULT_POLICY_DATA,
    DEFAULT_STEPS,
    BadPolicy,
    Calendar,
    Counting,
    Credits,
    Metric,
    Policy,
    Reopen,
    Step,
    Target,
)
from tests.sla.desk import POLICY, hours

HOUR = timedelta(hours=1)


@pytest.mark.parametrize("level", [1, 2, 3, 4])
@pytest.mark.parametrize(
    ("priority", "metric", "target"),
    [
        ("immediate", Metric.first_response, Target(HOUR, Counting.support_hours)),
        ("priority", Metric.first_response, Target(8 * HOUR, Counting.support_hours)),
        ("low", Metric.first_response, Target(48 * HOUR, Counting.elapsed)),
        ("low", Metric.resolution, Target(48 * HOUR, Counting.elapsed)),
        ("immediate", Metric.resolution, None),
        ("priority", Metric.resolution, None),
        ("low", Metric.next_response, None),
        ("immediate", Metric.periodic_update, None),
    ],
)
def test_the_default_policy_promises_what_the_desk_says(
    level: int, priority: str, metric: Metric, target: Target | None
) -> None:
    assert POLICY.target(level, priority, metric) == target


def test_the_default_ladder_is_the_desks() -> None:
    assert POLICY.steps == DEFAULT_STEPS
    assert POLICY.ladder(1).held == {"warning"}
    assert all(POLICY.ladder(level).held == {"warning", "breach", "overdue"} for level in (2, 3, 4))
    assert POLICY.ladder(9).held == frozenset()
    assert POLICY.warning_code == "warning"


def test_only_pending_pauses_and_only_some_metrics() -> None:
    pausing = [
        (metric, status) for metric in Metric for status in ("pending", "on_hold") if POLICY.pauses_in(metric, status)
    ]
    assert pausing == [(Metric.periodic_update, "pending"), (Metric.resolution, "pending")]


def test_an_acknowledgement_lasts_half_an_hour_or_one_target() -> None:
    assert POLICY.quiet_span("immediate", hours(1)) == timedelta(minutes=30)
    assert POLICY.quiet_span("priority", hours(8)) == 8 * HOUR


def test_level_one_keeps_office_hours_and_the_others_none() -> None:
    assert POLICY.calendars == {1: "lite", 2: "round_the_clock", 3: "round_the_clock", 4: "round_the_clock"}
    for data in DEFAULT_CALENDARS.values():
        assert Calendar.from_dict(data).as_dict() == data


def test_a_policy_survives_its_own_data() -> None:
    assert POLICY.as_dict() == DEFAULT_POLICY_DATA
    assert Policy.from_dict(POLICY.as_dict()) == POLICY


def test_a_policy_cannot_be_changed_through_what_it_was_made_of() -> None:
    calendars = {1: "lite"}
    policy = Policy({}, {}, (), {}, {}, calendars)
    calendars[1] = "other"
    assert policy.calendars[1] == "lite"


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("targets", [], "targets: an object is needed"),
        ("targets", {"0": {}}, "targets.0: a level is a number from 1"),
        ("targets", {"1": []}, "targets.1: an object is needed"),
        ("targets", {"1": {"low": {"speed": {}}}}, "targets.1.low.speed: 'speed' is not a valid Metric"),
        ("targets", {"1": {"low": {"resolution": 5}}}, "targets.1.low.resolution: a target has a span"),
        (
            "targets",
            {"1": {"low": {"resolution": {"span": "8h", "counting": "elapsed"}}}},
            "targets.1.low.resolution: '8h' is no duration",
        ),
        (
            "targets",
            {"1": {"low": {"resolution": {"span": "PT8H", "counting": "sometimes"}}}},
            "targets.1.low.resolution: 'sometimes' is not a valid Counting",
        ),
        (
            "targets",
            {"1": {"low": {"resolution": {"span": "PT0S", "counting": "elapsed"}}}},
            "targets.1.low.resolution: a target is positive",
        ),
        (
            "targets",
            {"1": {"urgent": {"resolution": {"span": "PT1H", "counting": "elapsed"}}}},
            "targets.1.urgent.resolution: no priority is named 'urgent'",
        ),
        ("calendars", {"1": "lite"}, "calendars: level 2 has targets and no calendar"),
        ("calendars", {"1": 5, "2": "a", "3": "a", "4": "a"}, "calendars.1: a text is needed"),
        ("pauses", {"resolution": "pending"}, "pauses.resolution: a list of texts"),
        ("pauses", {"resolution": ["sleeping"]}, "pauses.resolution: no status is named 'sleeping'"),
        ("pauses", {"first_response": ["pending"]}, "pauses.first_response: the first response never pauses"),
        ("steps", {}, "steps: a list is needed"),
        ("steps", [7], "steps[0]: a step has a code"),
        ("steps", [{"code": "a", "role": "desk", "at_share": "75"}], "steps[0]: a share is a whole number"),
        ("steps", [{"code": "a", "role": "desk"}], "steps[0]: a step has one of"),
        ("steps", [{"code": "a", "role": "cook", "at_share": 1}], "steps: 'a' calls 'cook', which is no role"),
        ("held", {"1": ["nothing"]}, "held.1: the ladder has no step 'nothing'"),
        ("acknowledge_for", {"immediate": "PT0S"}, "acknowledge_for.immediate: it lasts for some time"),
        ("acknowledge_for", {"urgent": "PT1S"}, "acknowledge_for: no priority is named 'urgent'"),
        ("colour", "red", "colour: no such field of a policy"),
    ],
)
def test_bad_data_is_refused_with_what_is_wrong_and_where(field: str, value: object, reason: str) -> None:
    with pytest.raises(BadPolicy) as refusal:
        Policy.from_dict(deepcopy(DEFAULT_POLICY_DATA) | {field: value})
    assert any(given.startswith(reason) for given in refusal.value.reasons), refusal.value.reasons


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(BadPolicy) as refusal:
        Policy.from_dict(DEFAULT_POLICY_DATA | {"pauses": {"x": []}, "acknowledge_for": 1, "held": {"1": ["y"]}})
    assert len(refusal.value.reasons) == 3


def test_a_policy_that_is_no_object_is_refused() -> None:
    with pytest.raises(BadPolicy, match="a policy is an object"):
        Policy.from_dict([])


def test_a_code_stands_once_on_a_ladder() -> None:
    with pytest.raises(BadPolicy, match="'a' stands 2 times"):
        Policy({}, {}, (Step("a", "desk", at_share=1), Step("a", "desk", at_share=2)), {}, {}, {})


def test_what_reopening_does_and_a_miss_is_worth_are_read_and_written() -> None:
    data = {**DEFAULT_POLICY_DATA, "reopen": "restart", "credits": {"per_miss": 500, "cap": 5_000}}

    policy = Policy.from_dict(data)

    assert (policy.reopen, policy.credits) == (Reopen.restart, Credits(500, 5_000))
    assert Policy.from_dict(policy.as_dict()) == policy
    assert Policy.from_dict({**DEFAULT_POLICY_DATA, "reopen": None}).reopen is Reopen.goes_on


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("reopen", "never", "reopen: 'never' is not a valid Reopen"),
        ("credits", {"per_miss": 500}, "credits: credits have a per_miss and a cap"),
        ("credits", {"per_miss": 0, "cap": 5}, "credits: a credit per miss lies between"),
        ("credits", {"per_miss": 6_000, "cap": 5_000}, "credits: a credit per miss lies between"),
    ],
)
def test_a_faulty_remedy_is_refused_with_its_place(field: str, value: object, said: str) -> None:
    with pytest.raises(BadPolicy) as refused:
        Policy.from_dict({**DEFAULT_POLICY_DATA, field: value})

    assert refused.value.reasons[0].startswith(said)
