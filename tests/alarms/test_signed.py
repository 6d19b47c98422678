"""Alarms under a signature: whoever holds the secret reports, once for each message."""

from datetime import timedelta

from sqlalchemy import text

from app.infra.now import wall_now
from app.webhooks.signature import new_secret
from tests.alarms.reporting import report, send_signed
from tests.desk import Desk, Json


async def test_a_signed_report_opens_a_ticket_of_its_sources_reseller(desk: Desk) -> None:
    reseller = await desk.reseller()
    source = await reseller.post("/alarm-sources", {"name": "Monitoring"})

    answer = await send_signed(desk, source, report())
    said = answer.json()

    assert answer.status_code == 200
    assert "RateLimit" in answer.headers
    assert (said["status"], said["count"]) == ("opened", 1)
    assert (await reseller.get(f"/tickets/{said['ticket_id']}"))["created_at"] == "2026-06-10T11:00:00Z"
    await send_signed(desk, source, report(severity="critical", action="resolve"), message_id="msg_2")
    (entry,) = (await reseller.get(f"/tickets/{said['ticket_id']}/history"))["data"]
    assert entry["actor"] == {"kind": "key", "id": source["id"], "name": "Monitoring"}


async def test_a_message_that_comes_again_is_answered_as_before_and_has_no_second_effect(desk: Desk) -> None:
    reseller = await desk.reseller()
    source = await reseller.post("/alarm-sources", {"name": "Monitoring"})
    first = await send_signed(desk, source, report())
    await send_signed(desk, source, report(), message_id="msg_2")

    again = await send_signed(desk, source, report(), at=wall_now() - timedelta(seconds=20))
    other = await send_signed(desk, source, report(summary="Another text"))

    assert (again.status_code, again.json()) == (200, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    assert other.json()["code"] == "idempotency_key_reused"
    assert (await reseller.get(f"/alarms/{first.json()['alarm_id']}"))["count"] == 2


async def test_two_sources_and_a_key_may_use_one_message_id(desk: Desk) -> None:
    reseller = await desk.reseller(scopes=["webhooks:write", "alarms:write"])
    sources = [await reseller.post("/alarm-sources", {"name": name}) for name in "ab"]

    said = [(await send_signed(desk, source, report())).json() for source in sources]
    said.append(await reseller.post("/alarms", report(), headers={"Idempotency-Key": "msg_1"}))

    assert [each["count"] for each in said] == [1, 2, 3]


async def test_what_the_source_has_not_signed_just_now_is_refused(desk: Desk) -> None:
    reseller = await desk.reseller()
    source = await reseller.post("/alarm-sources", {"name": "Monitoring"})
    wrongs: list[Json] = [
        {"headers": {"webhook-signature": b""}},
        {"headers": {"webhook-signature": "v1,\u00fc".encode()}},
        {"headers": {"webhook-id": b"msg_9"}},
        {"headers": {"webhook-id": b"msg.1"}},
        {"headers": {"webhook-timestamp": b"1e9"}},
        {"headers": {"webhook-timestamp": str(int(wall_now().timestamp()) + 100).encode()}},
        {"content": '{"a": 1}'},
        {"at": wall_now() - timedelta(seconds=302)},
        {"at": wall_now() + timedelta(seconds=330)},
    ]

    for wrong in wrongs:
        answer = await send_signed(desk, source, report(), **wrong)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated"), wrong
        assert "signature" in answer.json()["title"]
    assert (await reseller.get("/tickets"))["data"] == []
    assert (await send_signed(desk, source, report())).status_code == 200


async def test_a_signature_within_five_minutes_is_good(desk: Desk) -> None:
    source = await (await desk.reseller()).post("/alarm-sources", {"name": "Monitoring"})

    answer = await send_signed(desk, source, report(), at=wall_now() - timedelta(seconds=290))

    assert answer.status_code == 200


async def test_a_secret_signs_for_its_own_source_alone(desk: Desk) -> None:
    first, second = await desk.reseller(), await desk.reseller()
    mine = await first.post("/alarm-sources", {"name": "mine"})
    theirs = await second.post("/alarm-sources", {"name": "theirs"})

    for source in (
        mine | {"secret": theirs["secret"]},
        mine | {"secret": new_secret()},
        mine | {"id": "als_01jb9z32g0e008000000000zzz"},
    ):
        assert (await send_signed(desk, source, report())).status_code == 401
    named = await send_signed(desk, mine, report(reseller_id=second.id), message_id="msg_2")
    assert named.json()["code"] == "not_found"


async def test_a_source_that_was_removed_reports_no_more(desk: Desk) -> None:
    reseller = await desk.reseller()
    source = await reseller.post("/alarm-sources", {"name": "Monitoring"})
    listed = (await reseller.get("/alarm-sources"))["data"]

    removed = await reseller.send("DELETE", f"/alarm-sources/{source['id']}")

    assert listed == [{name: source[name] for name in ("id", "reseller_id", "name", "created_at")}]
    assert removed.status_code == 204
    assert (await reseller.get("/alarm-sources"))["data"] == []
    assert (await send_signed(desk, source, report())).status_code == 401


async def test_a_report_that_is_signed_and_wrong_is_told_what_is_wrong(desk: Desk) -> None:
    source = await (await desk.reseller()).post("/alarm-sources", {"name": "Monitoring"})

    for members, pointer in (({"severity": "fatal"}, "/severity"), ({"summary": "\x00"}, "/summary")):
        answer = await send_signed(desk, source, report(**members))
        assert answer.json()["errors"][0]["pointer"] == pointer


async def test_a_secret_is_shown_once_and_not_to_be_read_in_the_database(desk: Desk) -> None:
    reseller = await desk.reseller()
    source = await desk.staff.post("/alarm-sources", {"name": "Monitoring", "reseller_id": reseller.id})

    async with desk.database.transaction() as session:
        kept = bytes((await session.execute(text("select secret from alarm_sources"))).scalar_one())

    assert source["secret"].startswith("whsec_")
    assert source["secret"].encode() not in kept
    assert source["reseller_id"] == reseller.id
    await desk.staff.refused("POST", "/alarm-sources", "validation_failed", {"name": "whose"})
