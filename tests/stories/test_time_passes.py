"""Nights on which the clocks change, and a year in one jump or in a thousand small steps."""

from datetime import datetime, timedelta

import pytest

from tests.desk import Desk, Json

pytestmark = pytest.mark.timeout(300)


@pytest.mark.parametrize(
    ("opened", "lite", "technical", "upgraded_at", "upgraded"),
    [
        # Saturday 17:30 in London; the clocks go forward at 01:00 UTC, so Lite opens at 07:00 UTC.
        (
            "2026-03-28T17:30:00Z",
            "2026-03-29T07:30:00Z",
            "2026-03-28T18:30:00Z",
            "2026-03-29T00:30:00Z",
            "2026-03-29T01:00:00Z",
        ),
        # Saturday 17:30 in London is 16:30 UTC; they go back at 01:00 UTC, so Lite opens at 08:00 UTC.
        (
            "2026-10-24T16:30:00Z",
            "2026-10-25T08:30:00Z",
            "2026-10-24T17:30:00Z",
            "2026-10-25T00:30:00Z",
            "2026-10-25T01:00:00Z",
        ),
    ],
)
async def test_a_night_on_which_the_clocks_change(
    desk: Desk, opened: str, lite: str, technical: str, upgraded_at: str, upgraded: str
) -> None:
    small = await desk.reseller("lite", opened)
    large = await desk.reseller("professional", opened)
    ticket, other = await small.open_ticket(), await large.open_ticket()
    assert await small.due(ticket) == lite
    assert await large.due(other) == technical

    await desk.staff.post(f"/resellers/{small.id}/plan-changes", {"plan": "professional", "effective_at": upgraded_at})
    await desk.advance(small, upgraded_at)

    assert await small.due(ticket) == upgraded  # half an hour was counted before the desk closed
    await desk.advance(small, lite)
    told = await desk.events(small, "sla.breached", "sla.deadline_changed")
    assert [(one["type"], one["timestamp"]) for one in told] == [
        ("sla.deadline_changed", upgraded_at),
        ("sla.breached", upgraded),
    ]


async def test_a_year_in_one_jump_is_a_year_in_a_thousand_steps(desk: Desk) -> None:
    told = []
    start = datetime.fromisoformat("2026-03-01T12:00:00+00:00")
    for steps in (1, 1000):
        reseller = await desk.reseller("lite", start.isoformat())
        tickets = [await reseller.open_ticket(priority=priority) for priority in ("immediate", "priority", "low")]
        await desk.staff.patch(f"/tickets/{tickets[2]['id']}", {"status": "pending"})
        await desk.staff.patch(f"/tickets/{tickets[1]['id']}", {"status": "resolved"})
        body = {"product": "icc_intelligent_hands", "starts_at": "2026-10-25T00:30:00Z"}
        await reseller.post("/add-on-purchases", body)
        later = {"plan": "ultimate", "effective_at": "2026-03-02T01:00:00Z"}
        await desk.staff.post(f"/resellers/{reseller.id}/plan-changes", later)
        for number in range(1, steps + 1):
            await desk.advance(reseller, (start + timedelta(days=365) * number / steps).isoformat())
        told.append([_essence(event) for event in await desk.events(reseller)])

    assert told[0] == told[1]
    assert {"sla.breached", "plan.changed", "add_on.activated", "ticket.closed"} <= {event[0] for event in told[0]}


def _essence(event: Json) -> tuple[str, str, Json, Json | None]:
    """What two equal events share: all but ids."""
    clock = {name: value for name, value in event["data"].get("clock", {}).items() if name != "id"}
    return event["type"], event["timestamp"], clock, event["data"].get("ticket", {}).get("sla")
