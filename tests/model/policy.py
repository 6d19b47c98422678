"""The policy of the model: the desk's own figures, and others of the same shape, looked up without ceremony."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from tests.model.calendar import Calendar

METRICS = ("first_response", "next_response", "periodic_update", "resolution")
PRIORITIES = ("low", "priority", "immediate")
PLAN_LEVELS = {"lite": 1, "professional": 2, "enterprise": 2, "ultimate": 2}
PRODUCT_LEVELS = {
    "icc_intelligent_hands": 3,
    "branded_intelligent_hands": 4,
    "branded_intelligent_hands_telephone": 4,
}

LITE_HOURS = Calendar("Europe/London", ((("08:00", "18:00"),),) * 7)
ROUND_THE_CLOCK = Calendar("Europe/London", ((("00:00", "24:00"),),) * 7)
CALENDARS = {"lite": LITE_HOURS, "round_the_clock": ROUND_THE_CLOCK}

# "Priorities and targets", "Clocks", "Escalation": "Defaults (D)".
_TARGETS = {
    "immediate": {"first_response": {"span": "PT1H", "counting": "support_hours"}},
    "priority": {"first_response": {"span": "PT8H", "counting": "support_hours"}},
    "low": {
        "first_response": {"span": "PT48H", "counting": "elapsed"},
        "resolution": {"span": "PT48H", "counting": "elapsed"},
    },
}
DEFAULT: dict[str, Any] = {
    "calendars": {"1": "lite", "2": "round_the_clock", "3": "round_the_clock", "4": "round_the_clock"},
    "targets": dict.fromkeys("1234", _TARGETS),
    "pauses": {"resolution": ["pending"], "periodic_update": ["pending"]},
    "steps": [
        {"code": "warning", "role": "desk", "at_share": 7_500},
        {"code": "breach", "role": "account_manager", "after_breach": "PT0S"},
        {"code": "overdue", "role": "technical_director", "after_targets": 10_000},
    ],
    "held": {"1": ["warning"]} | {level: ["warning", "breach", "overdue"] for level in "234"},
    "acknowledge_for": {"immediate": "PT30M"},
    "reopen": "continue",
}


@dataclass(frozen=True)
class Step:
    """ "A step has a trigger (a share of the target consumed, or an offset after the breach) and a role"."""

    code: str
    role: str
    share: int | None
    after: timedelta
    after_targets: int

    @property
    def reason(self) -> str:
        """Why it calls."""
        return "sla_breach" if self.share is None else "sla_warning"

    def left_at(self, target: timedelta) -> timedelta:
        """ "A step at share *s* is reached when what remains is (1 - *s*) of the target"; shares are floored."""
        return target - target * (self.share or 0) // 10_000

    def after_breach(self, broken: timedelta) -> timedelta:
        """ "Steps after the breach use the target that was broken"."""
        return self.after + broken * self.after_targets // 10_000


class Policy:
    """A version of the policy, over its data."""

    def __init__(self, data: dict[str, Any], calendars: dict[str, Calendar]) -> None:
        self.data = data
        self.restarts = data["reopen"] == "restart"
        self.steps = [_step(step) for step in data["steps"]]
        self._calendars = {level: calendars[code] for level, code in data["calendars"].items()}

    def target(self, level: int, priority: str, metric: str) -> tuple[timedelta, bool] | None:
        """The target of a metric, and whether it is elapsed time."""
        found = self.data["targets"].get(str(level), {}).get(priority, {}).get(metric)
        return None if found is None else (span_of(found["span"]), found["counting"] == "elapsed")

    def calendar(self, level: int) -> Calendar:
        """The calendar of a level."""
        return self._calendars[str(level)]

    def pauses(self, metric: str, status: str) -> bool:
        """ "Which statuses pause which metric is a field of the policy."""
        return status in self.data["pauses"].get(metric, [])

    def holds(self, level: int, code: str) -> bool:
        """Tell whether the ladder of a level has a step."""
        return code in self.data["held"].get(str(level), [])

    def quiet(self, priority: str, target: timedelta) -> timedelta:
        """ "``acknowledge_for`` (default 30 minutes for immediate, otherwise one target)"."""
        given = self.data["acknowledge_for"].get(priority)
        return target if given is None else span_of(given)


def span_of(text: str) -> timedelta:
    """Read a duration such as PT8H."""
    found = re.fullmatch(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?", text)
    assert found is not None, text
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)


def _step(data: dict[str, Any]) -> Step:
    after = span_of(data.get("after_breach", "PT0S"))
    return Step(data["code"], data["role"], data.get("at_share"), after, data.get("after_targets", 0))
