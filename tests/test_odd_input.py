"""Input that nobody means to send is refused clearly, wherever it is put; nothing of it is a fault of ours."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from app.main import bare_app
from tests.desk import Desk, Json

DOCUMENT = bare_app().openapi()
TICKET = '{"subject": "a", "description": "b", "priority": "low", "custom_fields": %s}'


def _operations() -> Iterator[tuple[str, str, Json]]:
    for path, operations in DOCUMENT["paths"].items():
        for method, operation in operations.items():
            yield method.upper(), path.removeprefix("/v1"), operation


def _without_parameters(path: str, operation: Json) -> str:
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "path":
            example = parameter["schema"].get("examples", ["immediate"])[0]
            path = path.replace("{" + parameter["name"] + "}", example)
    return path


def _spoilt(value: Any, odd: str) -> Iterator[Any]:
    """Copies of a body, in each of which one text is odd."""
    if isinstance(value, str):
        yield odd + value
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        for spoilt in _spoilt(inner, odd):
            copy = value.copy()
            copy[key] = spoilt
            yield copy


@pytest.mark.parametrize("odd", ["\x00", "\ud800"])
async def test_no_body_holds_a_text_that_cannot_be_kept(desk: Desk, odd: str) -> None:
    taken = []
    for method, path, operation in _operations():
        sent = operation.get("requestBody", {"content": {}})["content"]
        if "application/json" not in sent:
            continue
        example = sent["application/json"]["example"]
        for body in _spoilt(example, odd):
            where, content = _without_parameters(path, operation), json.dumps(body)
            headers = {"Content-Type": "application/json"}
            answer = await desk.staff.send(method, where, content=content, headers=headers)
            unsigned = {"signature": []} in operation["security"]  # of which nothing is looked at
            if answer.status_code != (401 if unsigned else 422):
                taken.append((method, path, content, answer.status_code))

    assert not taken


async def test_no_parameter_holds_a_text_that_cannot_be_kept(desk: Desk) -> None:
    faults = []
    for method, path, operation in _operations():
        for parameter in operation.get("parameters", ()):
            if parameter["in"] == "query":
                where = f"{_without_parameters(path, operation)}?{parameter['name']}=%00"
            elif parameter["in"] == "path":
                where = path.replace("{" + parameter["name"] + "}", "%00")
            else:
                continue
            answer = await desk.staff.send(method, where, json={})
            if answer.status_code not in {404, 405, 422}:
                faults.append((method, where, answer.status_code))

    assert not faults


@pytest.mark.parametrize(
    "fields",
    [
        '{"x": NaN}',
        '{"x": 1e999}',
        '{"x": -Infinity}',
        '{"x": "\\ud800"}',
        '{"\\udfff": 1}',
        '{"a\\u0000": 1}',
        '{"x": "\\u0000"}',
        '{"x": {"y": 1}}',
        '{"x": ' + "9" * 5000 + "}",
    ],
)
async def test_a_custom_field_that_cannot_be_kept_is_refused(desk: Desk, fields: str) -> None:
    reseller = await desk.reseller()
    headers = {"Content-Type": "application/json"}

    refused = await reseller.send("POST", "/tickets", content=TICKET % fields, headers=headers)
    taken = await reseller.send("POST", "/tickets", content=TICKET % '{"x": 1e308, "y": null}', headers=headers)

    assert (refused.status_code, taken.status_code) == (422, 201), refused.text
    assert taken.json()["custom_fields"] == {"x": 1e308, "y": None}


@pytest.mark.parametrize(
    "time",
    [
        1_800_000_000,
        1.8e9,
        "1800000000",
        "2026-06-20",
        "2026-06-20T12:00:00",
        "2026-06-20 12:00:00Z",
        "2026-06-20T12:00Z",
        "20260620T120000Z",
        "PT8H",
        True,
    ],
)
async def test_only_a_time_written_out_with_its_offset_is_a_time(desk: Desk, time: object) -> None:
    reseller = await desk.reseller()
    change = {"plan": "ultimate", "effective_at": time}

    problem = await desk.staff.refused("POST", f"/resellers/{reseller.id}/plan-changes", "validation_failed", change)

    assert [error["pointer"] for error in problem["errors"]] == ["/effective_at"]
    assert "RFC 3339" in problem["detail"]
    await reseller.refused("GET", "/tickets", "validation_failed", params={"created_after": time})


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-06-20T12:00:00+01:00", "2026-06-20T11:00:00Z"),
        ("2026-06-20t12:00:00.5z", "2026-06-20T12:00:00.500000Z"),
        ("2026-06-20T12:00:00.123456789Z", "2026-06-20T12:00:00.123456Z"),
    ],
)
async def test_a_time_is_told_in_utc(desk: Desk, written: str, read: str) -> None:
    assert (await desk.staff.post("/test-clocks", {"now": written}))["now"] == read


@pytest.mark.parametrize(
    "far", ["0001-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "2200-01-01T00:00:01Z", "9999-12-30T00:00:00Z"]
)
async def test_a_test_clock_stays_where_deadlines_can_be_reckoned(desk: Desk, far: str) -> None:
    clock = await desk.test_clock("2199-12-31T00:00:00Z")

    made = await desk.staff.refused("POST", "/test-clocks", "validation_failed", {"now": far})
    moved = await desk.staff.refused("POST", f"/test-clocks/{clock}/advance", "validation_failed", {"to": far})

    for problem, pointer in ((made, "/now"), (moved, "/to")):
        assert [error["pointer"] for error in problem["errors"]] == [pointer]
        assert "1970-01-01T00:00:00Z and 2200-01-01T00:00:00Z" in problem["detail"]


@pytest.mark.parametrize("end", ["1970-01-01T00:00:00Z", "2200-01-01T00:00:00Z"])
async def test_a_desk_works_at_either_end_of_its_test_clocks(desk: Desk, end: str) -> None:
    reseller = await desk.reseller("lite", end)
    await reseller.open_ticket(priority="low")
    purchase = await reseller.post("/add-on-purchases", {"product": "icc_intelligent_hands"})

    ending = await reseller.post(f"/add-on-purchases/{purchase['id']}/cancel", {"at": "period_end"})

    assert ending["ends_at"] > ending["starts_at"]
