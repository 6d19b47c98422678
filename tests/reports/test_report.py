import csv
import io
import re
from typing import Any

import pytest

from tests.desk import Caller, Desk, Json
from tests.reports.lives import JUNE, a_june, answer

_FIELDS = ("met", "missed", "met_late", "open", "voided", "attainment")


def _told(group: Json) -> tuple[Any, ...]:
    return tuple(group[name] for name in _FIELDS)


async def _groups(caller: Caller, group_by: str, **params: Any) -> dict[str, tuple[Any, ...]]:
    made = await caller.get("/sla/report", **{**JUNE, "group_by": group_by, **params})
    return {group["group"]: _told(group) for group in made["groups"]}


async def test_promises_are_told_by_what_became_of_them(desk: Desk) -> None:
    reseller = await desk.reseller("professional")
    await a_june(desk, reseller)

    made = await reseller.get("/sla/report", **JUNE)

    assert [(one["group"], one["name"], *_told(one)) for one in made["groups"]] == [
        ("immediate", "Immediate", 2, 1, 1, 0, 1, 0.666667),
        ("priority", "Priority", 0, 1, 0, 1, 0, 0.0),
        ("low", "Low", 2, 0, 0, 0, 0, 1.0),
    ]
    assert _told(made["total"]) == (4, 2, 1, 1, 1, 0.666667)
    assert (made["from"], made["to"], made["as_of"]) == (JUNE["from"], JUNE["to"], "2026-06-30T23:50:00Z")
    assert made["credits"] == made["credit_totals"] == []


async def test_times_are_percentiles_of_counted_time(desk: Desk) -> None:
    reseller = await desk.reseller("professional")
    await a_june(desk, reseller)

    made = await reseller.get("/sla/report", **JUNE)

    immediate, _, low = ({one["metric"]: one for one in group["times"]} for group in made["groups"])
    assert immediate["first_response"] == {  # 20 min, 20 min, 2 h: between the last two lie 100 min
        "metric": "first_response",
        "count": 3,
        "p50": "PT20M",
        "p90": "PT1H40M",
        "p95": "PT1H50M",
        "p99": "PT1H58M",
    }
    assert immediate["resolution"] == {
        "metric": "resolution",
        "count": 0,
        "p50": None,
        "p90": None,
        "p95": None,
        "p99": None,
    }
    assert (low["first_response"]["p50"], low["resolution"]["p99"]) == ("PT2H", "PT24H")
    assert {one["metric"]: (one["count"], one["p50"]) for one in made["total"]["times"]} == {
        "first_response": (4, "PT1H10M"),  # 20, 20, 120, 120
        "resolution": (1, "PT24H"),
    }


async def test_counted_time_leaves_out_the_nights_of_lite(desk: Desk) -> None:
    reseller = await desk.reseller("lite", "2026-06-10T16:30:00Z")  # 17:30 in London, half an hour before it closes
    ticket = await reseller.open_ticket(priority="immediate")
    await desk.advance(reseller, "2026-06-11T07:15:00Z")
    await answer(desk, ticket)

    made = await reseller.get("/sla/report", **JUNE)

    assert made["total"]["times"][0]["p50"] == "PT45M"


@pytest.mark.parametrize(
    ("group_by", "expected"),
    [
        ("metric", {"first_response": (3, 2, 1, 1, 1, 0.6), "resolution": (1, 0, 0, 0, 0, 1.0)}),
        ("plan", {"professional": (4, 2, 1, 1, 1, 0.666667)}),
        ("level", {"2": (4, 2, 1, 1, 1, 0.666667)}),
        ("month", {"2026-06": (4, 2, 1, 1, 1, 0.666667)}),
    ],
)
async def test_promises_are_told_by_what_they_were(desk: Desk, group_by: str, expected: Json) -> None:
    reseller = await desk.reseller("professional")
    await a_june(desk, reseller)

    assert await _groups(reseller, group_by) == expected


async def test_a_month_is_that_of_the_zone_that_is_asked_for(desk: Desk) -> None:
    reseller = await desk.reseller("professional")
    await a_june(desk, reseller)

    found = await _groups(reseller, "month", time_zone="Europe/London")

    assert found == {"2026-06": (3, 2, 1, 1, 1, 0.6), "2026-07": (1, 0, 0, 0, 0, 1.0)}


async def test_a_promise_is_reported_under_what_held_when_it_was_last_open(desk: Desk) -> None:
    reseller = await desk.reseller("lite", "2026-06-10T11:00:00Z")
    kept, raised = [await reseller.open_ticket(priority="low") for _ in range(2)]
    await answer(desk, kept)
    await desk.staff.patch(f"/tickets/{raised['id']}", {"priority": "priority"})
    await desk.staff.post(f"/resellers/{reseller.id}/plan-changes", {"plan": "ultimate"})
    await answer(desk, raised)
    await desk.staff.patch(f"/tickets/{kept['id']}", {"priority": "immediate"})

    by_priority, by_plan = await _groups(reseller, "priority"), await _groups(reseller, "plan")

    assert {key: told[0] for key, told in by_priority.items()} == {"low": 1, "priority": 1}
    assert {key: told[0] for key, told in by_plan.items()} == {"lite": 1, "ultimate": 1}


@pytest.mark.parametrize(
    ("since", "until", "missed"),
    [
        ("2026-06-10T19:00:00Z", "2026-06-10T19:00:01Z", 1),
        ("2026-06-10T18:59:59Z", "2026-06-10T19:00:00Z", 0),
        ("2026-06-10T19:00:00.000001Z", "2026-06-11T19:00:00Z", 0),
    ],
)
async def test_a_span_takes_its_beginning_in_and_leaves_its_end_out(
    desk: Desk, since: str, until: str, missed: int
) -> None:
    reseller = await desk.reseller("professional")
    await reseller.open_ticket(priority="priority")  # due at 19:00
    await desk.advance(reseller, "2026-06-12T00:00:00Z")

    made = await reseller.get("/sla/report", **{"from": since, "to": until})

    assert made["total"]["missed"] == missed
    assert made["total"]["attainment"] == (0.0 if missed else None)


async def test_what_is_overdue_is_listed_longest_first(desk: Desk) -> None:
    reseller = await desk.reseller("professional")
    tickets = await a_june(desk, reseller)
    later = await reseller.open_ticket(priority="immediate")
    gone = await reseller.open_ticket(priority="immediate")
    await desk.advance(reseller, "2026-07-02T00:00:00Z")
    await reseller.patch(f"/tickets/{gone['id']}", {"status": "cancelled", "reason": "by mistake"})

    june = await reseller.get("/sla/report", **JUNE)
    july = await reseller.get("/sla/report", **{"from": "2026-07-01T00:00:00Z", "to": "2026-08-01T00:00:00Z"})

    waiting = tickets["waiting"]
    assert [(one["number"], one["due_at"]) for one in july["open_breaches"]] == [
        (waiting["number"], "2026-06-10T19:00:00Z"),
        (later["number"], "2026-07-01T00:50:00Z"),
    ]
    assert july["open_breaches_count"] == 2
    assert (july["open_breaches"][0]["metric"], july["open_breaches"][0]["ticket_id"]) == (
        "first_response",
        waiting["id"],
    )
    assert [one["number"] for one in june["open_breaches"]] == [waiting["number"]]


async def test_a_reseller_sees_its_own_and_staff_everybodys(desk: Desk) -> None:
    first = await desk.reseller("professional", name="beta")
    second = await desk.reseller("professional", name="Alpha", test_clock_id=first.clock)
    for caller, count in ((first, 1), (second, 2)):
        for _ in range(count):
            await answer(desk, await caller.open_ticket())
    live = await desk.reseller("professional", now=None, name="Gamma")

    everybody = await desk.staff.get("/sla/report", group_by="reseller", **JUNE)

    assert [(one["name"], one["group"], one["met"]) for one in everybody["groups"]] == [
        ("Alpha", second.id, 2),
        ("beta", first.id, 1),
    ]
    assert await _groups(first, "reseller") == {first.id: (1, 0, 0, 0, 0, 1.0)}
    assert await _groups(first, "reseller", reseller_id=first.id) == await _groups(first, "reseller")
    assert list(await _groups(desk.staff, "reseller", reseller_id=second.id)) == [second.id]
    assert await _groups(desk.staff, "reseller", reseller_id=live.id) == {}
    assert await _groups(desk.staff, "reseller", include_test_clocks=False) == {}
    query = "from=2026-06-01T00:00:00Z&to=2026-07-01T00:00:00Z"
    await first.refused("GET", f"/sla/report?{query}&reseller_id={second.id}", "not_found")
    nobody_there = "rsl_01jb9z32g0e008000000000zzz"
    await desk.staff.refused("GET", f"/sla/report?{query}&reseller_id={nobody_there}", "validation_failed")
    blind = desk.caller(await desk.key(first.id, ["addons:read"]))
    await blind.refused("GET", f"/sla/report?{query}", "missing_scope")


@pytest.mark.parametrize(
    "asked",
    [
        "",
        "from=2026-06-01T00:00:00Z",
        "from=2026-06-01T00:00:00Z&to=2026-06-01T00:00:00Z",
        "from=2026-06-02T00:00:00Z&to=2026-06-01T00:00:00Z",
        "from=2016-06-02T00:00:00Z&to=2026-06-01T00:00:00Z",
        "from=2026-06-01T00:00:00&to=2026-07-01T00:00:00Z",
        "from=2026-06-01T00:00:00Z&to=2026-07-01T00:00:00Z&group_by=mood",
        "from=2026-06-01T00:00:00Z&to=2026-07-01T00:00:00Z&time_zone=Mars/Olympus",
    ],
)
async def test_a_report_of_no_span_is_refused(desk: Desk, asked: str) -> None:
    await desk.staff.refused("GET", f"/sla/report?{asked}", "validation_failed")


async def test_a_report_is_a_sheet(desk: Desk) -> None:
    reseller = await desk.reseller("professional", name='=HYPERLINK("x"), Ltd')
    await a_june(desk, reseller)

    by_priority, by_reseller = [
        await reseller.send("GET", "/sla/report", params={**JUNE, "group_by": by}, headers={"Accept": "text/csv"})
        for by in ("priority", "reseller")
    ]

    assert by_priority.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    assert by_priority.headers["vary"] == "Accept"
    assert 'filename="sla-report-2026-06-01-2026-07-01-by-priority.csv"' in by_priority.headers["content-disposition"]
    assert by_priority.text.count("\r\n") == by_priority.text.count("\n") == 4
    immediate, priority, _ = csv.DictReader(io.StringIO(by_priority.text, newline=""))
    assert (immediate["priority"], immediate["met"], immediate["attainment"]) == ("immediate", "2", "0.666667")
    assert (immediate["first_response_p50_seconds"], immediate["first_response_p99_seconds"]) == ("1200", "7080")
    assert (immediate["resolution_count"], immediate["resolution_p50_seconds"]) == ("0", "")
    assert (priority["attainment"], priority["open"]) == ("0.000000", "1")
    [own] = csv.DictReader(io.StringIO(by_reseller.text, newline=""))
    assert (own["reseller"], own["name"]) == (reseller.id, '\'=HYPERLINK("x"), Ltd')


@pytest.mark.parametrize("group_by", ["priority", "plan", "level", "reseller", "metric", "month"])
async def test_a_report_is_a_page_that_loads_nothing(desk: Desk, group_by: str) -> None:
    reseller = await desk.reseller("professional", name="<script>Ltd & Co</script>")
    await a_june(desk, reseller)

    page = await reseller.send(
        "GET", "/sla/report", params={**JUNE, "group_by": group_by}, headers={"Accept": "text/html"}
    )

    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")
    assert "<script" not in page.text
    assert "&lt;script&gt;Ltd &amp; Co&lt;/script&gt;" in page.text
    assert not re.search(r"https?:|url\(|@import|<link|<img| src=| style=| href=", page.text)
    bars = re.findall(r'<rect [^>]*height="([\d.]+)" fill="[^"]+"><title>([^<]*): ([\d.]+) %</title>', page.text)
    assert bars
    assert all(float(height) == pytest.approx(204 * float(share) / 100, abs=0.2) for height, _, share in bars)


async def test_an_empty_report_is_a_report(desk: Desk) -> None:
    reseller = await desk.reseller()

    forms = [
        await reseller.send("GET", "/sla/report", params=JUNE, headers={"Accept": form})
        for form in ("application/json", "text/csv", "text/html")
    ]

    made = forms[0].json()
    assert made["groups"] == []
    assert _told(made["total"]) == (0, 0, 0, 0, 0, None)
    assert forms[1].text.count("\r\n") == 1
    assert "No promise was decided" in forms[2].text
    assert "No promise was met" in forms[2].text
    await reseller.refused("GET", "/sla/report", "not_acceptable", params=JUNE, headers={"Accept": "image/png"})


@pytest.mark.parametrize(
    "span", [("0001-01-01T00:00:00Z", "0002-01-01T00:00:00Z"), ("9999-01-01T00:00:00Z", "9999-12-31T00:00:00Z")]
)
async def test_a_report_keeps_clear_of_the_ends_of_the_calendar(desk: Desk, span: tuple[str, str]) -> None:
    answer = await desk.staff.send("GET", "/sla/report", params={"from": span[0], "to": span[1]})

    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")
