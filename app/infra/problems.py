"""Every refusal on the wire: RFC 9457 problem details, each with a code that callers branch on.

    Problem
      Unauthenticated           401    MissingScope           403
      EntitlementRequired       403    ChannelNotEntitled     403
      NotFound                  404    MethodNotAllowed       405    NotAcceptable          406
      Conflict                  409    InvalidTransition      409    IdempotencyInProgress  409
      MinutesExhausted          409
      PreconditionFailed        412    PayloadTooLarge        413
      ValidationFailed          422    IdempotencyKeyReused   422    UnsafeWebhookUrl       422
      RateLimited               429
      InternalError             500    Unavailable            503

``type`` is the path of a page that explains the problem (``GET /problems/<code>``).
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar


class Problem(Exception):  # noqa: N818 - the standard's word for it is problem
    """A refusal. ``detail`` is written for the caller; ``extra`` holds members to branch on."""

    status: ClassVar[int]
    code: ClassVar[str]
    title: ClassVar[str]
    help: ClassVar[str]

    def __init__(self, detail: str, *, headers: Mapping[str, str] | None = None, **extra: object) -> None:
        super().__init__(detail)
        self.detail = detail
        self.headers = dict(headers or {})
        self.extra = extra


class Unauthenticated(Problem):
    """No key, or one that is not valid."""

    status, code, title = 401, "unauthenticated", "A valid API key is needed"
    help = (
        "Send the key as `Authorization: Bearer <key>`. A key that has expired or was revoked is refused too. Where"
        " alarms are reported under a signature, it takes one by the source's secret."
    )

    def __init__(self, detail: str) -> None:
        super().__init__(detail, headers={"WWW-Authenticate": "Bearer"})


class SignatureNeeded(Unauthenticated):
    """No signature, or one that does not fit: to callers who branch, the same as no key."""

    title = "A valid signature is needed"


class MissingScope(Problem):
    """The key is valid and may not do this."""

    status, code, title = 403, "missing_scope", "The key lacks a scope"
    help = "`scope` names what is missing. Ask for a key that has it; a key's scopes never change."


class EntitlementRequired(Problem):
    """The support level does not include it."""

    status, code, title = 403, "entitlement_required", "The support level does not include this"
    help = "`level` is what the reseller holds, `level_required` what it takes, `products` the add-ons that give it."


class ChannelNotEntitled(Problem):
    """The channel is not part of what the reseller holds, or not open to this key."""

    status, code, title = 403, "channel_not_entitled", "The channel is not included"
    help = "`channels` lists the channels that are open. Telephone needs the Branded variant with telephone."


class NotFound(Problem):
    """No such object, or one of somebody else's."""

    status, code, title = 404, "not_found", "Not found"
    help = "There is no such object, or this key may not know of it."


class MethodNotAllowed(Problem):
    """The path exists, the method does not."""

    status, code, title = 405, "method_not_allowed", "The method is not allowed here"
    help = "The `Allow` header lists the methods of this path."


class NotAcceptable(Problem):
    """There is no representation that the caller takes."""

    status, code, title = 406, "not_acceptable", "Not available in that form"
    help = "`available` lists the media types that there are. Name one in `Accept`, or leave the header out."


class Conflict(Problem):
    """The request is at odds with what is there."""

    status, code, title = 409, "conflict", "At odds with what is there"
    help = "Read the object again: `detail` says what stands in the way."


class InvalidTransition(Problem):
    """The object is not in a state from which this can be done."""

    status, code, title = 409, "invalid_transition", "Not possible in this state"
    help = "`current` is the state the object is in, `allowed` what it can become from there."


class MinutesExhausted(Problem):
    """The paid month has no minutes left for tasks."""

    status, code, title = 409, "minutes_exhausted", "The month's minutes are used up"
    help = (
        "A task that is not `immediate` waits for minutes: `used_minutes` of `included_minutes`, and `overrun_minutes`"
        " beyond them, are used. The next month begins at `next_month_starts_at`; `products` are the add-ons that give"
        " more. Nothing else is held up."
    )


class IdempotencyInProgress(Problem):
    """The first request with this key has not been answered yet."""

    status, code, title = 409, "idempotency_in_progress", "The first request is still under way"
    help = "Send the same request again after `Retry-After` seconds: it is answered with the first one's answer."


class PreconditionFailed(Problem):
    """The object has changed since it was read."""

    status, code, title = 412, "precondition_failed", "Changed since it was read"
    help = "`If-Match` names another version than the present one. Read the object again and repeat the change."


class PayloadTooLarge(Problem):
    """The body is larger than a request may be."""

    status, code, title = 413, "payload_too_large", "The body is too large"
    help = "A request's body may hold 1 MiB; attachments, 10 MiB each and 25 MiB in one request."


class ValidationFailed(Problem):
    """The request is not of the form that the operation takes."""

    status, code, title = 422, "validation_failed", "The request is not valid"
    help = "`errors` lists each fault: `pointer` says where it is, `detail` what is wrong with it."

    def __init__(self, detail: str, errors: Sequence[Mapping[str, str]] = ()) -> None:
        super().__init__(detail, errors=[dict(error) for error in errors])

    @classmethod
    def at(cls, pointer: str, detail: str) -> "ValidationFailed":
        """Return the problem of one faulty member."""
        return cls(f"{pointer.lstrip('/')}: {detail}", [{"pointer": pointer, "detail": detail}])


class IdempotencyKeyReused(Problem):
    """The key was used for another request."""

    status, code, title = 422, "idempotency_key_reused", "The idempotency key was used for another request"
    help = "A key stands for one request of one API key, body included, for 24 hours. Take a new key for a new request."


class UnsafeWebhookUrl(Problem):
    """The URL leads where webhooks may not go."""

    status, code, title = 422, "unsafe_webhook_url", "The URL is not one that webhooks may call"
    help = "Webhooks go to public https addresses, on port 443 or 8443; the operator may open further networks."


class RateLimited(Problem):
    """The key's requests come too fast."""

    status, code, title = 429, "rate_limited", "Too many requests"
    help = "Wait for `Retry-After` seconds. `RateLimit-Policy` states the limit."


class TooManyStreams(Problem):
    """The key has as many streams open as it may."""

    status, code, title = 429, "too_many_streams", "Too many open streams"
    help = "Close a stream that is not needed: one is enough for all of a reseller's events."


class InternalError(Problem):
    """A fault of ours."""

    status, code, title = 500, "internal_error", "A fault on our side"
    help = "The fault is recorded under `request_id`. Nothing of the request has taken effect."


class Unavailable(Problem):
    """The desk cannot answer just now."""

    status, code, title = 503, "unavailable", "Not available just now"
    help = "Try again after `Retry-After` seconds. Nothing of the request has taken effect."


def catalogue() -> dict[str, type[Problem]]:
    """Return every problem by its code, in the order of their status."""
    return {kind.code: kind for kind in sorted(Problem.__subclasses__(), key=lambda kind: (kind.status, kind.code))}
