"""Pure: what an endpoint's answers say of its health, and what follows from that.

Five failures in a row let it rest for 30 s; then one delivery tries, and each further failure doubles the rest, up to
15 min. A sign of overload (408, 429, 502, 503, 504, no answer in time) lets it have one delivery at a time for a
minute, and a rest for as long as its ``Retry-After`` asks. One success ends all of that.

When nothing has succeeded for a day, and again after three, its owner is told; after five days it is disabled. A few
failures far apart do none of this: it takes ten in a row. A 410 (Gone) disables at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from http import HTTPStatus

RESTS_AFTER = 5  # failures in a row
FIRST_REST, LONGEST_REST = timedelta(seconds=30), timedelta(minutes=15)
SLOW_FOR = timedelta(minutes=1)
NOTICES_AFTER = (timedelta(days=1), timedelta(days=3))
DISABLED_AFTER = timedelta(days=5)
FAILING_TAKES = 10  # failures in a row, too, lest a quiet endpoint is judged by two
OVERLOADED = {
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
}


@dataclass(frozen=True, slots=True)
class Result:
    """What one attempt says of its endpoint. ``timed_out``: no answer in time; ``asked``: its ``Retry-After``."""

    at: datetime
    ok: bool
    status: int | None = None
    timed_out: bool = False
    asked: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """An endpoint's health: failures in a row, since when, how often its owner was told, how often it rested."""

    failures: int = 0
    failing_since: datetime | None = None
    notices: int = 0
    openings: int = 0
    paused_until: datetime | None = None
    slow_until: datetime | None = None


class Turn(StrEnum):
    """What an endpoint's owner is told of."""

    FAILING = "failing"
    RECOVERED = "recovered"
    DISABLED = "disabled"
    GONE = "gone"


def judge(health: Health, results: Sequence[Result], *, scale: float = 1.0) -> tuple[Health, Turn | None]:
    """Return the health after some results, in the order of time, and what its owner is to be told, if anything.

    ``scale`` shortens the rests; for demonstrations.
    """
    turn: Turn | None = None
    for result in sorted(results, key=lambda one: one.at):
        if result.ok:
            turn = Turn.RECOVERED if health.notices else turn
            health = Health()
        else:
            health = _failed(health, result, scale)
    if any(result.status == HTTPStatus.GONE for result in results):
        return health, Turn.GONE
    if health.failing_since is None or not results:
        return health, turn
    return _staged(health, max(result.at for result in results), turn)


def at_once(health: Health, usual: int, now: datetime) -> int:
    """Return how many deliveries an endpoint may have under way: one while it is tried or spared."""
    spared = health.slow_until is not None and health.slow_until > now
    return 1 if spared or health.failures >= RESTS_AFTER else usual


def _failed(health: Health, result: Result, scale: float) -> Health:
    failures, rest = health.failures + 1, timedelta(0)
    health = replace(health, failures=failures, failing_since=health.failing_since or result.at)
    if result.timed_out or result.status in OVERLOADED:
        health = replace(health, slow_until=result.at + SLOW_FOR * scale)
        rest = min(result.asked or rest, LONGEST_REST) * scale
    if failures >= RESTS_AFTER and (health.paused_until is None or health.paused_until <= result.at):
        rest = max(rest, min(FIRST_REST * 2**health.openings, LONGEST_REST) * scale)
        health = replace(health, openings=min(health.openings + 1, 10))
    if not rest:
        return health
    return replace(health, paused_until=max(health.paused_until or result.at, result.at + rest))


def _staged(health: Health, now: datetime, turn: Turn | None) -> tuple[Health, Turn | None]:
    assert health.failing_since is not None
    lasting = now - health.failing_since
    if health.failures < FAILING_TAKES:
        return health, turn
    if lasting >= DISABLED_AFTER:
        return health, Turn.DISABLED
    due = sum(lasting >= after for after in NOTICES_AFTER)
    return (replace(health, notices=due), Turn.FAILING) if due > health.notices else (health, turn)
