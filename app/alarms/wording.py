"""Pure: how urgent a severity is, and what a ticket that a machine opens says."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, get_args

from app.alarms.details import compact
from app.infra.instants import instant_in_words
from app.sla.words import Priority

Severity = Literal["critical", "error", "warning", "info"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
"""The gravest first; the words are those of PagerDuty's Events API v2."""

_PRIORITIES: Mapping[str, Priority] = {"critical": "immediate", "error": "priority", "warning": "low", "info": "low"}
_LONGEST_SUBJECT = 200


def priorities(setting: str) -> Mapping[str, Priority]:
    """Return the priority of each severity; the setting has been checked, and may leave some as they are."""
    chosen: dict[str, Priority] = dict(_PRIORITIES)
    for pair in setting.split(","):
        severity, _, priority = pair.partition("=")
        chosen[severity] = priority  # type: ignore[assignment]  # the setting's pattern lets no other word pass
    return chosen


def at_least(severity: Severity) -> tuple[Severity, ...]:
    """Return the severities that are as grave, or graver."""
    return SEVERITIES[: SEVERITIES.index(severity) + 1]


def subject_of(summary: str) -> str:
    """Return a ticket's subject: one line, as long as a subject may be."""
    line = " ".join(summary.split()) or "Alarm"
    return line if len(line) <= _LONGEST_SUBJECT else line[: _LONGEST_SUBJECT - 1] + "…"


def description_of(
    summary: str,
    source: str,
    dedup_key: str,
    severity: str,
    occurred_at: datetime | None,
    details: Mapping[str, object],
) -> str:
    """Return a ticket's text: what the machine said, a line for each of its details."""
    lines = [summary, "", f"Reported by {source} as {severity}, under the key {dedup_key}."]
    if occurred_at is not None:
        lines.append(f"By its own clock it began on {instant_in_words(occurred_at)}.")
    if details:
        lines.append("")
        lines += [f"{name}: {value if isinstance(value, str) else compact(value)}" for name, value in details.items()]
    return "\n".join(lines)
