"""Reports that nobody means to send, or that mean harm, are refused with the place of the fault."""

import json
from typing import Any

from tests.alarms.reporting import machine, report
from tests.desk import Desk, Json

_JSON = {"Content-Type": "application/json"}


def _deep(levels: int) -> Any:
    return {"a": _deep(levels - 1)} if levels > 1 else {"a": 1}


_FAULTS: list[tuple[Json, str]] = [
    ({"dedup_key": ""}, "/dedup_key"),
    ({"dedup_key": "k" * 256}, "/dedup_key"),
    ({"dedup_key": "a\x00b"}, "/dedup_key"),
    ({"source": "\ud800"}, "/source"),
    ({"source": ""}, "/source"),
    ({"summary": "s" * 1025}, "/summary"),
    ({"summary": None}, "/summary"),
    ({"severity": None}, "/severity"),
    ({"severity": "fatal"}, "/severity"),
    ({"action": "page"}, "/action"),
    ({"details": [1]}, "/details"),
    ({"details": _deep(9)}, "/details"),
    ({"details": {"a": "x" * 16_384}}, "/details"),
    ({"details": {"a": "ü" * 8_192}}, "/details"),
    ({"details": {"a": [1] * 9_000}}, "/details"),
    ({"details": {"a": [{"b": "\x00"}]}}, "/details"),
    ({"details": {"a\x00": 1}}, "/details"),
    ({"details": {"a": {"\udfff": 1}}}, "/details"),
    ({"details": {"a": float("nan")}}, "/details"),
    ({"details": {"a": [float("inf")]}}, "/details"),
    ({"occurred_at": 1781089200}, "/occurred_at"),
    ({"occurred_at": "2026-06-10"}, "/occurred_at"),
    ({"occurred_at": "0001-01-01T00:00:00Z"}, "/occurred_at"),
    ({"occurred_at": "9999-12-31T23:59:59.999999Z"}, "/occurred_at"),
    ({"more": 1}, "/more"),
]


async def test_a_fault_is_named_by_its_place(desk: Desk) -> None:
    reseller = await desk.reseller()
    sender = await machine(desk, reseller)

    for members, pointer in _FAULTS:
        answer = await sender.send("POST", "/alarms", content=json.dumps(report(**members)), headers=_JSON)
        assert answer.status_code == 422, members
        assert pointer in [fault["pointer"] for fault in answer.json()["errors"]], members
    assert (await reseller.get("/alarms"))["data"] == []


async def test_json_that_breaks_readers_is_refused(desk: Desk) -> None:
    sender = await machine(desk, await desk.reseller())

    for nested in ("[" * 100_000 + "]" * 100_000, "[" * 500 + "]" * 500, "9" * 5_000, "1e999"):
        content = json.dumps(report(details={"a": "here"})).replace('"here"', nested)
        answer = await sender.send("POST", "/alarms", content=content, headers=_JSON)
        assert answer.status_code == 422, nested[:10]


_ODD: list[Json] = [
    {"details": _deep(8)},
    {"details": {"a": "x" * 16_376}},
    {"details": {"n": 10**400, "tiny": 5e-324, "": None, "~/": [[], {}]}},
    {"summary": "s" * 1_024},
    {"summary": " \n\t "},
    {"summary": "\u202eright to left, \U0001f4a5, a\u0301, \ufffe, line\u2028break"},
    {"dedup_key": "\U0001f4a5" * 255, "source": "\U0001f4a5" * 255},
    {"dedup_key": "'; drop table alarms; --", "source": "%s{}%00"},
    {"occurred_at": "1970-01-01T00:00:00Z"},
    {"occurred_at": "2126-12-31T23:59:59.999999Z"},
]


async def test_what_is_odd_and_can_be_kept_is_kept_as_it_came(desk: Desk) -> None:
    reseller = await desk.reseller()
    sender = await machine(desk, reseller)

    for number, members in enumerate(_ODD):
        told = report(**{"dedup_key": f"key-{number}"} | members)
        opened = await sender.post("/alarms", told)
        again = await sender.post("/alarms", told)
        alarm = await reseller.get(f"/alarms/{opened['alarm_id']}")
        assert (again["status"], again["count"]) == ("repeated", 2)
        assert {name: alarm[name] for name in members} == members
        assert len((await reseller.get(f"/tickets/{opened['ticket_id']}"))["subject"]) <= 200


async def test_keys_are_compared_to_the_letter(desk: Desk) -> None:
    sender = await machine(desk, await desk.reseller())

    keys = ["e\u0301", "\u00e9", "E\u0301", "e\u0301 "]
    said = [await sender.post("/alarms", report(dedup_key=key)) for key in keys]

    assert [each["status"] for each in said] == ["opened"] * 4
