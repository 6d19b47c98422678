"""The header fields of each operation."""

from typing import Any

from fastapi.routing import APIRoute

from app.openapi.security import is_signed, methods_of, need_of

_TEXT = {"type": "string"}
_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    "description": "Stands for this request for 24 hours: sent again, it is answered with the first answer.",
}
_REQUEST_ID = {"schema": _TEXT, "description": "The id of the request: the caller's own, or one of ours."}
_LIMITS = {
    "RateLimit-Policy": {"schema": _TEXT, "description": "The limit of the key."},
    "RateLimit": {"schema": _TEXT, "description": "What is left of it, and when it is whole again."},
}
_REPLAYED = {"schema": _TEXT, "description": "`true` where this is the first request's answer, sent again."}
_ETAG = {"schema": _TEXT, "description": "The version of the object."}
# These tell the version of what they answer with, and take no condition.
_TAGGED = {
    "create_ticket", "get_ticket", "create_reseller", "create_staff", "create_endpoint", "create_purchase",
    "get_purchase", "cancel_purchase", "create_escalation", "get_escalation", "acknowledge_escalation",
    "create_contact", "merge_ticket",
}  # a list that is read by its lines # fmt: skip
_LINK = {"schema": _TEXT, "description": "The next page, as `rel=next` (RFC 8288)."}


def add_headers(operation: dict[str, Any], route: APIRoute) -> None:
    """Add an operation's header fields, in and out."""
    answer = operation["responses"][str(route.status_code or 200)]
    headers: dict[str, Any] = {"X-Request-Id": _REQUEST_ID}
    if need_of(route) is not None or is_signed(route):
        headers |= _LIMITS
    if "POST" in methods_of(route):
        if not is_signed(route):  # its `webhook-id` is what stands for it
            operation.setdefault("parameters", []).append(_IDEMPOTENCY_KEY)
        headers["Idempotency-Replayed"] = _REPLAYED
    conditions = {"if-match", "if-none-match"}
    if route.name in _TAGGED or any(one["name"].lower() in conditions for one in operation.get("parameters", [])):
        headers["ETag"] = _ETAG
    if (
        route.path_format.count("{") == 0
        and "GET" in methods_of(route)
        and "cursor" in str(operation.get("parameters"))
    ):
        headers["Link"] = _LINK
    if any(parameter["name"].lower() == "if-none-match" for parameter in operation.get("parameters", [])):
        operation["responses"]["304"] = {
            "description": "The caller has the present version.",
            "headers": {"ETag": _ETAG},
        }
    answer["headers"] = headers
