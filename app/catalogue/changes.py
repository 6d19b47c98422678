"""Pure: what differs between two policies, in words; the same words as the written SLA has."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from app.catalogue.hours import hours_in_words
from app.catalogue.wording import (
    capital,
    joined,
    levels_in_words,
    sentence,
    share_in_words,
    span_in_words,
    statuses_in_words,
    step_in_words,
    target_in_words,
)
from app.sla.calendar import Calendar
from app.sla.policy import Credits, Policy, Reopen, Target
from app.sla.steps import Step
from app.sla.terms import Metric
from app.sla.words import METRICS

_REOPENED = {
    Reopen.goes_on: "reopening a ticket takes its resolution up again with the time already used",
    Reopen.restart: "reopening a ticket starts its resolution anew with the whole of its time",
}


@dataclass(frozen=True, slots=True)
class Promised:
    """A policy with the calendars that it names, by their codes."""

    policy: Policy
    calendars: Mapping[str, Calendar]


@dataclass(frozen=True, slots=True)
class Change:
    """One difference; ``levels`` are those that it is about, None where it is about all."""

    text: str
    levels: frozenset[int] | None = None


def changes(before: Promised, after: Promised) -> list[Change]:
    """Return every difference, in the order of a policy's fields."""
    old, new = before.policy, after.policy
    return [
        *_by_levels(_targets(old, new)),
        *_by_levels(_hours(before, after)),
        *_pauses(old, new),
        *_steps(old, new),
        *_by_levels(_held(old, new)),
        *_quiet(old, new),
        *_remedies(old, new),
    ]


def _by_levels(found: Iterator[tuple[int, str]]) -> list[Change]:
    """What is said of several levels in the same words is said once."""
    alike: dict[str, list[int]] = {}
    for level, text in found:
        alike.setdefault(text, []).append(level)
    return [Change(f"{levels_in_words(levels)}, {text}", frozenset(levels)) for text, levels in alike.items()]


def _targets(old: Policy, new: Policy) -> Iterator[tuple[int, str]]:
    for key, was, is_ in _pairs(old.targets, new.targets):
        level, priority, metric = key
        yield level, f"{priority} tickets: {METRICS[metric]} {_turned(was, is_)}."


def _turned(was: Target | None, is_: Target | None) -> str:
    if is_ is None:
        assert was is not None, "what differs is in one of the two"
        return f"no longer promised (was within {target_in_words(was)})"
    if was is None:
        return f"newly promised, within {target_in_words(is_)}"
    return f"within {target_in_words(is_)} (was {target_in_words(was)})"


def _hours(before: Promised, after: Promised) -> Iterator[tuple[int, str]]:
    for level, was, is_ in _pairs(before.policy.calendars, after.policy.calendars, after_all=True):
        if was is None or is_ is None:
            yield (
                level,
                "support hours: a level with hours of its own." if was is None else "no support hours any more.",
            )
            continue
        earlier, later = before.calendars[was], after.calendars[is_]
        if earlier != later:
            yield level, f"support hours: {hours_in_words(later)} (were: {hours_in_words(earlier)})."
        elif was != is_:
            yield level, f"support hours: the same, now those of the calendar {is_} (was {was})."


def _pauses(old: Policy, new: Policy) -> Iterator[Change]:
    for metric in Metric:
        was, is_ = (policy.pauses.get(metric, frozenset()) for policy in (old, new))
        if was != is_:
            yield Change(f"{capital(METRICS[metric])} {_pause(is_)} (before, it {_pause(was)}).")


def _pause(statuses: frozenset[str]) -> str:
    return f"pauses while a ticket is {statuses_in_words(statuses)}" if statuses else "never pauses"


def _steps(old: Policy, new: Policy) -> Iterator[Change]:
    was_by, is_by = ({step.code: step for step in policy.steps} for policy in (old, new))
    for code, was, is_ in _pairs(was_by, is_by):
        climbers = {level for policy in (old, new) for level, held in policy.held.items() if code in held}
        yield Change(_step(was, is_), frozenset(climbers) or None)
    if list(was_by) != list(is_by) and was_by.keys() == is_by.keys():
        yield Change(f"The steps of the ladder stand in another order: {joined(list(is_by))}.")


def _step(was: Step | None, is_: Step | None) -> str:
    if is_ is None:
        assert was is not None, "what differs is in one of the two"
        return f"The ladder has a step less: {step_in_words(was)}."
    if was is None:
        return f"The ladder has a new step: {step_in_words(is_)}."
    return sentence(f"{step_in_words(is_)} (before: {step_in_words(was)})")


def _held(old: Policy, new: Policy) -> Iterator[tuple[int, str]]:
    nothing: frozenset[str] = frozenset()
    for level in sorted(old.held.keys() | new.held.keys()):
        was, is_ = old.held.get(level, nothing), new.held.get(level, nothing)
        yield from ((level, f"also: {step_in_words(one)}.") for one in new.steps if one.code in is_ - was)
        yield from ((level, f"no longer: {step_in_words(one)}.") for one in old.steps if one.code in was - is_)


def _quiet(old: Policy, new: Policy) -> Iterator[Change]:
    for priority, was, is_ in _pairs(old.acknowledge_for, new.acknowledge_for):
        yield Change(f"A call taken in hand keeps further ones back, {priority}: {_back(is_)} (was {_back(was)}).")


def _back(span: timedelta | None) -> str:
    return "as long as the promise itself" if span is None else span_in_words(span)


def _remedies(old: Policy, new: Policy) -> Iterator[Change]:
    if old.reopen != new.reopen:
        yield Change(sentence(f"{_REOPENED[new.reopen]} (before, {_REOPENED[old.reopen]})"))
    if old.credits != new.credits:
        yield Change(f"Service credits: {_credits(new.credits)} (before: {_credits(old.credits)}).")


def _credits(named: Credits | None) -> str:
    if named is None:
        return "none"
    return (
        f"{share_in_words(named.per_miss)} per missed promise, at most {share_in_words(named.cap)} of a month's price"
    )


K = TypeVar("K")
V = TypeVar("V")


def _pairs(
    old: Mapping[K, V], new: Mapping[K, V], *, after_all: bool = False
) -> Iterator[tuple[K, V | None, V | None]]:
    """What stands under each key before and after, where it differs; ``after_all``, where it does not, too."""
    for key in dict.fromkeys((*old, *new)):
        was, is_ = old.get(key), new.get(key)
        if after_all or was != is_:
            yield key, was, is_
