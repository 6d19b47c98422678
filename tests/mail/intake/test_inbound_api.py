"""What staff see of mail in, and what they decide about it; and the mailboxes at which it is taken."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from app.infra.ids import decode, encode
from app.infra.now import wall_now
from app.mail.intake.accepting import accept, raw_of
from app.mail.intake.routing import RoutingDesk, route
from app.mail.intake.taking import Taker
from app.mail.parsing.process import ParserPool
from tests.desk import Desk, Json
from tests.mail.corpus import multipart, part, plain
from tests.mail.intake.mails import AUTHSERV
from tests.mail.intake.post import DESK, Scene, contact, scene
from tests.mail.intake.ways import ANN, change, jobs, mails

_STAMP = f"{AUTHSERV}; dmarc=pass header.from="
Bring = Callable[..., Awaitable[Json]]
HTML = '<p onclick="x()">The calls <b>drop</b>.</p><script>alert(1)</script><img src="https://spy.example/a.gif">'


@pytest.fixture
async def at(desk: Desk) -> Scene:
    return await scene(desk)


@pytest.fixture
async def taken(at: Scene) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """Do the jobs of mails that are enqueued, as a worker would."""
    desk = at.post.desk
    pool = ParserPool(1)
    taker = Taker(desk.database, pool, route, RoutingDesk(at.post.keys, AUTHSERV))

    async def take() -> None:
        for argument in await desk.picked("mail.take"):
            await taker.take(argument)

    yield take
    await pool.close()


@pytest.fixture
def bring(at: Scene, taken: Callable[[], Awaitable[None]]) -> Bring:
    """Let a mail come in and be taken, and read it as staff do."""
    count = 0

    async def brought(sender: str = ANN, *, proven: bool = True, content: bytes | None = None) -> Json:
        nonlocal count
        count += 1
        stamp = (("Authentication-Results", _STAMP + sender.rpartition("@")[2]),) if proven else ()
        raw = content or plain(sender=f"<{sender}>", message_id=f"<m{count}@x.example>", headers=stamp)
        box = at.post.boxes[DESK]
        mail_id = await accept(at.post.desk.database, box, "lmtp", sender, [DESK], raw_of(raw), wall_now())
        await taken()
        return await _read(at, encode("iml", mail_id))

    return brought


async def _read(at: Scene, mail_id: str) -> Json:
    read: Json = await at.post.desk.staff.get(f"/inbound-mail/{mail_id}")
    return read


async def test_staff_read_a_mail_and_its_bytes_and_its_html_in_a_sandbox(at: Scene, bring: Bring) -> None:
    content = multipart(
        part("The calls drop."), part(HTML, "text/html; charset=utf-8"),
        kind="alternative", headers=(("Authentication-Results", _STAMP + "voipco.example"),),
    )  # fmt: skip
    mail = await bring(content=content)
    staff, path = at.post.desk.staff, f"/inbound-mail/{mail['id']}"

    assert (mail["state"], mail["sender"], mail["verified"], mail["contact_id"]) == ("done", ANN, True, at.ann["id"])
    assert (mail["text"].strip(), mail["size"], mail["source"]) == ("The calls drop.", len(content), "lmtp")
    assert (mail["envelope_from"], mail["envelope_to"], mail["truncated"]) == (ANN, [DESK], False)
    assert mail["read"]["from"] == "Ann Lee <ann@voipco.example>"
    assert mail["read"]["authentication_results"] == _STAMP + "voipco.example"
    assert (await at.read(decode("tkt", mail["ticket_id"])))["channel"] == "email"

    raw = await staff.send("GET", f"{path}/raw")
    assert raw.content == content
    assert raw.headers["content-type"] == "message/rfc822"
    assert raw.headers["content-disposition"] == f'attachment; filename="{mail["id"]}.eml"'
    html = await staff.send("GET", f"{path}/html")
    assert "<b>drop</b>" in html.text
    assert not any(word in html.text for word in ("script", "onclick", " src="))
    for answer in (raw, html):
        assert answer.headers["content-security-policy"].startswith("sandbox; default-src 'none';")
        assert answer.headers["x-content-type-options"] == "nosniff"


async def test_what_is_not_there_is_not_found(at: Scene, bring: Bring) -> None:
    mail = await bring()
    staff, path = at.post.desk.staff, f"/inbound-mail/{mail['id']}"
    await staff.refused("GET", f"{path}/html", "not_found")
    await change(at.post.desk, (await mails(at.post.desk))[0], raw=None)
    await staff.refused("GET", f"{path}/raw", "not_found")
    for method, tail in (("GET", ""), ("GET", "/raw"), ("GET", "/html"), ("POST", "/retry"), ("POST", "/release")):
        path = f"/inbound-mail/iml_01jb9z32g0e008000000000zzz{tail}"
        await staff.refused(method, path, "not_found", {} if method == "POST" else None)


async def test_the_list_is_newest_first_and_takes_filters(at: Scene, bring: Bring) -> None:
    done, held, unknown = await bring(), await bring(proven=False), await bring("eve@elsewhere.example")
    box = encode("mbx", at.post.boxes[DESK].id)

    async def listed(**filters: Any) -> list[str]:
        page = await at.post.desk.staff.get("/inbound-mail", **filters)
        return [mail["id"] for mail in page["data"]]

    assert await listed() == [unknown["id"], held["id"], done["id"]]
    assert await listed(state="held") == [unknown["id"], held["id"]]
    assert await listed(reason="unverified") == [held["id"]]
    assert await listed(ticket_id=done["ticket_id"]) == [done["id"]]
    assert await listed(sender="Eve@Elsewhere.example") == [unknown["id"]]
    assert await listed(mailbox_id=box, limit=1) == [unknown["id"]]
    assert await listed(mailbox_id="mbx_01jb9z32g0e008000000000zzz") == []
    await at.post.desk.staff.refused("GET", "/inbound-mail?state=lost", "validation_failed")


async def test_the_pages_of_the_list_follow_each_other(at: Scene, bring: Bring) -> None:
    ids = [(await bring())["id"] for _ in range(3)]
    first = await at.post.desk.staff.get("/inbound-mail", limit=2)
    second = await at.post.desk.staff.get("/inbound-mail", limit=2, cursor=first["next_cursor"])
    assert [mail["id"] for mail in first["data"] + second["data"]] == list(reversed(ids))
    assert second["next_cursor"] is None


async def test_a_mail_is_tried_again_once_its_sender_is_known(at: Scene, bring: Bring, taken: Any) -> None:
    mail = await bring("joe@newco.example")
    assert (mail["state"], mail["reason"]) == ("held", "unknown_sender")
    await contact(at.post.desk, at.reseller, "joe@newco.example")

    again = await at.post.desk.staff.post(f"/inbound-mail/{mail['id']}/retry")
    assert (again["state"], again["reason"], again["finished_at"]) == ("received", None, None)
    await at.post.desk.staff.refused("POST", f"/inbound-mail/{mail['id']}/retry", "conflict")
    await taken()

    assert (await _read(at, mail["id"]))["state"] == "done"
    assert await at.post.tickets() == 1


async def test_a_mail_is_released_as_a_contacts(at: Scene, bring: Bring, taken: Any) -> None:
    mail = await bring("ann@home.example", proven=False)
    path = f"/inbound-mail/{mail['id']}/release"

    released = (await at.post.desk.staff.post(path, {"contact_id": at.ann["id"]}))["released"]
    await taken()

    assert released["contact_id"] == at.ann["id"]
    assert {"by", "key_id", "at"} <= released.keys()
    after = await _read(at, mail["id"])
    assert (after["state"], after["contact_id"]) == ("done", at.ann["id"])
    await at.post.desk.staff.refused("POST", path, "conflict", {})
    await at.post.desk.staff.refused("POST", f"/inbound-mail/{mail['id']}/retry", "conflict")
    await at.post.desk.staff.refused("POST", f"/inbound-mail/{mail['id']}/reject", "conflict", {})


async def test_a_mail_is_released_for_a_reseller(at: Scene, bring: Bring, taken: Any) -> None:
    mail = await bring("eve@elsewhere.example", proven=False)
    await at.post.desk.staff.post(f"/inbound-mail/{mail['id']}/release", {"reseller_id": at.reseller.id})
    await taken()
    after = await _read(at, mail["id"])
    assert (after["state"], after["routed_reseller_id"], after["contact_id"]) == ("done", at.reseller.id, None)


async def test_a_mail_is_released_as_what_it_says_it_is(at: Scene, bring: Bring, taken: Any) -> None:
    mail = await bring(proven=False)
    assert (mail["state"], mail["reason"]) == ("held", "unverified")
    await at.post.desk.staff.post(f"/inbound-mail/{mail['id']}/release")
    await taken()
    after = await _read(at, mail["id"])
    assert (after["state"], after["contact_id"]) == ("done", at.ann["id"])


async def test_a_release_as_somebody_who_is_not_there_is_refused(at: Scene, bring: Bring) -> None:
    mail = await bring(proven=False)
    for body in ({"contact_id": "ctc_01jb9z32g0e008000000000zzz"}, {"reseller_id": "rsl_01jb9z32g0e008000000000zzz"}):
        problem = await at.post.desk.staff.refused(
            "POST", f"/inbound-mail/{mail['id']}/release", "validation_failed", body
        )
        assert problem["errors"][0]["pointer"] == f"/{next(iter(body))}"
    assert (await _read(at, mail["id"]))["state"] == "held"


async def test_a_mail_that_was_rejected_is_no_released_one_when_it_is_tried_again(
    at: Scene, bring: Bring, taken: Any
) -> None:
    mail = await bring(proven=False)
    path = f"/inbound-mail/{mail['id']}"
    staff = at.post.desk.staff

    rejected = await staff.post(f"{path}/reject", {"reason": "an advertisement"})
    assert (rejected["state"], rejected["reason"], rejected["detail"]) == ("rejected", "by_staff", "an advertisement")
    assert await jobs(at.post.desk) == []
    await staff.refused("POST", f"{path}/release", "conflict", {})
    assert (await staff.post(f"{path}/retry"))["released"] is None
    await taken()

    after = await _read(at, mail["id"])
    assert (after["state"], after["reason"]) == ("held", "unverified")
    assert await at.post.tickets() == 0


async def test_a_mail_of_which_only_the_beginning_is_kept_can_only_be_rejected(at: Scene, bring: Bring) -> None:
    mail = await bring(content=plain() + b"x" * (26 * 1024 * 1024))
    assert (mail["state"], mail["reason"], mail["truncated"], mail["read"]) == ("held", "too_large", True, None)
    path = f"/inbound-mail/{mail['id']}"
    for tail in ("retry", "release"):
        problem = await at.post.desk.staff.refused("POST", f"{path}/{tail}", "conflict", {})
        assert "too large" in problem["detail"]
    assert (await _read(at, mail["id"]))["released"] is None, "nothing of what was refused stays"
    assert (await at.post.desk.staff.post(f"{path}/reject"))["state"] == "rejected"


async def test_mail_is_for_staff_alone(at: Scene, bring: Bring) -> None:
    path = f"/inbound-mail/{(await bring())['id']}"
    box = f"/mailboxes/{encode('mbx', at.post.boxes[DESK].id)}"
    calls = [("GET", "/inbound-mail"), *(("GET", path + tail) for tail in ("", "/raw", "/html"))]
    calls += [("POST", f"{path}/{tail}") for tail in ("retry", "release", "reject")]
    calls += [("GET", "/mailboxes"), ("POST", "/mailboxes"), ("PATCH", box)]
    for method, where in calls:
        body = None if method == "GET" else {"address": "a@b.example"} if where == "/mailboxes" else {}
        assert (await at.reseller.send(method, where, json=body)).status_code == 403, (method, where)
        assert (await at.post.desk.caller(None).send(method, where, json=body)).status_code == 401, (method, where)


async def test_a_mailbox_is_made_once_whatever_the_letters_and_changed_with_its_version(desk: Desk) -> None:
    reseller = await desk.reseller()
    body = {"address": "Help@Voipco.example", "name": "Help", "priority": "priority", "reseller_id": reseller.id}
    answer = await desk.staff.send("POST", "/mailboxes", json=body)
    made, version = answer.json(), answer.headers["etag"]
    assert (made["address"], made["reseller_id"], made["priority"]) == ("help@voipco.example", reseller.id, "priority")
    problem = await desk.staff.refused("POST", "/mailboxes", "conflict", {"address": "HELP@voipco.example"})
    assert "help@voipco.example" in problem["detail"]

    path = f"/mailboxes/{made['id']}"
    changed = await desk.staff.send(
        "PATCH", path, json={"name": None, "priority": "low"}, headers={"If-Match": version}
    )
    assert (changed.json()["name"], changed.json()["priority"]) == (None, "low")
    assert changed.headers["etag"] != version
    stale = await desk.staff.send("PATCH", path, json={"name": "x"}, headers={"If-Match": version})
    assert stale.status_code == 412
    assert (await desk.staff.get("/mailboxes"))["data"] == [changed.json()]
    await desk.staff.refused("PATCH", "/mailboxes/mbx_01jb9z32g0e008000000000zzz", "not_found", {"name": "x"})
    await desk.staff.refused("PATCH", path, "validation_failed", {"priority": None})
    unknown = {"address": "a@b.example", "reseller_id": "rsl_01jb9z32g0e008000000000zzz"}
    await desk.staff.refused("POST", "/mailboxes", "validation_failed", unknown)


async def test_a_mailbox_of_nobody_in_particular_is_the_operators(desk: Desk) -> None:
    made = await desk.staff.post("/mailboxes", {"address": "support@operator.example"})
    assert (made["priority"], made["name"]) == ("low", None)
    assert made["reseller_id"] not in [each["id"] for each in (await desk.staff.get("/resellers"))["data"]]
