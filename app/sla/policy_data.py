"""A policy as JSON-like data, and back.

Malformed data is refused with what is wrong and where, all faults at once; what could be read is checked as well.
Levels are the keys ``"1"``, ``"2"``, ...; spans are ISO 8601 durations; shares are basis points.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from app.sla.durations import format_duration
from app.sla.errors import BadPolicy
from app.sla.policy_faults import Target, TargetKey, policy_faults
from app.sla.policy_reader import (
    PolicyReader,
    read_credits,
    read_level,
    read_names,
    read_reopen,
    read_span,
    read_target,
    read_text,
)
from app.sla.remedies import Credits, Reopen
from app.sla.steps import Step
from app.sla.terms import Metric

Read = tuple[
    dict[TargetKey, Target],
    dict[Metric, frozenset[str]],
    tuple[Step, ...],
    dict[int, frozenset[str]],
    dict[str, timedelta],
    dict[int, str],
    Reopen,
    Credits | None,
]

_FIELDS = ("targets", "pauses", "steps", "held", "acknowledge_for", "calendars", "reopen", "credits")


def read_policy(data: object) -> Read:
    """The constructor's arguments of a policy, out of data.

    Raises:
        BadPolicy: With every reason.
    """
    if not isinstance(data, Mapping):
        raise BadPolicy([f"a policy is an object with {', '.join(_FIELDS)}, not {data!r}"])
    reader = PolicyReader()
    reader.faults.extend(f"{key}: no such field of a policy" for key in data if key not in _FIELDS)
    read = (
        _read_targets(reader, data.get("targets", {})),
        dict(reader.entries(data.get("pauses", {}), "pauses", Metric, read_names)),
        tuple(reader.steps(data.get("steps", []))),
        dict(reader.entries(data.get("held", {}), "held", read_level, read_names)),
        dict(reader.entries(data.get("acknowledge_for", {}), "acknowledge_for", read_text, read_span)),
        dict(reader.entries(data.get("calendars", {}), "calendars", read_level, read_text)),
    )
    reopen = reader.value(data, "reopen", read_reopen, Reopen.goes_on)
    credited = reader.value(data, "credits", read_credits, None)
    faults = [*reader.faults, *policy_faults(*read)]
    if faults:
        raise BadPolicy(faults)
    return *read, reopen, credited


def policy_as_dict(
    targets: Mapping[TargetKey, Target],
    pauses: Mapping[Metric, frozenset[str]],
    steps: Sequence[Step],
    held: Mapping[int, frozenset[str]],
    acknowledge_for: Mapping[str, timedelta],
    calendars: Mapping[int, str],
) -> dict[str, object]:
    """The data that ``read_policy`` reads."""
    return {
        "calendars": {str(level): code for level, code in calendars.items()},
        "targets": _targets_as_dict(targets),
        "pauses": {metric.value: sorted(statuses) for metric, statuses in pauses.items()},
        "steps": [_step_as_dict(step) for step in steps],
        "held": {str(level): [step.code for step in steps if step.code in codes] for level, codes in held.items()},
        "acknowledge_for": {priority: format_duration(span) for priority, span in acknowledge_for.items()},
    }


def _read_targets(reader: PolicyReader, data: object) -> dict[TargetKey, Target]:
    targets = {}
    for level, priorities in reader.entries(data, "targets", read_level, _unread):
        for priority, metrics in reader.entries(priorities, f"targets.{level}", read_text, _unread):
            for metric, target in reader.entries(metrics, f"targets.{level}.{priority}", Metric, read_target):
                targets[level, priority, metric] = target
    return targets


def _unread(data: object) -> object:
    return data


def _targets_as_dict(targets: Mapping[TargetKey, Target]) -> dict[str, dict[str, dict[str, dict[str, str]]]]:
    data: dict[str, dict[str, dict[str, dict[str, str]]]] = {}
    for (level, priority, metric), target in targets.items():
        metrics = data.setdefault(str(level), {}).setdefault(priority, {})
        metrics[metric.value] = {"span": format_duration(target.span), "counting": target.counting.value}
    return data


def _step_as_dict(step: Step) -> dict[str, object]:
    after = None if step.after_breach is None else format_duration(step.after_breach)
    triggers = {"at_share": step.at_share, "after_breach": after, "after_targets": step.after_targets}
    given = {name: value for name, value in triggers.items() if value is not None}
    return {"code": step.code, "role": step.role, **given}
