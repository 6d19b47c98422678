"""Secrets of endpoints: sealed where they are kept, rotated without a gap, symmetric and asymmetric side by side."""

import base64
import json
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import text
from standardwebhooks import Webhook, WebhookVerificationError
from structlog.testing import capture_logs

from app.infra.db import driver_url
from app.infra.ids import decode
from app.infra.logs import configure
from app.infra.now import wall_now
from app.infra.outbound.addresses import parse_networks
from app.infra.outbound.send import Sender
from app.webhooks import signature
from app.webhooks.delivering import Deliverer
from app.webhooks.published import published
from app.webhooks.secrets import signing_keys
from tests.desk import Caller, Desk, Json
from tests.receiver import Receiver, Request


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver() as opened:
        yield opened


async def _endpoint(caller: Caller, url: str, **more: Any) -> Json:
    made: Json = await caller.post("/webhook-endpoints", {"url": url} | more)
    return made


async def _rotate(caller: Caller, endpoint: Json, **body: Any) -> Json:
    rotated: Json = await caller.post(f"/webhook-endpoints/{endpoint['id']}/rotate-secret", body)
    return rotated


async def _delivered(desk: Desk, caller: Caller, endpoint: Json, receiver: Receiver) -> Request:
    """Ping an endpoint, and return what its receiver got."""
    delivery = await caller.post(f"/webhook-endpoints/{endpoint['id']}/ping")
    async with Sender(parse_networks("127.0.0.0/8"), total_seconds=5) as sender:
        await Deliverer(desk.database, sender, desk.keyring).deliver(f"{decode('dlv', delivery['id'])}:1")
    return receiver.requests[-1]


def _verifies(secret: str, got: Request) -> bool:
    try:
        Webhook(secret).verify(got.body, got.headers)
    except WebhookVerificationError:
        return False
    return True


def _verifies_by_key(jwk: Json, got: Request) -> bool:
    """Check a v1a signature with a published key and nothing of ours."""
    key = Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(jwk["x"] + "="))
    content = f"{got.headers['webhook-id']}.{got.headers['webhook-timestamp']}.".encode() + got.body
    for entry in got.headers["webhook-signature"].split(" "):
        scheme, _, written = entry.partition(",")
        if scheme == "v1a":
            try:
                key.verify(base64.b64decode(written), content)
            except InvalidSignature:
                continue
            return True
    return False


def _schemes(got: Request) -> list[str]:
    return [entry.partition(",")[0] for entry in got.headers["webhook-signature"].split(" ")]


async def test_three_secrets_in_turn_all_verify_one_delivery(desk: Desk, receiver: Receiver) -> None:
    reseller = await desk.reseller()
    endpoint = await _endpoint(reseller, receiver.url)
    secrets = [endpoint["secret"], *[(await _rotate(reseller, endpoint))["secret"] for _ in range(2)]]

    got = await _delivered(desk, reseller, endpoint, receiver)

    assert len(set(secrets)) == 3
    assert all(_verifies(secret, got) for secret in secrets)
    assert not _verifies(signature.new_secret(), got)
    assert _schemes(got) == ["v1", "v1", "v1"]
    content = (got.headers["webhook-id"], int(got.headers["webhook-timestamp"]), got.body)
    newest_first = signature.sign(secrets[::-1], *content)
    assert got.headers["webhook-signature"] == newest_first


async def test_a_fourth_secret_waits_for_the_oldest_to_end(desk: Desk, receiver: Receiver) -> None:
    reseller = await desk.reseller()
    endpoint = await _endpoint(reseller, receiver.url)
    path = f"/webhook-endpoints/{endpoint['id']}/rotate-secret"
    await _rotate(reseller, endpoint, grace="P7D")
    two = await _rotate(reseller, endpoint, grace="PT1H")

    refusal = await reseller.refused("POST", path, "conflict", {})

    ends = sorted(one["expires_at"] for one in two["live"] if one["expires_at"])
    assert refusal["expires_at"] == ends[0]
    assert ends[0] in refusal["detail"]
    assert [one["expires_at"] for one in two["live"]] == [None, ends[0], ends[1]]
    async with desk.database.transaction() as session:  # an hour passes
        await session.execute(text(_AN_HOUR_LATER))
    assert len((await _rotate(reseller, endpoint))["live"]) == 3


_AN_HOUR_LATER = "update webhook_secrets set expires_at = expires_at - interval '61 min'"


async def test_a_compromised_secret_ends_at_once_and_so_do_all_before_it(desk: Desk, receiver: Receiver) -> None:
    reseller = await desk.reseller()
    endpoint = await _endpoint(reseller, receiver.url)
    old = [endpoint["secret"], *[(await _rotate(reseller, endpoint))["secret"] for _ in range(2)]]

    new = await _rotate(reseller, endpoint, grace="PT0S")

    got = await _delivered(desk, reseller, endpoint, receiver)
    assert _verifies(new["secret"], got)
    assert not any(_verifies(secret, got) for secret in old)
    assert len(new["live"]) == 1
    async with desk.database.transaction() as session:
        assert await session.scalar(text("select count(*) from webhook_secrets")) == 1


async def test_a_secret_signs_until_its_grace_is_over(desk: Desk, receiver: Receiver) -> None:
    reseller = await desk.reseller()
    endpoint = await _endpoint(reseller, receiver.url)
    new = await _rotate(reseller, endpoint, grace="PT1H")
    endpoint_id, wall = decode("whe", endpoint["id"]), wall_now()

    async with desk.database.transaction() as session:
        within = await signing_keys(session, desk.keyring, [endpoint_id], wall + timedelta(minutes=59))
        after = await signing_keys(session, desk.keyring, [endpoint_id], wall + timedelta(minutes=61))

    assert within == {endpoint_id: [new["secret"], endpoint["secret"]]}
    assert after == {endpoint_id: [new["secret"]]}


@pytest.mark.parametrize("grace", ["P7DT1S", "P8D", "-PT1H", "1 day", 3600, "PT", None])
async def test_a_grace_is_a_duration_of_seven_days_at_most(desk: Desk, grace: object) -> None:
    reseller = await desk.reseller()
    endpoint = await _endpoint(reseller, "http://127.0.0.1:9/")
    path = f"/webhook-endpoints/{endpoint['id']}/rotate-secret"

    refusal = await reseller.refused("POST", path, "validation_failed", {"grace": grace})

    assert refusal["errors"][0]["pointer"] == "/grace"
    assert len((await _rotate(reseller, endpoint, grace="P7D"))["live"]) == 2


async def test_a_rotation_that_is_sent_twice_under_one_key_is_one(desk: Desk) -> None:
    reseller = await desk.reseller()
    endpoint = await _endpoint(reseller, "http://127.0.0.1:9/")
    path = f"/webhook-endpoints/{endpoint['id']}/rotate-secret"

    first, second = [await reseller.post(path, {}, headers={"Idempotency-Key": "rotate-1"}) for _ in range(2)]

    assert first == second
    assert len(first["live"]) == 2


async def test_symmetric_and_asymmetric_signatures_go_out_together(desk: Desk, receiver: Receiver) -> None:
    reseller = await desk.reseller()
    endpoint = await _endpoint(reseller, receiver.url, signature="both")
    keys = (await desk.caller(None).get(f"/webhook-endpoints/{endpoint['id']}/keys"))["keys"]

    got = await _delivered(desk, reseller, endpoint, receiver)

    assert sorted(_schemes(got)) == ["v1", "v1a"]
    assert _verifies(endpoint["secret"], got)
    assert _verifies_by_key(keys[0], got)
    assert signature.verify([endpoint["public_key"]], got.headers, got.body, now=int(got.headers["webhook-timestamp"]))
    assert keys[0]["whpk"] == endpoint["public_key"]


async def test_a_scheme_is_changed_by_way_of_both(desk: Desk, receiver: Receiver) -> None:
    reseller = await desk.reseller()
    endpoint = await _endpoint(reseller, receiver.url)
    path = f"/webhook-endpoints/{endpoint['id']}"
    sent = []
    for chosen in ("v1", "both", "v1a", "both", "v1"):
        await reseller.patch(path, {"signature": chosen})
        sent.append(await _delivered(desk, reseller, endpoint, receiver))
    keys = (await desk.caller(None).get(f"{path}/keys"))["keys"]

    assert [sorted(_schemes(got)) for got in sent] == [["v1"], ["v1", "v1a"], ["v1a"], ["v1", "v1a"], ["v1"]]
    assert [_verifies(endpoint["secret"], got) for got in sent] == [True, True, False, True, True]
    assert [_verifies_by_key(keys[0], got) for got in sent] == [False, True, True, True, False]


async def test_a_new_private_key_is_published_before_the_old_one_ends(desk: Desk, receiver: Receiver) -> None:
    reseller, anybody = await desk.reseller(), desk.caller(None)
    endpoint = await _endpoint(reseller, receiver.url, signature="v1a")
    path = f"/webhook-endpoints/{endpoint['id']}/keys"
    before = (await anybody.get(path))["keys"]

    rotated = await _rotate(reseller, endpoint, grace="PT1H")
    during = (await anybody.get(path))["keys"]
    got = await _delivered(desk, reseller, endpoint, receiver)
    await _rotate(reseller, endpoint, grace="PT0S")
    after = (await anybody.get(path))["keys"]

    assert endpoint["secret"] is None
    assert rotated["secret"] is None
    assert during[0]["whpk"] == rotated["public_key"]
    assert [key["kid"] for key in during[1:]] == [key["kid"] for key in before]
    assert [_verifies_by_key(key, got) for key in during] == [True, True]
    assert during[0]["expires_at"] is None
    assert during[1]["expires_at"] is not None
    assert len(after) == 1
    assert after[0]["kid"] not in {key["kid"] for key in during}


async def test_published_keys_are_read_by_anybody_and_kept_no_longer_than_they_are_good(desk: Desk) -> None:
    reseller, anybody = await desk.reseller(), desk.caller(None)
    endpoint = await _endpoint(reseller, "http://127.0.0.1:9/", signature="v1a")
    path = f"/webhook-endpoints/{endpoint['id']}/keys"

    first = await anybody.send("GET", path)
    again = await anybody.send("GET", path, headers={"If-None-Match": first.headers["etag"]})
    await _rotate(reseller, endpoint, grace="PT1M")
    other = await anybody.send("GET", path, headers={"If-None-Match": first.headers["etag"]})
    stranger = await (await desk.reseller()).get(path)

    assert first.headers["cache-control"] == "public, max-age=300"
    assert again.status_code == 304
    assert other.status_code == 200
    assert 0 < int(other.headers["cache-control"].rpartition("=")[2]) <= 60
    assert stranger == other.json()
    (jwk,) = first.json()["keys"]
    assert (jwk["kty"], jwk["crv"], jwk["alg"], jwk["use"]) == ("OKP", "Ed25519", "EdDSA", "sig")
    assert "d" not in jwk
    assert "whsk_" not in other.text
    plain = await _endpoint(reseller, "http://127.0.0.1:9/")
    assert (await anybody.get(f"/webhook-endpoints/{plain['id']}/keys"))["keys"] == []
    unknown = "whe_" + "0" * 26
    await anybody.refused("GET", f"/webhook-endpoints/{unknown}/keys", "not_found")


def test_a_thumbprint_is_that_of_the_standard() -> None:
    raw = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="  # RFC 8037, appendices A.2 and A.3

    (key,) = published([("whpk_" + raw, None)]).keys

    assert key.x == "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    assert key.kid == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


async def test_nothing_in_the_database_holds_a_secret(desk: Desk) -> None:
    reseller = await desk.reseller()
    endpoint = await _endpoint(
        reseller, "http://127.0.0.1:9/", signature="both", headers={"Authorization": "Bearer hush-hush"}
    )
    await _rotate(reseller, endpoint)
    endpoint_id = decode("whe", endpoint["id"])
    async with desk.database.transaction() as session:
        keys = (await signing_keys(session, desk.keyring, [endpoint_id], wall_now()))[endpoint_id]
    connection = await asyncpg.connect(driver_url(desk.database.url))
    tables = [row[0] for row in await connection.fetch(_TABLES)]
    held = "".join([row[0] for table in tables for row in await connection.fetch(f"select t::text from {table} t")])
    await connection.close()

    assert len(keys) == 4
    for key in [*keys, "Bearer hush-hush"]:
        written = key.removeprefix("whsec_").removeprefix("whsk_")
        raw = base64.b64decode(written) if written != key else key.encode()
        for form in (written, raw[:32].hex(), written.encode().hex(), base64.b64encode(written.encode()).decode()):
            assert form not in held
    assert endpoint["public_key"] in held, "the search sees nothing"


_TABLES = """
select format('%I.%I', n.nspname, c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace
 where c.relkind in ('r', 'p') and n.nspname in ('public', 'queue')
"""


async def test_a_secret_that_was_put_into_another_row_opens_no_more(desk: Desk) -> None:
    reseller = await desk.reseller()
    mine, other, third = [await _endpoint(reseller, "http://127.0.0.1:9/") for _ in range(3)]
    ids = [decode("whe", one["id"]) for one in (mine, other, third)]
    async with desk.database.transaction() as session:
        swap = "update webhook_secrets set sealed = (select sealed from webhook_secrets where endpoint_id = :a)"
        await session.execute(text(f"{swap} where endpoint_id = :b"), {"a": ids[0], "b": ids[1]})
    with capture_logs() as logs:
        async with desk.database.transaction() as session:
            keys = await signing_keys(session, desk.keyring, ids, wall_now())

    assert keys == {ids[0]: [mine["secret"]], ids[2]: [third["secret"]]}, "the others do not suffer"
    assert [log["endpoint_id"] for log in logs] == [other["id"]]


@pytest.fixture
def logging() -> Iterator[None]:
    """Logs as a desk has them that was told nothing about them."""
    configure("INFO")
    yield
    configure("ERROR")


@pytest.mark.usefixtures("logging")
async def test_who_reads_and_who_rotates_a_secret_is_recorded(desk: Desk) -> None:
    reseller = await desk.reseller()
    endpoint = await _endpoint(reseller, "http://127.0.0.1:9/")
    with capture_logs() as logs:
        read = await reseller.get(f"/webhook-endpoints/{endpoint['id']}/secret")
        await _rotate(reseller, endpoint, grace="PT0S")
        await desk.staff.get(f"/webhook-endpoints/{endpoint['id']}/secret")

    assert [log["event"] for log in logs] == ["webhook secret read", "webhook secret rotated", "webhook secret read"]
    assert {log["endpoint_id"] for log in logs} == {endpoint["id"]}
    assert logs[0]["api_key_id"] == logs[1]["api_key_id"] != logs[2]["api_key_id"]
    assert logs[0]["reseller_id"] == reseller.id != logs[2]["reseller_id"]
    assert read["secret"] not in json.dumps(logs)


async def test_the_secrets_of_an_endpoint_go_with_it(desk: Desk) -> None:
    reseller = await desk.reseller()
    endpoint = await _endpoint(reseller, "http://127.0.0.1:9/", signature="both")

    await reseller.send("DELETE", f"/webhook-endpoints/{endpoint['id']}")

    async with desk.database.transaction() as session:
        assert await session.scalar(text("select count(*) from webhook_secrets")) == 0
    await desk.caller(None).refused("GET", f"/webhook-endpoints/{endpoint['id']}/keys", "not_found")


async def test_secrets_whose_grace_is_over_are_forgotten(desk: Desk) -> None:
    reseller = await desk.reseller()
    endpoint = await _endpoint(reseller, "http://127.0.0.1:9/")
    await _rotate(reseller, endpoint, grace="PT1H")

    await desk.worker.keep_house(wall_now() + timedelta(minutes=59))
    async with desk.database.transaction() as session:
        within = await session.scalar(text("select count(*) from webhook_secrets"))
    await desk.worker.keep_house(wall_now() + timedelta(minutes=61))
    async with desk.database.transaction() as session:
        after = await session.scalar(text("select count(*) from webhook_secrets"))

    assert (within, after) == (2, 1)
