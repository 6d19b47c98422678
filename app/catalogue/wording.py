"""Pure: the words of the written SLA for what a policy says in figures and codes."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from app.sla.durations import span as in_words
from app.sla.policy import Target
from app.sla.steps import Step
from app.sla.terms import Counting, Metric

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
_SMALL = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")

PRIORITIES = {
    "immediate": "The customer environment is completely down or severely corrupted.",
    "priority": "The customer environment is impaired; its general functions are in place.",
    "low": "The customer environment needs configuration or scheduled assistance.",
}
MEANINGS = {
    Metric.first_response: "Counted from the moment the ticket is opened, and kept by the first answer that a person at"
    " the desk writes to you; an automatic acknowledgement is none. If it is resolved without one, that keeps it.",
    Metric.next_response: "Counted from your first message after an answer of the desk, and kept by the desk's next"
    " answer, or by resolving the ticket. Each such exchange is a promise of its own.",
    Metric.periodic_update: "Counted from the opening of the ticket and again from each answer of the desk, and kept by"
    " the desk's next answer, until the ticket is resolved.",
    Metric.resolution: "Counted from the moment the ticket is opened, and kept when the ticket is resolved.",
}
STATUSES = {
    "pending": "pending (the desk waits for you)",
    "on_hold": "on hold (the desk waits for a carrier or another third party)",
}
ROLES = {
    "desk": "the desk",
    "account_manager": "your account manager",
    "technical_director": "the technical director",
}
CHANNELS = {"email": "e-mail", "website": "the website", "telephone": "telephone"}


def target_in_words(target: Target) -> str:
    """Return a target as it is promised: ``8 support hours``, ``two days (48 hours)``."""
    return counted_in_words(target.span, target.counting)


def counted_in_words(span: timedelta, counting: Counting) -> str:
    """Return a span with the time that it is counted in."""
    if counting is Counting.elapsed:
        return span_in_words(span)
    hours, rest = divmod(span, HOUR)
    return f"{in_words(span)} of support time" if rest else f"{hours} support {_plural('hour', hours)}"


def span_in_words(span: timedelta) -> str:
    """Return a span; whole days are told in hours as well, since a day here is 24 hours."""
    days, rest = divmod(span, DAY)
    if rest or not days:
        return in_words(span)
    said = _SMALL[days] if days < len(_SMALL) else str(days)
    return f"{said} {_plural('day', days)} ({days * 24} hours)"


def share_in_words(basis_points: int) -> str:
    """Return a share: ``75 %``, ``2.5 %``."""
    whole, rest = divmod(basis_points, 100)
    return f"{whole}{f'.{rest:02}'.rstrip('0') if rest else ''} %"


def trigger_in_words(step: Step) -> str:
    """Return when a step of the ladder is reached."""
    if step.at_share is not None:
        return f"when {share_in_words(step.at_share)} of the promised time is used up"
    if step.after_breach is not None:
        return (
            f"{span_in_words(step.after_breach)} after the miss" if step.after_breach else "when the promise is missed"
        )
    assert step.after_targets is not None, "a step has one trigger"
    return f"when a further {share_in_words(step.after_targets)} of the promised time has passed after the miss"


def step_in_words(step: Step) -> str:
    """Return who is called when."""
    return f"{trigger_in_words(step)}, {ROLES[step.role]} is called"


def statuses_in_words(statuses: Iterable[str]) -> str:
    """Return the statuses in which a clock stands still."""
    return joined([STATUSES.get(status, status.replace("_", " ")) for status in sorted(statuses)], "or")


def levels_in_words(levels: Iterable[int]) -> str:
    """Return levels: ``Level 2``, ``Levels 1 and 3``, ``Levels 1 to 4``."""
    ordered = sorted(levels)
    if len(ordered) > 2 and ordered == list(range(ordered[0], ordered[-1] + 1)):  # noqa: PLR2004 - two are named
        return f"Levels {ordered[0]} to {ordered[-1]}"
    return f"{_plural('Level', len(ordered))} {joined([str(level) for level in ordered])}"


def joined(words: Sequence[str], by: str = "and") -> str:
    """Return words as a list in a sentence."""
    return f" {by} ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def sentence(text: str) -> str:
    """Return a text that begins with a capital and ends with a full stop."""
    return f"{capital(text)}{'' if text.endswith('.') else '.'}"


def capital(text: str) -> str:
    """Return a text that begins with a capital."""
    return text[:1].upper() + text[1:]


def _plural(noun: str, count: int) -> str:
    return noun if count == 1 else f"{noun}s"
