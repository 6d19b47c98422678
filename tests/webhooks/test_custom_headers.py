"""Header fields of an endpoint's own: sent with every delivery, never shown, and nothing that the request needs."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from app.infra.ids import decode
from app.infra.keyring import Keyring, SealBroken
from app.infra.outbound.addresses import parse_networks
from app.infra.outbound.send import Sender
from app.webhooks.custom_headers import changed, fault_of_name, fault_of_value, opened
from app.webhooks.serving import Server
from tests.desk import Caller, Desk, Json

RING = Keyring({"a": bytes(32)})
ID = decode("whe", "whe_01jb9z32g0e008000000000zzz")


async def _raw_delivery(desk: Desk, caller: Caller, endpoint: Json, server_port: int) -> list[str]:
    """Ping an endpoint on a port, and return the header lines as they came over the wire."""
    got: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        got.set_result((await reader.readuntil(b"\r\n\r\n")).decode("ascii"))
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        writer.close()

    await caller.post(f"/webhook-endpoints/{endpoint['id']}/ping")
    await desk.publish()
    async with await asyncio.start_server(serve, "127.0.0.1", server_port):
        async with Sender(parse_networks("127.0.0.0/8"), total_seconds=5) as sender:
            await desk.serve(Server(desk.database, sender, desk.keyring))
        return (await got).split("\r\n")[1:-2]


async def test_they_are_sent_beside_the_signature_their_values_as_they_were_written(
    desk: Desk, unused_tcp_port: int
) -> None:
    reseller = await desk.reseller()
    headers = {"Authorization": "Bearer one two", "x-TeNaNt": "Seven"}
    url = f"http://127.0.0.1:{unused_tcp_port}/"
    endpoint = await reseller.post("/webhook-endpoints", {"url": url, "headers": headers})

    lines = await _raw_delivery(desk, reseller, endpoint, unused_tcp_port)

    assert "authorization: Bearer one two" in lines  # names have no case, and go out in lower case
    assert "x-tenant: Seven" in lines
    assert {"webhook-id", "webhook-timestamp", "webhook-signature"} <= {line.partition(":")[0] for line in lines}
    assert "content-type: application/json" in lines


async def test_their_values_are_shown_to_nobody(desk: Desk) -> None:
    reseller = await desk.reseller()
    body = {"url": "http://127.0.0.1:9/", "headers": {"Authorization": "Bearer hush", "X-Two": "hush"}}
    made = await reseller.post("/webhook-endpoints", body)
    path = f"/webhook-endpoints/{made['id']}"
    changed = await reseller.patch(path, {"headers": {"X-Three": "hush"}})
    await reseller.post(f"{path}/ping")
    read = await reseller.get(path)
    listed = await reseller.get("/webhook-endpoints")
    events = await desk.events(reseller)

    assert made["headers"] == {"Authorization": "***", "X-Two": "***"}
    assert read["headers"] == changed["headers"] == made["headers"] | {"X-Three": "***"}
    assert "hush" not in str([made, changed, read, listed, events])


async def test_a_change_sets_those_it_names_and_null_removes(desk: Desk) -> None:
    reseller = await desk.reseller()
    made = await reseller.post(
        "/webhook-endpoints", {"url": "http://127.0.0.1:9/", "headers": {"X-A": "1", "X-B": "2"}}
    )
    path = f"/webhook-endpoints/{made['id']}"

    kept = []
    for headers in ({"X-C": "3"}, {"x-a": "4"}, {"X-B": None, "X-Unknown": None}, {}, None):
        await reseller.patch(path, {"headers": headers})
        async with desk.database.transaction() as session:
            row = await session.scalar(text("select headers from webhook_endpoints"))
        kept.append(opened(row, desk.keyring, decode("whe", made["id"])))
    await reseller.patch(path, {"description": "others stay"})

    assert kept == [
        {"X-A": "1", "X-B": "2", "X-C": "3"},
        {"x-a": "4", "X-B": "2", "X-C": "3"},
        {"x-a": "4", "X-C": "3"},
        {"x-a": "4", "X-C": "3"},
        {},
    ]


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({"Content-Length": "0"}, "the request's own"),
        ({"webhook-ID": "evt_1"}, "the request's own"),
        ({"X-A": "one\r\nHost: two"}, "visible ASCII"),
        ({"X-A": "***"}, "leave the name out"),
        ({"X-A": "1", "x-a": "2"}, "twice"),
        ({f"X-{number}": "1" for number in range(11)}, "10 items"),
        ({"X A": "1"}, "RFC 9110"),
        ({"": "1"}, "RFC 9110"),
    ],
)
async def test_what_may_not_be_sent_is_refused(desk: Desk, headers: Json, said: str) -> None:
    reseller = await desk.reseller()

    refusal = await reseller.refused(
        "POST", "/webhook-endpoints", "validation_failed", {"url": "http://127.0.0.1:9/", "headers": headers}
    )

    assert said in refusal["detail"]
    assert refusal["errors"][0]["pointer"].startswith("/headers")


async def test_there_are_never_more_than_ten(desk: Desk) -> None:
    reseller = await desk.reseller()
    ten = {f"X-{number}": "1" for number in range(10)}
    made = await reseller.post("/webhook-endpoints", {"url": "http://127.0.0.1:9/", "headers": ten})
    path = f"/webhook-endpoints/{made['id']}"

    refusal = await reseller.refused("PATCH", path, "validation_failed", {"headers": {"X-More": "1"}})

    assert refusal["errors"][0]["pointer"] == "/headers"
    assert len((await reseller.patch(path, {"headers": {"X-More": "1", "X-0": None}}))["headers"]) == 10


@pytest.mark.parametrize(
    "name",
    [
        *("Host", "content-type", "Content-Encoding", "CONNECTION", "Transfer-Encoding", "TE", "Trailer", "Upgrade"),
        *("Expect", "Cookie", "Set-Cookie", "Webhook-Signature", "Proxy-Authorization", "X-Forwarded-For", "Forwarded"),
        *("Metadata-Flavor", "X-aws-ec2-metadata-token", "Accept-Encoding", "Keep-Alive", "Via", "a:b", "a b", "é"),
    ],
)
def test_names_that_are_not_the_endpoints_to_choose(name: str) -> None:
    assert fault_of_name(name)


@given(st.text(max_size=80))
def test_a_value_that_is_taken_breaks_no_line(value: str) -> None:
    if fault_of_value(value) is None:
        assert value.isascii()
        assert value.isprintable()
        assert value == value.strip()


@pytest.mark.parametrize(("value", "good"), [("a", True), ("a b", True), ("x" * 1024, True), ("x" * 1025, False)])
@pytest.mark.parametrize("end", ["", " ", "\n", "\r", "\x00", "\t", "é"])
def test_a_value_is_visible_and_not_too_long(value: str, good: bool, end: str) -> None:
    assert (fault_of_value(value + end) is None) == (good and not end)


def test_a_value_opens_for_its_own_endpoint_and_name_alone() -> None:
    kept = changed({}, {"X-A": "1"}, RING, ID)

    assert opened(kept, RING, ID) == {"X-A": "1"}
    for wrong in ({"X-B": kept["X-A"]}, {"X-A": "no base64!"}, {"X-A": ""}):
        with pytest.raises(SealBroken):
            opened(wrong, RING, ID)
