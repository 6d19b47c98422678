"""Completing the application's document."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from app.api import VERSIONED
from app.openapi.errors import PROBLEM_SCHEMA, add_errors, problem_examples
from app.openapi.events import event_schemas, webhooks
from app.openapi.examples import add_examples
from app.openapi.headers import add_headers
from app.openapi.security import SCHEMES, add_security, methods_of

Json = dict[str, Any]

_ABOUT = """The support desk of a softswitch operator, as a service: tickets, service plans, Intelligent Hands
add-ons, SLA clocks that are right to the second, escalations that reach a person, webhooks that arrive.

Times are RFC 3339 in UTC; durations are ISO 8601. Every refusal is a problem (RFC 9457) whose `type` is the path of a
page that explains it. Lists are paged by `limit` and `cursor`. A `POST` that creates takes an `Idempotency-Key`.
On a test clock, time passes when you say so."""

_TAGS = {
    "Catalogue": "What can be promised: open to every key, and without one.",
    "Resellers": "Who rents a softswitch, on which plan, with which keys.",
    "Contacts": "The people of a reseller, and, with Branded, its own customers.",
    "Entitlements": "What a reseller is owed at an instant, and the add-ons that raise it.",
    "Tickets": "What is wrong, where it stands, and what was said.",
    "End customers": "What a reseller's own customers see, under its brand, for a portal to show as it is.",
    "SLA status": "Which promise falls due when.",
    "Escalations": "Calls to people: by the ladder of a clock, or by hand.",
    "Alarms": "What softswitches and monitoring report: an alarm opens a ticket, is counted on it, and resolves it.",
    "Mail": "What the desk writes to people, and what they write to it.",
    "Reports": "What became of the promises: attainment, times, credits.",
    "Events": "Everything that happened, in an order that never changes.",
    "Webhook endpoints": "Where the same events are brought to, signed by the Standard Webhooks specification.",
    "Policies": "Versions of the promises and of the hours that they count in: published, never changed.",
    "Maintenance windows": "Declared spans in which clocks stand still.",
    "Test clocks": "Time for sandboxes.",
    "Recalculations": "What a change of terms does to live deadlines, in the background.",
    "Staff": "The operator's people.",
}


def describe(app: FastAPI) -> None:
    """Let the application describe itself whole."""

    def document() -> Json:
        if app.openapi_schema is None:
            app.openapi_schema = build(app)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]  # FastAPI's documented way to replace it


def build(app: FastAPI) -> Json:
    """Return the document."""
    made = get_openapi(
        title=app.title,
        version="1",
        summary="Tickets, promises and escalations of a telecom support desk",
        description=_ABOUT,
        routes=app.routes,
        tags=[{"name": name, "description": said} for name, said in _TAGS.items()],
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        servers=[{"url": "/"}],
    )
    schemas = made["components"]["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas["Problem"] = PROBLEM_SCHEMA
    made["components"]["securitySchemes"] = SCHEMES
    made["components"]["examples"] = problem_examples()
    for route in (route for router in VERSIONED for route in router.routes if isinstance(route, APIRoute)):
        for method in methods_of(route):
            operation = made["paths"]["/v1" + route.path_format][method.lower()]
            for complete in (_words, add_security, add_errors, add_headers):
                complete(operation, route)
    add_examples(made)
    schemas |= event_schemas()
    made["webhooks"] = webhooks()
    return dict(sorted(made.items(), key=lambda item: _ORDER.index(item[0])))


_ORDER = ("openapi", "info", "servers", "tags", "paths", "webhooks", "components")


def _words(operation: Json, route: APIRoute) -> None:
    """The docstring's first sentence is the summary, in plain text; all of it the description, in Markdown."""
    said = " ".join((route.endpoint.__doc__ or "").split())
    operation["summary"] = said.partition(". ")[0].partition(":")[0].rstrip(".").replace("`", "")
    operation["description"] = said.replace("``", "`")
