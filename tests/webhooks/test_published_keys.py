"""Ed25519 signatures: beside the symmetric ones, and checked with keys that anybody may read."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from app.webhooks import signature
from app.webhooks.published import published
from tests.desk import Desk
from tests.receiver import Receiver
from tests.webhooks.sending import delivered, make_endpoint, rotate, schemes_in, verifies, verifies_by_key


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver() as opened:
        yield opened


async def test_symmetric_and_asymmetric_signatures_go_out_together(desk: Desk, receiver: Receiver) -> None:
    reseller = await desk.reseller()
    endpoint = await make_endpoint(reseller, receiver.url, signature="both")
    keys = (await desk.caller(None).get(f"/webhook-endpoints/{endpoint['id']}/keys"))["keys"]

    got = await delivered(desk, reseller, endpoint, receiver)

    assert sorted(schemes_in(got)) == ["v1", "v1a"]
    assert verifies(endpoint["secret"], got)
    assert verifies_by_key(keys[0], got)
    assert signature.verify([endpoint["public_key"]], got.headers, got.body, now=int(got.headers["webhook-timestamp"]))
    assert keys[0]["whpk"] == endpoint["public_key"]


async def test_a_scheme_is_changed_by_way_of_both(desk: Desk, receiver: Receiver) -> None:
    reseller = await desk.reseller()
    endpoint = await make_endpoint(reseller, receiver.url)
    path = f"/webhook-endpoints/{endpoint['id']}"
    sent = []
    for chosen in ("v1", "both", "v1a", "both", "v1"):
        await reseller.patch(path, {"signature": chosen})
        sent.append(await delivered(desk, reseller, endpoint, receiver))
    keys = (await desk.caller(None).get(f"{path}/keys"))["keys"]

    assert [sorted(schemes_in(got)) for got in sent] == [["v1"], ["v1", "v1a"], ["v1a"], ["v1", "v1a"], ["v1"]]
    assert [verifies(endpoint["secret"], got) for got in sent] == [True, True, False, True, True]
    assert [verifies_by_key(keys[0], got) for got in sent] == [False, True, True, True, False]


async def test_a_new_private_key_is_published_before_the_old_one_ends(desk: Desk, receiver: Receiver) -> None:
    reseller, anybody = await desk.reseller(), desk.caller(None)
    endpoint = await make_endpoint(reseller, receiver.url, signature="v1a")
    path = f"/webhook-endpoints/{endpoint['id']}/keys"
    before = (await anybody.get(path))["keys"]

    rotated = await rotate(reseller, endpoint, grace="PT1H")
    during = (await anybody.get(path))["keys"]
    got = await delivered(desk, reseller, endpoint, receiver)
    await rotate(reseller, endpoint, grace="PT0S")
    after = (await anybody.get(path))["keys"]

    assert endpoint["secret"] is None
    assert rotated["secret"] is None
    assert during[0]["whpk"] == rotated["public_key"]
    assert [key["kid"] for key in during[1:]] == [key["kid"] for key in before]
    assert [verifies_by_key(key, got) for key in during] == [True, True]
    assert during[0]["expires_at"] is None
    assert during[1]["expires_at"] is not None
    assert len(after) == 1
    assert after[0]["kid"] not in {key["kid"] for key in during}


async def test_published_keys_are_read_by_anybody_and_kept_no_longer_than_they_are_good(desk: Desk) -> None:
    reseller, anybody = await desk.reseller(), desk.caller(None)
    endpoint = await make_endpoint(reseller, "http://127.0.0.1:9/", signature="v1a")
    path = f"/webhook-endpoints/{endpoint['id']}/keys"

    first = await anybody.send("GET", path)
    again = await anybody.send("GET", path, headers={"If-None-Match": first.headers["etag"]})
    await rotate(reseller, endpoint, grace="PT1M")
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
    plain = await make_endpoint(reseller, "http://127.0.0.1:9/")
    assert (await anybody.get(f"/webhook-endpoints/{plain['id']}/keys"))["keys"] == []
    unknown = "whe_" + "0" * 26
    await anybody.refused("GET", f"/webhook-endpoints/{unknown}/keys", "not_found")


async def test_a_key_whose_grace_is_over_is_published_no_more(desk: Desk) -> None:
    reseller = await desk.reseller()
    endpoint = await make_endpoint(reseller, "http://127.0.0.1:9/", signature="v1a")
    rotated = await rotate(reseller, endpoint, grace="PT1H")
    async with desk.database.transaction() as session:
        await session.execute(text("update webhook_secrets set expires_at = expires_at - interval '61 min'"))

    keys = (await desk.caller(None).get(f"/webhook-endpoints/{endpoint['id']}/keys"))["keys"]

    assert [key["whpk"] for key in keys] == [rotated["public_key"]]


def test_a_thumbprint_is_that_of_the_standard() -> None:
    raw = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="  # RFC 8037, appendices A.2 and A.3

    (key,) = published([("whpk_" + raw, None)]).keys

    assert key.x == "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    assert key.kid == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
