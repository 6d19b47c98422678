"""The SLA as data."""

from app.catalogue.hours import hours_of
from app.catalogue.schemas import CalendarRead, CreditsRead, PromiseRead, SlaPolicyRead, StepRead
from app.catalogue.versions import PolicyVersion
from app.catalogue.written import Edition
from app.sla.steps import WHOLE, Step


def sla_read(version: PolicyVersion, edition: Edition, levels: frozenset[int]) -> SlaPolicyRead:
    """Return what a version promises to some levels."""
    policy = version.policy
    return SlaPolicyRead(
        id=version.id,
        version=version.version,
        effective_at=version.effective_at,
        until=edition.until,
        note=edition.note,
        replaces=edition.replaces,
        changes=edition.changes(levels),
        promises=[
            PromiseRead(level=level, priority=priority, metric=metric, target=target.span, counting=target.counting)
            for (level, priority, metric), target in policy.targets.items()
            if level in levels
        ],
        pauses={metric: sorted(statuses) for metric, statuses in policy.pauses.items()},
        ladder=[
            _step(step, [level for level in sorted(levels) if step.code in policy.held.get(level, ())])
            for step in policy.steps
        ],
        acknowledge_for=dict(policy.acknowledge_for),
        reopen=policy.reopen,
        credits=None if policy.credits is None else CreditsRead(**policy.credits.as_dict()),
        calendars=_calendars(version, levels),
    )


def _step(step: Step, levels: list[int]) -> StepRead:
    return StepRead(
        code=step.code,
        role=step.role,
        at_share=None if step.at_share is None else step.at_share / WHOLE,
        after_breach=step.after_breach,
        after_targets=None if step.after_targets is None else step.after_targets / WHOLE,
        levels=levels,
    )


def _calendars(version: PolicyVersion, levels: frozenset[int]) -> list[CalendarRead]:
    named = {
        code: [level for level in sorted(levels) if version.policy.calendars.get(level) == code]
        for code in version.calendars
    }
    return [
        CalendarRead(
            id=version.calendars[code][0],
            code=code,
            levels=served,
            hours=hours_of(version.calendars[code][1]),
            time_zone=version.calendars[code][1].time_zone,
        )
        for code, served in named.items()
        if served
    ]
