"""A day of a real desk's log, played by the same desk: one JSON object per line, times in London (see tests/data)."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from app.infra.wire import rfc3339

_LONDON = ZoneInfo("Europe/London")
_PRIORITIES = {"1": "immediate", "2": "priority", "3": "priority", "4": "low"}
_STATUSES = {"Active": "open", "Resolved": "resolved"}


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=_LONDON).astimezone(UTC)


def status_of(state: str) -> str | None:
    """Return the status that a state of the log stands for; None where it changes nothing."""
    if state.startswith("Awaiting"):
        return "pending" if state == "Awaiting User Info" else "on_hold"
    return _STATUSES.get(state)


def steps_of(path: Path, day: date) -> list[tuple[datetime, str, str, str | None]]:
    """Return what happened that day to incidents opened on it: when, which, its priority, its new status.

    Raises:
        ValueError: nothing was opened on that day.
    """
    incidents: list[dict[str, Any]] = [json.loads(line) for line in path.read_text().splitlines()]
    found: list[tuple[datetime, str, str, str | None]] = []
    for incident in (one for one in incidents if date.fromisoformat(one["opened_at"][:10]) == day):
        events = [event for event in incident["events"] if event["at"][:10] == day.isoformat()]
        priority = _PRIORITIES[incident["events"][0]["priority"]]
        found.append((_instant(incident["opened_at"]), incident["number"], priority, None))
        found += [(_instant(e["at"]), incident["number"], priority, status_of(e["state"])) for e in events]
    if not found:
        msg = f"nothing was opened on {day} in {path}: the log begins on {incidents[0]['opened_at'][:10]}"
        raise ValueError(msg)
    return sorted(found, key=lambda step: step[0])


def start_of(steps: list[tuple[datetime, str, str, str | None]]) -> str:
    """Return the instant at which the day's test clock begins."""
    return rfc3339(steps[0][0] - timedelta(minutes=1))
