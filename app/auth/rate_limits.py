"""Rate limits per key: the generic cell rate algorithm (ITU-T I.371), in memory, per API process.

A key may send ``per_minute`` requests a minute, evenly, and be ``burst`` of them ahead. The header fields are
those of draft-ietf-httpapi-ratelimit-headers-11.
"""

import math
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

_MOST_KEYS = 10_000


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the limit says of one request. ``retry_after`` is zero where it is let through."""

    remaining: int
    reset: timedelta
    retry_after: timedelta


def admit(theoretical_at: datetime, now: datetime, interval: timedelta, burst: int) -> tuple[datetime, Verdict]:
    """Judge one request; pure. ``theoretical_at`` is when the bucket would be full again."""
    full_at = max(theoretical_at, now)
    tolerance = interval * burst
    wait = full_at + interval - tolerance - now
    if wait > timedelta(0):
        return theoretical_at, Verdict(0, full_at - now, wait)
    ahead = full_at + interval
    return ahead, Verdict((tolerance - (ahead - now)) // interval, ahead - now, timedelta(0))


class RateLimits:
    """The limits of one process, least recently seen keys forgotten first."""

    def __init__(self, per_minute: int, burst: int) -> None:
        self._interval = timedelta(minutes=1) / per_minute
        self._burst = burst
        self._seen: OrderedDict[bytes, datetime] = OrderedDict()
        self.policy = f'"key";q={burst};w={math.ceil((self._interval * burst).total_seconds())}'

    def judge(self, key: bytes, now: datetime) -> Verdict:
        """Count one request of a key and say whether it may pass."""
        self._seen[key], verdict = admit(self._seen.get(key, now), now, self._interval, self._burst)
        self._seen.move_to_end(key)
        if len(self._seen) > _MOST_KEYS:
            self._seen.popitem(last=False)
        return verdict

    def headers(self, verdict: Verdict) -> dict[str, str]:
        """Return the fields that tell a caller where it stands."""
        told = {
            "RateLimit-Policy": self.policy,
            "RateLimit": f'"key";r={verdict.remaining};t={math.ceil(verdict.reset.total_seconds())}',
        }
        if verdict.retry_after:
            told["Retry-After"] = str(math.ceil(verdict.retry_after.total_seconds()))
        return told
