"""Calls of the ladder by mail, a rush of them gathered, and notices to owners of webhook endpoints."""

from sqlalchemy import inspect, text

from app.events.kinds import EventType
from app.events.record import record
from app.infra.ids import decode
from app.infra.now import wall_now
from app.mail.models import OutgoingMail
from app.mail.outbox.calls import Gatherer
from app.webhooks.models import WebhookEndpoint
from app.webhooks.schemas import EndpointRead, FailingData
from tests.desk import Caller, Desk, Json
from tests.mail.outbox.writing import contact, mails, send
from tests.mail_sink import MailSink

MANAGER = "maria@op.example"


async def _called(desk: Desk, count: int) -> Caller:
    """Somebody who was called to so many tickets at once, by hand."""
    await desk.staff.post("/staff", {"name": "Maria Lind", "email": MANAGER, "roles": ["account_manager"]})
    reseller = await desk.reseller("professional", now=None)
    for number in range(count):
        ticket = await reseller.open_ticket(subject=f"Trunk {number} is down")
        await reseller.post(f"/tickets/{ticket['id']}/escalations", {"reason": "carrier\r\nis silent"})
    await desk.publish()
    return reseller


async def test_a_call_says_what_the_called_person_has_to_know(desk: Desk) -> None:
    await _called(desk, 1)

    (mail,) = await mails(desk, kind="call")

    assert (mail["recipient"], mail["state"]) == (MANAGER, "queued")
    for said in ("Hello Maria Lind,", "You are called to TL-", "account manager", "carrier is silent", "Next deadline"):
        assert said in mail["text"]


async def test_calls_that_come_in_a_rush_are_gathered_into_one_mail(desk: Desk) -> None:
    await _called(desk, 8)
    states = [one["state"] for one in await mails(desk, kind="call")]
    assert states == ["queued"] * 5 + ["gathered"] * 3
    (job,) = await desk.picked("mail.digest")
    gatherer = Gatherer(desk.database, desk.settings)
    for _ in range(2):
        await gatherer.tell(job)
    async with MailSink() as sink:
        assert await send(desk, sink) == 6

    digest = sink.taken[-1]
    assert digest.mail["Subject"] == "You are called to 3 more tickets"
    for number in (5, 6, 7):
        assert f"Trunk {number} is down" in digest.body("plain")
        assert f"Trunk {number} is down" in digest.body("html")
    (told,) = await mails(desk, kind="call_digest")
    assert {one["digest_id"] for one in await mails(desk, state="gathered")} == {told["id"]}


async def test_a_digest_names_200_calls_and_counts_the_others(desk: Desk) -> None:
    await _called(desk, 6)
    same = [
        one.name for one in inspect(OutgoingMail).columns if one.name not in {"id", "number", "event_id", "message_key"}
    ]
    more = f"""
insert into outgoing_mails (id, message_key, {", ".join(same)})
select gen_random_uuid(), gen_random_uuid()::text, {", ".join(same)}
  from outgoing_mails, generate_series(1, 206) where state = 'gathered'
"""
    async with desk.database.transaction() as session:
        await session.execute(text(more))
    (job,) = await desk.picked("mail.digest")
    for _ in range(2):
        await Gatherer(desk.database, desk.settings).tell(job)

    (digest,) = await mails(desk, kind="call_digest")

    assert digest["subject"] == "You are called to 207 more tickets"
    assert digest["text"].count("Trunk 5 is down") == 200
    assert "- and 7 more\n" in digest["text"]
    async with desk.database.transaction() as session:
        query = text("select count(*) from outgoing_mails where digest_id = :id and next_attempt_at is null")
        assert await session.scalar(query, {"id": decode("oml", digest["id"])}) == 207


async def test_a_rush_in_a_sandbox_says_nothing_of_real_calls(desk: Desk) -> None:
    sandbox = await desk.reseller("professional")
    await desk.staff.post("/staff", {"name": "Maria Lind", "email": MANAGER, "roles": ["account_manager"]})
    for _ in range(7):
        ticket = await sandbox.open_ticket()
        await sandbox.post(f"/tickets/{ticket['id']}/escalations", {"reason": "so"})
    assert [one["state"] for one in await mails(desk)] == ["captured"] * 7
    real = await desk.reseller("professional", now=None)
    ticket = await real.open_ticket()
    await real.post(f"/tickets/{ticket['id']}/escalations", {"reason": "so"})

    assert len(await mails(desk, state="queued")) == 1


async def test_a_call_of_nobody_goes_to_the_desks_address_if_there_is_one(desk: Desk) -> None:
    reseller = await desk.reseller("professional", now=None)
    for address in (None, "night@op.example"):
        desk.settings = desk.settings.model_copy(update={"mail_desk_address": address})
        ticket = await reseller.open_ticket()
        await reseller.post(f"/tickets/{ticket['id']}/escalations", {"reason": "so"})
        await desk.publish()

    (mail,) = await mails(desk)

    assert (mail["recipient"], mail["staff_id"]) == ("night@op.example", None)


async def _turn(desk: Desk, owner: Caller, kind: EventType) -> Json:
    made: Json = await owner.post("/webhook-endpoints", {"url": "http://127.0.0.1:9/desk?token=secret"})
    async with desk.database.transaction() as session:
        query = text("select reseller_id from webhook_endpoints where id = :id")
        reseller_id = (await session.scalars(query, {"id": decode("whe", made["id"])})).one()
        endpoint = await session.get(WebhookEndpoint, (reseller_id, decode("whe", made["id"])))
        now = wall_now()
        data: dict[str, object] = {"endpoint": EndpointRead.model_validate(endpoint)}
        if kind is EventType.WEBHOOK_ENDPOINT_FAILING:
            data["health"] = FailingData(failures=12, failing_since=now, will_be_disabled_at=now)
        record(session, kind, now, data, reseller_id=reseller_id)
    return made


async def test_the_resellers_people_are_told_of_their_endpoints(desk: Desk) -> None:
    reseller = await desk.reseller("professional", now=None)
    other = await desk.reseller("professional", now=None)
    await contact(reseller)
    await contact(reseller, "Bob Other")
    await contact(other, "Eve Other")
    for kind in (
        EventType.WEBHOOK_ENDPOINT_FAILING,
        EventType.WEBHOOK_ENDPOINT_DISABLED,
        EventType.WEBHOOK_ENDPOINT_RECOVERED,
    ):
        await _turn(desk, reseller, kind)
        await desk.publish()

    notices = await mails(desk, kind="endpoint_notice")

    assert [one["recipient"].partition("@")[0] for one in notices] == ["ann", "bob"] * 3
    assert ["is failing" in notices[0]["subject"], "was disabled" in notices[2]["subject"]] == [True, True]
    assert "has recovered" in notices[4]["subject"]
    assert "Will be disabled at:" in notices[0]["text"]
    assert not any("secret" in one["text"] for one in notices)


async def test_admins_are_told_of_the_operators_endpoints(desk: Desk) -> None:
    await desk.staff.post("/staff", {"name": "Root", "email": "root@op.example", "roles": ["admin"]})
    await desk.staff.post("/staff", {"name": "Maria Lind", "email": MANAGER, "roles": ["agent"]})
    await _turn(desk, desk.staff, EventType.WEBHOOK_ENDPOINT_FAILING)

    assert [one["recipient"] for one in await mails(desk)] == ["root@op.example"]
