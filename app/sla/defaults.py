"""The desk's own figures, as data: hours of each level, targets of each priority, and the ladder.

They seed the catalogue; from then on an operator changes them there, by publishing another version.
"""

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LEVELS = ("1", "2", "3", "4")

_TARGETS = {
    "immediate": {"first_response": {"span": "PT1H", "counting": "support_hours"}},
    "priority": {"first_response": {"span": "PT8H", "counting": "support_hours"}},
    "low": {
        "first_response": {"span": "PT48H", "counting": "elapsed"},
        "resolution": {"span": "PT48H", "counting": "elapsed"},
    },
}

DEFAULT_POLICY_DATA: dict[str, object] = {
    "calendars": {"1": "lite", "2": "round_the_clock", "3": "round_the_clock", "4": "round_the_clock"},
    "targets": dict.fromkeys(_LEVELS, _TARGETS),
    "pauses": {"resolution": ["pending"], "periodic_update": ["pending"]},
    "steps": [
        {"code": "warning", "role": "desk", "at_share": 7_500},
        {"code": "breach", "role": "account_manager", "after_breach": "PT0S"},
        {"code": "overdue", "role": "technical_director", "after_targets": 10_000},
    ],
    "held": {
        "1": ["warning"],
        "2": ["warning", "breach", "overdue"],
        "3": ["warning", "breach", "overdue"],
        "4": ["warning", "breach", "overdue"],
    },
    "acknowledge_for": {"immediate": "PT30M"},
    "reopen": "continue",
}

DEFAULT_CALENDARS: dict[str, dict[str, object]] = {
    "lite": {"time_zone": "Europe/London", "weekly": {day: [["08:00", "18:00"]] for day in _DAYS}, "exceptions": {}},
    "round_the_clock": {
        "time_zone": "Europe/London",
        "weekly": {day: [["00:00", "24:00"]] for day in _DAYS},
        "exceptions": {},
    },
}
