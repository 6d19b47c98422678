"""Why a policy is refused, all faults at once."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from app.sla.steps import ROLES, WHOLE, Step
from app.sla.terms import Counting, Metric
from app.sla.words import PRIORITIES, STATUSES

_NOTHING = timedelta(0)
# Beyond these a deadline may lie outside the years that can be told, and one such clock would stop its ticket.
_LONGEST = timedelta(days=366)
_MOST_TARGETS = 10


@dataclass(frozen=True, slots=True)
class Target:
    """How long, and which time counts."""

    span: timedelta
    counting: Counting


TargetKey = tuple[int, str, Metric]


def policy_faults(
    targets: Mapping[TargetKey, Target],
    pauses: Mapping[Metric, frozenset[str]],
    steps: Sequence[Step],
    held: Mapping[int, frozenset[str]],
    acknowledge_for: Mapping[str, timedelta],
    calendars: Mapping[int, str],
) -> list[str]:
    """Every reason for which this policy cannot be kept; none when it can."""
    return [
        *_target_faults(targets, calendars),
        *_pause_faults(pauses),
        *_step_faults(steps, held),
        *_quiet_faults(acknowledge_for),
    ]


def _target_faults(targets: Mapping[TargetKey, Target], calendars: Mapping[int, str]) -> Iterator[str]:
    for (level, priority, metric), target in targets.items():
        where = f"targets.{level}.{priority}.{metric}"
        if priority not in PRIORITIES:
            yield f"{where}: no priority is named {priority!r}"
        if target.span <= _NOTHING:
            yield f"{where}: a target is positive, not {target.span}"
        yield from _too_long(where, target.span)
    for level in sorted({level for level, _, _ in targets} - set(calendars)):
        yield f"calendars: level {level} has targets and no calendar"


def _pause_faults(pauses: Mapping[Metric, frozenset[str]]) -> Iterator[str]:
    for metric, statuses in pauses.items():
        yield from (
            f"pauses.{metric}: no status is named {status!r}" for status in sorted(statuses - frozenset(STATUSES))
        )
        if metric is Metric.first_response and statuses:
            yield f"pauses.{metric}: the first response never pauses"


def _step_faults(steps: Sequence[Step], held: Mapping[int, frozenset[str]]) -> Iterator[str]:
    codes = Counter(step.code for step in steps)
    yield from (f"steps: {code!r} stands {count} times" for code, count in codes.items() if count > 1)
    yield from (
        f"steps: {step.code!r} calls {step.role!r}, which is no role" for step in steps if step.role not in ROLES
    )
    for step in steps:
        yield from _too_long(f"steps: {step.code!r}", step.after_breach or _NOTHING)
        if (step.after_targets or 0) > _MOST_TARGETS * WHOLE:
            yield f"steps: {step.code!r} comes at most {_MOST_TARGETS} targets after the breach"
    for level, names in held.items():
        yield from (f"held.{level}: the ladder has no step {code!r}" for code in sorted(names - codes.keys()))


def _quiet_faults(acknowledge_for: Mapping[str, timedelta]) -> Iterator[str]:
    for priority, span in acknowledge_for.items():
        if priority not in PRIORITIES:
            yield f"acknowledge_for: no priority is named {priority!r}"
        if span <= _NOTHING:
            yield f"acknowledge_for.{priority}: it lasts for some time, not {span}"
        yield from _too_long(f"acknowledge_for.{priority}", span)


def _too_long(where: str, span: timedelta) -> Iterator[str]:
    if span > _LONGEST:
        yield f"{where}: at most {_LONGEST.days} days, not {span}"
