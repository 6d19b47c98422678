"""Explanations and previews to the shapes on the wire."""

from app.clocks.explaining import Explained, Under
from app.clocks.previewing import Previewed
from app.sla.explanation import Change, Line, Segment, bounded
from app.tickets.explanation_schemas import (
    ClockChangeRead,
    ClockExplanation,
    ClockPreview,
    ExplanationRead,
    SegmentRead,
    StepPreview,
    TermsRead,
)

_MOST_SEGMENTS = 1_000


def clock_explanation(told: Explained) -> ClockExplanation:
    """Return a ticket's clock, explained."""
    clock = told.kept.clock
    whose = {"clock_id": told.kept.id, "metric": clock.metric, "state": clock.state}
    return ClockExplanation.model_validate(whose | _explanation(told))


def clock_preview(previewed: Previewed) -> ClockPreview:
    """Return a clock that might be."""
    explanation = ExplanationRead.model_validate(_explanation(previewed.explained))
    return ClockPreview(
        metric=previewed.kept.clock.metric,
        due_at=explanation.due_at,
        warning_at=previewed.warning_at,
        steps=[StepPreview(code=step.code, role=step.role, at=at) for step, at in previewed.steps],
        explanation=explanation,
    )


def _explanation(told: Explained) -> dict[str, object]:
    explanation = told.explanation
    return {
        "due_at": explanation.last.due_at,
        "until": explanation.until,
        "time_zone": told.time_zone,
        "segments": [
            _segment(segment, told.under[segment.line]) for segment in bounded(explanation.segments, _MOST_SEGMENTS)
        ],
        "changes": [_change(change, told.under[change.after]) for change in explanation.changes],
        "paragraph": told.paragraph,
    }


def _segment(segment: Segment, under: Under) -> SegmentRead:
    values = {
        "from": segment.starts_at,
        "to": segment.ends_at,
        "time": segment.time,
        "reason": segment.reason,
        "terms": _terms(segment.line, under),
        "counted_seconds": segment.counted,
        "total_seconds": segment.total,
        "remaining_seconds": segment.remaining,
    }
    return SegmentRead.model_validate(values)


def _change(change: Change, under: Under) -> ClockChangeRead:
    before, after = change.before, change.after
    values = {
        "at": change.at,
        "turn": change.turn,
        "why": after.why,
        "said": under.said,
        "priority": under.priority,
        "target_before": None if before is None else before.terms.target,
        "target": after.terms.target,
        "due_before": None if before is None else before.due_at,
        "due_at": after.due_at,
        "remaining_before_seconds": change.remaining_before,
        "remaining_seconds": after.remaining,
    }
    return ClockChangeRead.model_validate(values)


def _terms(line: Line, under: Under) -> TermsRead:
    return TermsRead(
        target=line.terms.target,
        counting=line.terms.counting,
        calendar_id=under.versions.calendar_id,
        hours=under.hours,
        policy_id=under.policy.id,
        policy_version=under.policy.version,
    )
