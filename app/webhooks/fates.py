"""Pure: what becomes of a delivery after an attempt."""

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from app.infra.outbound.outcome import Reason
from app.webhooks.health import Result
from app.webhooks.schedule import next_delay, read_retry_after
from app.webhooks.sending import Sent


@dataclass(frozen=True, slots=True)
class Fate:
    """The state that an attempt leaves a delivery in, and when it is tried again."""

    state: str
    next_attempt_at: datetime | None
    finished_at: datetime | None


def fate_of(sent: Sent, profile: str, *, chance: float, scale: float) -> Fate:
    """Return what becomes of a delivery: delivered, tried again, failed; held where the endpoint is gone for good.

    What somebody asked for is not held: it disables no endpoint, and one that is active releases what is held. A
    recovery makes what had failed once more, and not again.
    """
    if sent.outcome.ok:
        return Fate("delivered", None, sent.ended_at)
    if sent.outcome.status == HTTPStatus.GONE and sent.parcel.trigger == "event":
        return Fate("held", None, None)
    asked = read_retry_after(sent.outcome.retry_after, sent.ended_at)
    delay = next_delay(sent.parcel.step, asked, profile=profile, chance=chance, scale=scale)
    if delay is None or (sent.parcel.trigger == "recovery" and sent.parcel.number > 1):
        return Fate("failed", None, sent.ended_at)
    return Fate("pending", sent.ended_at + delay, None)


def result_of(sent: Sent) -> Result:
    """Return what an attempt says of its endpoint."""
    outcome = sent.outcome
    return Result(
        sent.at,
        ok=outcome.ok,
        status=outcome.status,
        timed_out=outcome.reason is Reason.TIMEOUT,
        asked=read_retry_after(outcome.retry_after, sent.at),
    )
