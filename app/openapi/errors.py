"""The refusals of each operation, derived from its route."""

from typing import Any

from fastapi.routing import APIRoute

from app.infra.problems import (
    ChannelNotEntitled,
    Conflict,
    EntitlementRequired,
    IdempotencyInProgress,
    IdempotencyKeyReused,
    InternalError,
    InvalidTransition,
    MinutesExhausted,
    MissingScope,
    NotAcceptable,
    NotFound,
    PayloadTooLarge,
    PreconditionFailed,
    Problem,
    RateLimited,
    SignatureNeeded,
    TooManyStreams,
    Unauthenticated,
    Unavailable,
    UnsafeWebhookUrl,
    ValidationFailed,
    catalogue,
)
from app.openapi.security import is_signed, methods_of, need_of

PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "title": "Problem",
    "description": "Problem details (RFC 9457). Further members depend on the code: see the page at `type`.",
    "required": ["type", "title", "status", "detail", "instance", "request_id", "code"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference", "examples": ["/problems/not_found"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "request_id": {"type": "string"},
        "code": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "detail"],
                "properties": {"pointer": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}

# What only the operation itself can know: which rule of the desk it may meet.
_OWN: dict[str, tuple[type[Problem], ...]] = {
    "get_sla": (NotAcceptable,),
    "preview_ticket_sla": (NotFound,),
    "get_sla_report": (NotAcceptable, NotFound),
    "create_ticket": (NotFound, EntitlementRequired, ChannelNotEntitled, MinutesExhausted),
    "patch_ticket": (InvalidTransition, MinutesExhausted),
    "create_work_log": (EntitlementRequired,),
    "create_attachments": (InvalidTransition,),
    "merge_ticket": (InvalidTransition,),
    "create_watcher": (EntitlementRequired,),
    "create_message": (EntitlementRequired, InvalidTransition),
    "list_customer_tickets": (EntitlementRequired,),
    "get_customer_view": (EntitlementRequired,),
    "create_escalation": (EntitlementRequired, InvalidTransition, Conflict),
    "acknowledge_escalation": (InvalidTransition,),
    "create_contact": (NotFound, EntitlementRequired, Conflict),
    "patch_contact": (Conflict,),
    "create_reseller": (Conflict,),
    "change_reseller": (Conflict,),
    "create_purchase": (NotFound, Conflict),
    "cancel_purchase": (InvalidTransition,),
    "create_plan_change": (Conflict,),
    "list_events": (NotFound,),
    "stream_events": (NotFound, TooManyStreams),
    "create_alarm": (NotFound,),
    "create_alarm_source": (NotFound,),
    "receive_alarm": (Conflict,),
    "create_staff": (Conflict,),
    "change_staff": (Conflict,),
    "delete_test_clock": (Conflict,),
    "create_endpoint": (NotFound, UnsafeWebhookUrl),
    "change_endpoint": (UnsafeWebhookUrl,),
    "get_endpoint_secret": (Conflict,),
    "rotate_endpoint_secret": (Conflict,),
}


def refusals_of(route: APIRoute) -> list[type[Problem]]:
    """Return the problems that an operation may answer with."""
    found: list[type[Problem]] = [ValidationFailed, InternalError, Unavailable]
    need = need_of(route)
    if need is not None or is_signed(route):
        found += [SignatureNeeded if is_signed(route) else Unauthenticated, RateLimited]
    if need is not None and need.scope is not None:
        found.append(MissingScope)
    if "{" in route.path_format:
        found.append(NotFound)
    if methods_of(route) & {"POST", "PATCH"}:
        found.append(PayloadTooLarge)
    if "POST" in methods_of(route):
        found += [IdempotencyKeyReused, IdempotencyInProgress]
    if "PATCH" in methods_of(route):
        found.append(PreconditionFailed)
    return [*found, *_OWN.get(route.name, ())]


def add_errors(operation: dict[str, Any], route: APIRoute) -> None:
    """Add an operation's refusals, several of one status under one answer."""
    by_status: dict[int, list[type[Problem]]] = {}
    for problem in refusals_of(route):
        by_status.setdefault(problem.status, []).append(problem)
    for status, problems in sorted(by_status.items()):
        operation["responses"][str(status)] = {
            "description": "; ".join(f"`{problem.code}`: {problem.title}" for problem in problems),
            "content": {
                "application/problem+json": {
                    "schema": {"$ref": "#/components/schemas/Problem"},
                    "examples": {
                        problem.code: {"$ref": f"#/components/examples/{problem.code}"} for problem in problems
                    },
                }
            },
        }


def problem_examples() -> dict[str, Any]:
    """Return an example of every problem, by its code."""
    return {code: {"summary": problem.title, "value": _example(problem)} for code, problem in catalogue().items()}


def _example(problem: type[Problem]) -> dict[str, Any]:
    return {
        "type": f"/problems/{problem.code}",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.help.replace("`", ""),
        "instance": "/v1/tickets",
        "request_id": "0192d3f18a4c7b3e9c551f2e3d4c5b6a",
        "code": problem.code,
    }
