import dataclasses
import json
from typing import Any

import pytest

from app.catalogue.changes import Promised, changes
from app.sla.calendar import Calendar
from app.sla.policy import DEFAULT_CALENDARS, DEFAULT_POLICY_DATA, Policy

_HOURS = {"time_zone": "Europe/London", "weekly": {"mon": [["09:00", "17:00"]]}, "exceptions": {"2026-12-25": []}}
_STEP = {"code": "late", "role": "account_manager", "after_breach": "PT2H"}


def _policy(**fields: Any) -> Promised:
    data = json.loads(json.dumps(DEFAULT_POLICY_DATA)) | fields
    named = {code: Calendar.from_dict(value) for code, value in DEFAULT_CALENDARS.items()}
    return Promised(Policy.from_dict(data), named | {"office": Calendar.from_dict(_HOURS)})


def _targets(level: str, priority: str, metrics: dict[str, Any]) -> dict[str, Any]:
    targets = json.loads(json.dumps(DEFAULT_POLICY_DATA["targets"]))
    targets[level][priority] = metrics
    return {"targets": targets}


_HOURS_SAID = (
    "Level 1, support hours: 09:00 to 17:00, Monday (local time in Europe/London); otherwise on these dates:"
    " 25 December 2026: closed (were: 08:00 to 18:00, every day (local time in Europe/London))."
)
_PAUSES_SAID = (
    "Resolution pauses while a ticket is on hold (the desk waits for a carrier or another third party) or"
    " pending (the desk waits for you) (before, it pauses while a ticket is pending (the desk waits for you))."
)
_STEP_SAID = (
    "When 50 % of the promised time is used up, the desk is called (before: when 75 % of the promised time is"
    " used up, the desk is called)."
)
_REOPEN_SAID = (
    "Reopening a ticket starts its resolution anew with the whole of its time (before, reopening a ticket takes"
    " its resolution up again with the time already used)."
)
_STEPS: list[dict[str, Any]] = json.loads(json.dumps(DEFAULT_POLICY_DATA["steps"]))
_CASES: list[tuple[str, dict[str, Any], list[str]]] = [
    (
        "targets",
        _targets("2", "immediate", {"first_response": {"span": "PT30M", "counting": "support_hours"}}),
        [
            "Level 2, immediate tickets: first response within 30 minutes of support time (was 1 support hour).",
        ],
    ),
    (
        "targets",
        _targets("2", "priority", {"first_response": {"span": "PT8H", "counting": "elapsed"}}),
        ["Level 2, priority tickets: first response within 8 hours (was 8 support hours)."],
    ),
    (
        "targets",
        _targets("1", "immediate", {}),
        ["Level 1, immediate tickets: first response no longer promised (was within 1 support hour)."],
    ),
    (
        "targets",
        _targets(
            "3",
            "immediate",
            {
                "first_response": {"span": "PT1H", "counting": "support_hours"},
                "resolution": {"span": "P3DT1H", "counting": "elapsed"},
            },
        ),
        ["Level 3, immediate tickets: resolution newly promised, within 73 hours."],
    ),
    (
        "calendars",
        {"calendars": {"1": "office", "2": "round_the_clock", "3": "round_the_clock", "4": "round_the_clock"}},
        [_HOURS_SAID],
    ),
    (
        "pauses",
        {"pauses": {"resolution": ["pending", "on_hold"], "periodic_update": ["pending"]}},
        [_PAUSES_SAID],
    ),
    (
        "steps",
        {"steps": [*_STEPS, _STEP]},
        ["The ladder has a new step: 2 hours after the miss, your account manager is called."],
    ),
    (
        "steps",
        {"steps": [{"code": "warning", "role": "desk", "at_share": 5_000}, *_STEPS[1:]]},
        [_STEP_SAID],
    ),
    (
        "steps",
        {"steps": list(reversed(_STEPS))},
        ["The steps of the ladder stand in another order: overdue, breach and warning."],
    ),
    (
        "held",
        {"held": {"1": ["breach"], "2": ["warning", "breach", "overdue"], "3": ["warning"], "4": ["warning"]}},
        [
            "Level 1, also: when the promise is missed, your account manager is called.",
            "Level 1, no longer: when 75 % of the promised time is used up, the desk is called.",
            "Levels 3 and 4, no longer: when the promise is missed, your account manager is called.",
            (
                "Levels 3 and 4, no longer: when a further 100 % of the promised time has passed after the miss, the"
                " technical director is called."
            ),
        ],
    ),
    (
        "acknowledge_for",
        {"acknowledge_for": {"immediate": "PT45M"}},
        ["A call taken in hand keeps further ones back, immediate: 45 minutes (was 30 minutes)."],
    ),
    (
        "acknowledge_for",
        {"acknowledge_for": {"immediate": "PT30M", "low": "PT2H"}},
        ["A call taken in hand keeps further ones back, low: 2 hours (was as long as the promise itself)."],
    ),
    (
        "reopen",
        {"reopen": "restart"},
        [_REOPEN_SAID],
    ),
    (
        "credits",
        {"credits": {"per_miss": 250, "cap": 2_000}},
        ["Service credits: 2.5 % per missed promise, at most 20 % of a month's price (before: none)."],
    ),
]


@pytest.mark.parametrize(("field", "changed", "said"), _CASES, ids=[f"{case[0]}-{n}" for n, case in enumerate(_CASES)])
def test_a_difference_is_said(field: str, changed: dict[str, Any], said: list[str]) -> None:
    assert field in changed

    assert [change.text for change in changes(_policy(), _policy(**changed))] == said


@pytest.mark.parametrize("changed", [case[1] for case in _CASES])
def test_what_was_said_of_a_change_is_said_of_taking_it_back(changed: dict[str, Any]) -> None:
    assert changes(_policy(**changed), _policy())


def test_every_field_of_a_policy_has_its_words() -> None:
    assert {case[0] for case in _CASES} == {field.name for field in dataclasses.fields(Policy)}


def test_what_is_alike_is_no_change() -> None:
    assert changes(_policy(), _policy()) == []


def test_what_changes_for_several_levels_is_said_once() -> None:
    metrics = {"first_response": {"span": "PT30M", "counting": "elapsed"}}
    targets = json.loads(json.dumps(DEFAULT_POLICY_DATA["targets"]))
    for level in targets:
        targets[level]["immediate"] = metrics

    found = changes(_policy(), _policy(targets=targets))

    assert [(one.text, one.levels) for one in found] == [
        (
            "Levels 1 to 4, immediate tickets: first response within 30 minutes (was 1 support hour).",
            frozenset({1, 2, 3, 4}),
        )
    ]


def test_a_new_version_of_a_calendar_is_a_change_though_its_code_is_the_same() -> None:
    before = _policy()
    after = Promised(before.policy, {**before.calendars, "lite": Calendar.from_dict(_HOURS)})

    found = changes(before, after)

    assert [change.levels for change in found] == [frozenset({1})]
    assert "09:00 to 17:00, Monday" in found[0].text
