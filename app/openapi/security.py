"""Which operation takes which key."""

from typing import Any

from fastapi.routing import APIRoute

from app.alarms.signed_router import proven
from app.auth.permissions import Needs
from app.auth.principals import Scope

SCHEMES = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key. Its scopes say what it may do; `write` includes `read`, `staff` includes all.",
    },
    "signature": {
        "type": "apiKey",
        "in": "header",
        "name": "webhook-signature",
        "description": "A signature of the Standard Webhooks specification, by the secret of an alarm source.",
    },
}


def is_signed(route: APIRoute) -> bool:
    """Tell whether a route's caller proves itself by a signature."""
    return any(one.call is proven for one in route.dependant.dependencies)


def need_of(route: APIRoute) -> Needs | None:
    """Return what a route asks of its caller; None where it asks nothing."""
    return next((item.dependency for item in route.dependencies if isinstance(item.dependency, Needs)), None)


def methods_of(route: APIRoute) -> set[str]:
    """Return the methods of a route."""
    return route.methods or set()


def add_security(operation: dict[str, Any], route: APIRoute) -> None:
    """Say whether a key is needed, and which scope."""
    need = need_of(route)
    if is_signed(route):
        operation["security"] = [{"signature": []}]
        operation["description"] += " It takes no key, but a signature."
        return
    if need is None:
        operation["security"] = []  # a choice of none or a key is drawn by Swagger UI as a lock that is open already
        operation["description"] += " It takes no key."
        return
    operation["security"] = [{"bearer": []}]
    if need.scope is None:
        operation["description"] += " Any key will do."
        return
    operation["x-required-scope"] = str(need.scope)
    whose = "a key of the operator's" if need.scope is Scope.STAFF else f"a key with the scope `{need.scope}`"
    operation["description"] += f" It takes {whose}."
