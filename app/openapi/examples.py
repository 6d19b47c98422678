"""Examples of requests and answers, made from the schemas and the examples that their fields carry."""

from typing import Any

Json = dict[str, Any]

_BY_NAME: Json = {
    "subject": "Trunk 7 is down",
    "description": "All calls over trunk 7 fail with 503 since 16:20 UTC.",
    "body": "The carrier confirms a fault; we are rerouting.",
    "name": "Example Reseller",
    "number": "TL-1042",
    "email": "desk@example.com",
    "phone": "+44 20 7946 0000",
    "plan": "professional",
    "product": "icc_intelligent_hands",
    "time_zone": "Europe/London",
    "currency": "GBP",
    "hours": "24/7",
    "reason": "The customer's whole platform is unreachable.",
    "url": "https://hooks.example.com/desk",
    "secret": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
    "public_key": "whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
    "hint": "x7Qk",
    "code": "professional",
    "priority": "immediate",
    "requested_priority": "immediate",
    "target": "PT1H",
    "span": "PT1H",
    "role": "account_manager",
    "step": "breach",
    "event_type": "sla.breached",
    "answer": "ok",
}
NOW = "2026-06-10T16:30:00Z"  # of every instant that says nothing else
_NAMED = {
    "since": "2026-06-10T12:00:00Z",
    "failing_since": "2026-06-09T16:30:00Z",
    "will_be_disabled_at": "2026-06-14T16:30:00Z",
    "ends_at": "2026-07-10T16:30:00Z",
    "month_ends_at": "2026-07-10T16:30:00Z",
    "expires_at": "2027-06-10T16:30:00Z",
    "to": "2026-06-11T08:00:00Z",
}
_DEPTH = 8
_SHOWN = ("application/json", "multipart/form-data")


def add_examples(document: Json) -> None:
    """Give every request's and every answer's body an example."""
    schemas = document["components"]["schemas"]
    for path in document["paths"].values():
        for operation in path.values():
            bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
            for body in bodies:
                for kind in _SHOWN:
                    content = body.get("content", {}).get(kind)
                    if content is not None and "schema" in content:
                        content["example"] = example_of(content["schema"], schemas)


def example_of(schema: Json, schemas: Json, name: str = "", depth: int = 0) -> Any:
    """Return a value of a schema."""
    if "$ref" in schema:
        return example_of(schemas[schema["$ref"].rpartition("/")[2]], schemas, name, depth)
    for key in ("examples", "enum"):
        if schema.get(key):
            first = schema[key][0]
            return _NAMED.get(name, first) if first == NOW else first
    if "const" in schema:
        return schema["const"]
    if "default" in schema:
        return schema["default"]
    if "anyOf" in schema:
        return example_of(schema["anyOf"][0], schemas, name, depth)
    return _of_type(schema, schemas, name, depth)


_PLAIN: Json = {"integer": 1, "number": 0.75, "boolean": True}


def _of_type(schema: Json, schemas: Json, name: str, depth: int) -> Any:
    kind = schema.get("type")
    if kind == "object":
        members = schema.get("properties", {}).items() if depth < _DEPTH else ()
        return {member: example_of(inner, schemas, member, depth + 1) for member, inner in members}
    if kind == "array":
        return [example_of(schema["items"], schemas, name, depth + 1)] if depth < _DEPTH else []
    return _BY_NAME.get(name, name or "text") if kind == "string" else _PLAIN.get(str(kind))
