"""An explanation as one paragraph of English, in the local time of a zone.

Every instant is told with its date, unless the one told before it fell on the same; and with the zone's abbreviation,
since on the night on which clocks go back one local time is two instants.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from app.sla.durations import span
from app.sla.explanation import Change, Explanation, Line, Segment, Time, Turn
from app.sla.facts import State
from app.sla.instants import NOTHING
from app.sla.terms import Counting, Metric
from app.sla.words import METRICS

_MOST_TOLD = 8  # segments between two changes; of more, their sum is told


@dataclass(frozen=True, slots=True)
class Voiding:
    """When it was said of a breach that it does not stand against the desk, and why."""

    at: datetime
    reason: str


class Told:
    """Tells explanations of one clock's kind.

    Args:
        zone: Whose local time the paragraph speaks.
        hours: The hours of a line's calendar in words.
        because: What happened at a line, in words, as ``the ticket became pending``.
    """

    def __init__(self, zone: ZoneInfo, hours: Callable[[Line], str], because: Callable[[Line], str]) -> None:
        self._zone = zone
        self._hours = hours
        self._because = because
        self._said: object = None

    def paragraph(self, metric: Metric, explanation: Explanation, voided: Voiding | None = None) -> str:
        """The whole explanation, from the promise to where it stands, and whether its breach was voided."""
        self._said = None
        first = explanation.changes[0].after
        sentences = [f"A {METRICS[metric]} within {self._terms(first)}: started {self._at(first.at)}."]
        if first.state in {State.met, State.met_late}:
            sentences.append("Kept as it started.")
        if first.paused:
            sentences.append("It started paused.")
        for is_change, parts in groupby(explanation.parts[1:], lambda part: isinstance(part, Change)):
            if is_change:
                sentences.extend(self._change(part) for part in parts if isinstance(part, Change))
            else:
                told = self._time([part for part in parts if isinstance(part, Segment)])
                sentences.append(f"{told[0].upper()}{told[1:]}.")
        sentences.extend(self._end(explanation.last))
        if voided is not None:
            sentences.append(f"The breach was voided {self._at(voided.at)}: {voided.reason.rstrip('.')}.")
        return " ".join(sentences)

    def _time(self, segments: list[Segment]) -> str:
        if len(segments) <= _MOST_TOLD:
            return "; ".join(self._segment(segment) for segment in segments)
        last, opened = segments[-1], sum(segment.time is Time.open for segment in segments)
        counted = span(sum((segment.counted for segment in segments), NOTHING))
        return f"{counted} counted in {opened} openings until {self._at(last.ends_at)}, {_left(last.remaining)}"

    def _segment(self, segment: Segment) -> str:
        until, counted = f"until {self._at(segment.ends_at)}", span(segment.counted)
        said = {
            Time.open: f"{counted} counted {until}, {_left(segment.remaining)}",
            Time.closed: f"closed {until}",
            Time.maintenance: f"maintenance ({segment.reason}) {until}",
            Time.paused: f"paused {until}",
            Time.met: f"resolved {until}, which does not count",
            Time.cancelled: f"nothing was promised {until}",
            Time.overrun: f"{counted} more counted {until}, {_left(segment.remaining)}",
        }
        return said[segment.time]

    def _change(self, change: Change) -> str:
        if change.turn is Turn.breached:
            return "The deadline passed unmet."
        return f"{self._when(change.at)} {self._because(change.after)}{self._effect(change)}."

    def _effect(self, change: Change) -> str:
        line, left = change.after, _left(change.remaining_before)
        said = {
            Turn.paused: f", which pauses the clock, {left}",
            Turn.met: f": the promise is kept{'' if line.state is State.met else ', late'}, {left}",
            Turn.cancelled: ": nothing is promised any more",
            Turn.kept: ": the new terms would end no earlier, so the deadline stays",
            Turn.resumed: f", and the clock goes on, {left}",
        }
        if change.turn in said:
            return said[change.turn] + (self._now_due(line) if change.turn is Turn.resumed else "")
        terms = f"{self._terms(line)}, {_left(line.remaining)}"
        if change.turn in {Turn.reopened, Turn.regained}:
            return f", and the clock goes on: {terms}{self._now_due(line)}"
        return f": now {terms}{self._moved(change)}"

    def _moved(self, change: Change) -> str:
        before = None if change.before is None else change.before.due_at
        after = change.after.due_at
        if before is None or after is None:
            return self._now_due(change.after)
        if before == after:
            return "; the deadline stays"
        return f"; the deadline moves from {self._at(before)} to {self._at(after)}"

    def _now_due(self, line: Line) -> str:
        was = "it was due" if line.state is State.breached else "due"
        return "" if line.due_at is None else f"; {was} {self._at(line.due_at)}"

    def _end(self, last: Line) -> Iterator[str]:
        self._said = None  # whoever reads the last sentence alone reads the date
        if last.state is State.running and last.due_at is not None:
            yield f"Due {self._at(last.due_at)}."
        elif last.state is State.paused:
            yield "It is paused: there is no deadline until it goes on."
        elif last.state is State.breached and last.due_at is not None:
            yield f"It was due {self._at(last.due_at)}."

    def _terms(self, line: Line) -> str:
        counting = "elapsed time" if line.terms.counting is Counting.elapsed else f"support hours ({self._hours(line)})"
        return f"{span(line.terms.target)} of {counting}"

    def _at(self, instant: datetime) -> str:
        local = instant.astimezone(self._zone)
        same, self._said = self._said == local.date(), local.date()
        return _time_of_day(local) if same else f"{_date(local)} {_time_of_day(local)}"

    def _when(self, instant: datetime) -> str:
        """The instant as a sentence begins with it."""
        local = instant.astimezone(self._zone)
        same, self._said = self._said == local.date(), local.date()
        return f"At {_time_of_day(local)}" if same else f"On {_date(local)} at {_time_of_day(local)}"


def _left(remaining: timedelta) -> str:
    if not remaining:
        return "nothing left"
    return f"{span(remaining)} left" if remaining > NOTHING else f"{span(-remaining)} over"


def _date(local: datetime) -> str:
    return f"{local:%a} {local.day} {local:%b} {local.year}"


def _time_of_day(local: datetime) -> str:
    """Hours and minutes, and seconds where the minute is not whole; the abbreviation tells a repeated hour apart."""
    fraction = f".{local.microsecond:06}".rstrip("0") if local.microsecond else ""
    seconds = f":{local:%S}{fraction}" if local.second or fraction else ""
    return f"{local:%H:%M}{seconds} {local:%Z}"
